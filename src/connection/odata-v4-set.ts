import { unwritable } from "../destinations/classify.ts";
import type { ChangePage, ChangeQuery, Failed, RemoteState, ResponseSeen, Session } from "../destinations/define.ts";
import type { JsonObject } from "../domain/json.ts";
import { allOk, fail, ok, type Result } from "../domain/result.ts";
import { cursorAfter, objectOf, rowsOf, walk, type WalkedBy } from "./odata-v4.ts";
import { serverNowMs } from "./server-clock.ts";

/** A set of a service that has no upsert: it is searched by our key, and walked by the time of change or by its own key. */
export interface EntitySet {
  readonly name: string;
  /** The property that holds our key. */
  readonly keyField: string;
  readonly walkedBy: WalkedBy;
  readonly headers: Readonly<Record<string, string>>;
  /** The address of a search; without a filter, of all rows that are ours. */
  searchUrl(filter: string | undefined, options: Readonly<Record<string, string>>): string;
  failureOf(response: ResponseSeen): Failed | "duplicate";
  stateOf(row: JsonObject): Result<RemoteState, Failed>;
}

/** A refusal where no duplicate can be meant. */
export const certain = (failure: Failed | "duplicate"): Failed =>
  failure === "duplicate" ? { kind: "failed", class: "business", detail: "a record with the same key exists" } : failure;

/** One row by its address. */
export async function rowAt<Settings>(
  session: Session<Settings>,
  set: Pick<EntitySet, "headers" | "failureOf">,
  url: string,
  isAbsent: (response: ResponseSeen) => boolean,
): Promise<Result<JsonObject | "absent", Failed>> {
  const answer = await session.send({ method: "GET", url, headers: { ...set.headers, "user-agent": "signalbox" } });
  if (!answer.ok) return answer;
  if (isAbsent(answer.value)) return ok("absent");
  const row = objectOf(answer.value);
  return answer.value.status === 200 && row !== undefined ? ok(row) : fail(certain(set.failureOf(answer.value)));
}

async function search<Settings>(
  session: Session<Settings>,
  set: EntitySet,
  url: string,
): Promise<Result<{ readonly rows: readonly JsonObject[]; readonly nowMs: number | null }, Failed>> {
  const answer = await session.send({ method: "GET", url, headers: { ...set.headers, "user-agent": "signalbox" } });
  if (!answer.ok) return answer;
  const rows = rowsOf(answer.value);
  if (answer.value.status !== 200 || rows === undefined) return fail(certain(set.failureOf(answer.value)));
  return ok({ rows, nowMs: serverNowMs(answer.value) });
}

/** The one row with this key. Two of them are for a person: nobody else can say which is meant. */
export async function rowByKey<Settings>(
  session: Session<Settings>,
  set: EntitySet,
  key: string,
  filter: string,
): Promise<Result<JsonObject | "absent", Failed>> {
  const found = await search(session, set, set.searchUrl(filter, { $top: "2" }));
  if (!found.ok) return found;
  const [row, second] = found.value.rows;
  if (second !== undefined)
    return fail(unwritable([{ field: set.keyField, message: `two records of ${set.name} have the key ${key}; take it from one of them` }]));
  return ok(row ?? "absent");
}

/** One page of a walk through the set; `open` is a filter that holds for every page. */
export async function pageOf<Settings>(
  session: Session<Settings>,
  set: EntitySet,
  query: ChangeQuery,
  open?: string,
): Promise<Result<ChangePage | "restart", Failed>> {
  const options = walk(query, set.walkedBy);
  if (options === null) return ok("restart");
  const filters = [open, options.filter].filter((each) => each !== undefined);
  const url = set.searchUrl(filters.length === 0 ? undefined : filters.join(" and "), {
    $orderby: options.orderby,
    $top: String(query.limit),
  });
  const found = await search(session, set, url);
  if (!found.ok) return found;
  const states = allOk(found.value.rows.map((row) => set.stateOf(row)));
  if (!states.ok) return states;
  return ok({ records: states.value, nextCursor: cursorAfter(query, set.walkedBy, found.value.rows), serverNowMs: found.value.nowMs });
}
