import { serverNowMs } from "../../connection/server-clock.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, ResponseSeen, Session } from "../define.ts";
import { bodyOf, failureOf, recordsIn } from "./answers.ts";
import { READ_HEADERS, statesOf, urlOf } from "./records.ts";
import { resourceOf, type Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

/** Exports leave the last minute out, and refuse a start in it. */
export const LAST_MINUTE_MS = 60_000;
const MOST_PER_PAGE = 1000;

/** Where an export goes on: by the server's own pointer, or, of organizations, by a second since 1970. */
type Place = { readonly cursor: string } | { readonly startTime: number };

/**
 * One page of an incremental export, whose pointer is both the cursor and the token of the next run. Records come in the
 * order in which Zendesk noticed their changes, and their own stamps may be older than the start, so nothing is filtered by them.
 * https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/ (read 2026-11-24)
 */
export async function changesPage(query: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const resource = resourceOf(query.kind, session.settings);
  if (resource === null) return fail({ kind: "failed", class: "config", detail: `Zendesk holds no records of kind ${query.kind}` });
  const place = placeOf(query, session.nowMs());
  const parameters = "cursor" in place ? { cursor: place.cursor } : { start_time: String(place.startTime) };
  const answer = await session.send({
    method: "GET",
    url: urlOf(session, resource.changes.path, {
      ...parameters,
      per_page: String(resource.changes.by === "time" ? MOST_PER_PAGE : Math.min(query.limit, MOST_PER_PAGE)),
    }),
    headers: READ_HEADERS,
  });
  if (!answer.ok) return answer;
  // A pointer that is not taken any more can only be replaced by a new start.
  if ("cursor" in place && [400, 404, 410, 422].includes(answer.value.status)) return ok("restart");
  const failure = failureOf(answer.value, resource);
  const here = "cursor" in place ? "" : `t:${place.startTime}`;
  return failure === null ? pageOf(answer.value, here, session, resource) : fail(failure);
}

function placeOf({ cursor, token, fromMs }: ChangeQuery, nowMs: number): Place {
  const known = cursor ?? token;
  const latest = Math.floor((nowMs - LAST_MINUTE_MS) / 1000) - 1;
  if (known?.startsWith("c:") === true) return { cursor: known.slice("c:".length) };
  const since = known === null ? Math.floor((fromMs ?? 0) / 1000) : Number(/^t:(\d{1,11})$/.exec(known)?.[1] ?? 0);
  return { startTime: Math.max(1, Math.min(since, latest)) };
}

async function pageOf(
  response: ResponseSeen,
  here: string,
  session: Session<Settings>,
  resource: Resource,
): Promise<Result<ChangePage, Failed>> {
  const records = recordsIn(response, resource);
  if (!records.ok) return records;
  const states = await statesOf(records.value, session, resource);
  if (!states.ok) return states;
  const body = bodyOf(response);
  const pointer = scalarText(body[resource.changes.by === "cursor" ? "after_cursor" : "end_time"]);
  const next = pointer === undefined ? undefined : `${resource.changes.by === "cursor" ? "c" : "t"}:${pointer}`;
  const ended = body["end_of_stream"] !== false;
  // More records changed in one second than a page of organizations takes: only a larger page would get past them.
  if (!ended && (next === undefined || next === here))
    return fail({ kind: "failed", class: "transient", detail: "the export goes on, but does not say where" });
  return ok({
    records: states.value,
    nextCursor: ended ? null : (next ?? null),
    ...(ended && next !== undefined ? { token: next } : {}),
    serverNowMs: serverNowMs(response),
  });
}
