import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, ChangeReader, Failed, RecordRef, RemoteState, Session } from "../define.ts";
import { failed, list } from "./api.ts";
import { COLLECTIONS, collectionOf, recordById, statesOf } from "./collections.ts";
import { literal, queryOf, textAt } from "./odata.ts";
import type { Settings } from "./settings.ts";

/** A system's own id as a cursor. */
const ID = /^[A-Za-z0-9]{1,10}$/;

/**
 * Changed since, in pages by the id after the last one seen. What has changed since `fromMs` stays so, however often it
 * changes meanwhile, and an id never changes: no page shifts. (A server's own `__next` or `nextLink` is an offset in
 * many services, which skips rows when one leaves or moves; here it only says that there is more.)
 */
export const changes: ChangeReader<Settings> = {
  kinds: Object.keys(COLLECTIONS) as readonly (keyof typeof COLLECTIONS)[],
  // Partners have days; their own condition goes back one more.
  resolutionMs: 1000,
  overlapMs: 15 * 60_000,
  lagMs: 60_000,
  tellsDeletions: false,
  page: async (query, session) => {
    const collection = collectionOf(query.kind);
    if (collection === undefined) return fail(failed("config", `S/4HANA holds no ${query.kind}`));
    if (query.cursor !== null && !ID.test(query.cursor)) return ok("restart");
    return readPage(query, session);
  },
};

async function readPage(
  { kind, fromMs, untilMs, cursor, limit }: ChangeQuery,
  session: Session<Settings>,
): Promise<Result<ChangePage, Failed>> {
  const collection = COLLECTIONS[kind as keyof typeof COLLECTIONS];
  const talk = collection.talk(session);
  const conditions = [
    fromMs === null ? [] : collection.since(fromMs, talk),
    cursor === null ? [] : `${collection.id} gt ${literal(cursor)}`,
  ].flat();
  const filter = conditions.length === 0 ? {} : { filter: conditions.join(" and ") };
  const options = { ...filter, orderby: collection.id, top: String(limit), ...collection.query(session.settings) };
  const page = await list(talk, `${collection.set(session.settings)}?${queryOf(options)}`);
  if (!page.ok) return page;
  const { rows, more, dateMs } = page.value;
  const states = await statesOf(rows, collection, talk);
  if (!states.ok) return states;
  const last = textAt(rows.at(-1) ?? {}, collection.id);
  return ok({
    // What has changed again since the window's end comes with the next one.
    records: states.value.filter(({ modifiedAtMs }) => (modifiedAtMs ?? 0) < untilMs),
    nextCursor: last !== "" && (more || rows.length >= limit) ? last : null,
    serverNowMs: dateMs,
  });
}

/** A record by our key, or by the system's own id. */
export async function read({ kind, by, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  const collection = collectionOf(kind);
  if (collection === undefined) return fail(failed("config", `S/4HANA holds no ${kind}`));
  const talk = collection.talk(session);
  const found = by === "key" ? await collection.byKey(value, talk) : await recordById(value, collection, talk);
  if (!found.ok) return found;
  const records = found.value === "absent" ? [] : [found.value].flat();
  const [record, second] = records;
  if (record === undefined) return ok("absent");
  if (second !== undefined) return fail(failed("business", `the key "${value}" is carried by more than one record`));
  const states = await statesOf([record], collection, talk);
  if (!states.ok) return states;
  const [state] = states.value;
  // A key of which only the hash is held is the one that was asked for.
  return ok(state === undefined ? "absent" : by === "key" ? { ...state, key: value } : state);
}
