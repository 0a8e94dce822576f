import type { Failed, Outcome, RemoteRecord } from "../destinations/define.ts";
import type { Result } from "../domain/result.ts";

/** Steps from nothing to the end of any workflow, with room for what must be taken back first. */
const MAX_STEPS = 12;
/** Times that a record is read again because somebody changed it meanwhile. */
const MAX_CONFLICTS = 3;

/** How a record is brought, one call at a time, to where a delivery wants it. */
export interface Way<Row, Step> {
  /** The record as it is now; null if there is none. */
  find(): Promise<Result<Row | null, Failed>>;
  /** The call that comes next, or `done`. */
  next(row: Row | null): Promise<Result<Step | "done", Failed>>;
  take(step: Step, row: Row | null): Promise<Result<unknown, Failed>>;
  /** What must differ from one step to the next, so that a call that was taken and changed nothing is noticed. */
  mark(step: Step, row: Row | null): string;
  /** What to say of such a call. */
  unchanged(step: Step, row: Row | null): Failed;
  /** Whether it makes a record: one that is refused may be there by then, made by another. */
  creates(step: Step): boolean;
  remoteOf(row: Row): RemoteRecord;
}

/**
 * Reads the record, does the one step that comes next, and reads it again, until nothing is left to do: only what is read
 * counts as done. A conflict is read again at most three times. Done again after any failure it goes on where it is.
 */
export async function stepByStep<Row, Step>(way: Way<Row, Step>): Promise<Outcome> {
  let done: string | null = null;
  let conflicts = 0;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const found = await way.find();
    if (!found.ok) return found.failure;
    const row = found.value;
    const next = await way.next(row);
    if (!next.ok) return next.failure;
    if (next.value === "done") return { kind: "applied", duplicate: steps === 0, ...(row === null ? {} : { remote: way.remoteOf(row) }) };
    const step = next.value;
    if (way.mark(step, row) === done) return way.unchanged(step, row);
    const answer = await way.take(step, row);
    if (answer.ok) done = way.mark(step, row);
    else if (answer.failure.class === "conflict" && ++conflicts < MAX_CONFLICTS) done = null;
    else if (!(way.creates(step) && answer.failure.class === "business" && (await isThere(way)))) return answer.failure;
  }
  return { kind: "failed", class: "conflict", detail: `the record was changed again after each of ${MAX_STEPS} steps` };
}

async function isThere<Row, Step>(way: Way<Row, Step>): Promise<boolean> {
  const found = await way.find();
  return found.ok && found.value !== null;
}
