/** Rows deleted by one statement: well within D1's 30 s, and little enough that writers in between hardly wait. */
const PORTION_ROWS = 2_000;

/** What is finished, and what nobody needs to look at any more. Unfinished events and open letters stay, whatever their age. */
const EXPIRE_EVENTS = `DELETE FROM events WHERE id IN (
  SELECT id FROM events WHERE id < ?1 AND status IN ('delivered', 'superseded', 'ignored', 'cancelled') ORDER BY id LIMIT ?2)`;
const EXPIRE_LETTERS = `DELETE FROM dead_letters WHERE id IN (
  SELECT id FROM dead_letters WHERE status IN ('resolved', 'skipped') AND id < ?1 ORDER BY id LIMIT ?2)`;

/**
 * Deletes rows of the index that are older than an event id, in portions, until none is left or `deadlineMs` has passed.
 * Answers how many went. Deleting is billed like writing: a row each.
 */
export async function expireIndex(db: D1Database, beforeId: string, deadlineMs: number): Promise<number> {
  let deleted = 0;
  for (const statement of [EXPIRE_EVENTS, EXPIRE_LETTERS]) {
    for (let portion = PORTION_ROWS; portion === PORTION_ROWS && Date.now() < deadlineMs; deleted += portion) {
      const { meta } = await db.prepare(statement).bind(beforeId, PORTION_ROWS).run();
      portion = meta.changes;
    }
  }
  return deleted;
}
