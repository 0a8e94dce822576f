import { serverNowMs } from "../../connection/server-clock.ts";
import type { JsonObject } from "../../domain/json.ts";
import { fail, ok, allOk, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, Session } from "../define.ts";
import { failureOf, modifiedAtMs, recordsIn, stateOf } from "./answers.ts";
import { PER_PAGE, READ_HEADERS, isoSeconds, newest, urlOf } from "./find.ts";
import { resourceOf, type Resource, type Settings } from "./resources.ts";

/** Where a run is: from which stamp the list begins, and on which of its pages. */
interface Place {
  readonly sinceMs: number;
  readonly page: number;
}

const SECOND_MS = 1000;
/** Without `updated_since` only the last 30 days are listed. Nothing of Freshdesk is older. */
const BEGINNING_MS = Date.UTC(2010, 0, 1);

/**
 * One page of what has changed. Tickets are listed by their stamps from a given one. Page numbers alone would skip rows:
 * a ticket that is changed meanwhile moves to the end, and all behind it move up. So a page begins at the last stamp of the
 * one before, whose tickets come twice; page numbers only count within one second that a whole page cannot hold.
 * Companies cannot be listed by time: all are read, page by page, and those of other times are left out.
 */
export async function changesPage(query: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const resource = resourceOf(query.kind, session.settings);
  if (resource === null) return fail({ kind: "failed", class: "config", detail: `Freshdesk holds no records of kind ${query.kind}` });
  const place = placeOf(query);
  if (place === null) return ok("restart");
  const perPage = Math.min(query.limit, PER_PAGE);
  const byTime = { updated_since: isoSeconds(place.sinceMs), order_by: "updated_at", order_type: "asc" };
  const parameters = { ...(resource.kind === "case" ? byTime : {}), per_page: String(perPage), page: String(place.page) };
  const answer = await session.send({ method: "GET", url: urlOf(session, resource.path, parameters), headers: READ_HEADERS });
  if (!answer.ok) return answer;
  const failure = failureOf(answer.value, resource);
  if (failure !== null) return fail(failure);
  const records = recordsIn(answer.value);
  if (!records.ok) return records;
  const wanted = records.value.filter((record) => isWithin(modifiedAtMs(record), query));
  const states = allOk(wanted.map((record) => stateOf(record, resource)));
  if (!states.ok) return states;
  // A list by time that has reached the window's end has nothing more for it.
  const ended = records.value.length < perPage || (resource.kind === "case" && newest(records.value) >= query.untilMs);
  return ok({
    records: states.value,
    nextCursor: ended ? null : cursorOf(nextPlace(place, records.value, resource)),
    serverNowMs: serverNowMs(answer.value),
  });
}

const isWithin = (atMs: number, { fromMs, untilMs }: ChangeQuery): boolean =>
  atMs < untilMs && atMs >= Math.floor((fromMs ?? 0) / 1000) * 1000;

function placeOf({ cursor, fromMs }: ChangeQuery): Place | null {
  if (cursor === null) return { sinceMs: Math.max(BEGINNING_MS, (fromMs ?? 0) - SECOND_MS), page: 1 };
  const [, sinceMs, page] = /^(\d{1,15}):(\d{1,6})$/.exec(cursor) ?? [];
  return sinceMs === undefined || page === undefined ? null : { sinceMs: Number(sinceMs), page: Number(page) };
}

const cursorOf = ({ sinceMs, page }: Place): string => `${sinceMs}:${page}`;

/** A second before the last stamp, whether Freshdesk counts `updated_since` itself in or not. */
function nextPlace({ sinceMs, page }: Place, records: readonly JsonObject[], { kind }: Resource): Place {
  const next = newest(records) - SECOND_MS;
  return kind === "case" && next > sinceMs ? { sinceMs: next, page: 1 } : { sinceMs, page: page + 1 };
}
