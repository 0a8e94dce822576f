import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import type { Failed, Session } from "../define.ts";
import { failureOf, idOf, keyOf, modifiedAtMs, recordIn, recordsIn } from "./answers.ts";
import type { Resource, Settings } from "./resources.ts";

export const READ_HEADERS = { accept: "application/json", "user-agent": "signalbox" };

/** Most records on a page, and most pages that are looked through for one record. */
export const PER_PAGE = 100;
const MOST_PAGES = 20;

export function urlOf({ baseUrl }: Session<Settings>, path: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query).toString();
  return `${baseUrl}/api/v2/${path}${parameters === "" ? "" : `?${parameters}`}`;
}

export type Found = Result<JsonObject | null, Failed>;

/**
 * The one record of this key; null where there is none. The search index is asked first, and what it names is read, since
 * it is minutes behind. What it does not know yet is among the tickets that changed of late, or among the companies.
 */
export async function findByKey(session: Session<Settings>, resource: Resource, key: string): Promise<Found> {
  // The query language has no escape for quotes.
  if (/['"\\]/.test(key)) return findInLists(session, resource, key);
  const query = `"${resource.keyField}:'${key}'"`;
  const listed = await list(session, resource, urlOf(session, `search/${resource.path}`, { query }));
  if (!listed.ok) return listed;
  const live: JsonObject[] = [];
  for (const candidate of listed.value.filter((record) => keyOf(record, resource) === key)) {
    const record = await findById(session, resource, idOf(candidate));
    if (!record.ok) return record;
    if (record.value !== null && keyOf(record.value, resource) === key) live.push(record.value);
  }
  return live.length === 0 ? findInLists(session, resource, key) : theOne(live, resource, key);
}

function theOne(records: readonly JsonObject[], { path }: Resource, key: string): Found {
  const ids = [...new Set(records.map(idOf))];
  if (ids.length <= 1) return ok(records[0] ?? null);
  return fail(unwritable([{ field: "key", message: `${path} ${ids.join(", ")} all carry the key "${key}": merge them` }]));
}

/** The record of this id; null where there is none any more. A deleted ticket stays readable in the trash. */
export async function findById(session: Session<Settings>, resource: Resource, id: string): Promise<Found> {
  const url = urlOf(session, `${resource.path}/${encodeURIComponent(id)}`);
  const answer = await session.send({ method: "GET", url, headers: READ_HEADERS });
  if (!answer.ok) return answer;
  if (answer.value.status === 404) return ok(null);
  const failure = failureOf(answer.value, resource);
  if (failure !== null) return fail(failure);
  const record = recordIn(answer.value);
  if (record === null) return fail({ kind: "failed", class: "transient", detail: `the answer was ${answer.value.status}, and no record` });
  return ok(record["deleted"] === true ? null : record);
}

/** What is looked for in a list: `name` is what people would call it. */
interface Sought {
  readonly query: Readonly<Record<string, string>>;
  readonly isIt: (record: JsonObject) => boolean;
  readonly name: string;
}

/** Companies have no filter by time, so they are all looked through; of tickets, those that the index may not have yet. */
function findInLists(session: Session<Settings>, resource: Resource, key: string): Promise<Found> {
  const sinceMs = session.nowMs() - session.settings.searchLagMs;
  const recent = { updated_since: isoSeconds(sinceMs), order_by: "updated_at", order_type: "desc" };
  const isIt = (record: JsonObject): boolean => keyOf(record, resource) === key;
  return findAmong(session, resource, { query: resource.kind === "case" ? recent : {}, isIt, name: key });
}

/** The company of this name. Names are unique there, whatever their case. */
export function findByName(session: Session<Settings>, resource: Resource, name: string): Promise<Found> {
  const plain = (text: string): string => text.trim().toLowerCase();
  return findAmong(session, resource, { query: {}, isIt: (record) => plain(scalarText(record["name"]) ?? "") === plain(name), name });
}

async function findAmong(session: Session<Settings>, resource: Resource, { query, isIt, name }: Sought): Promise<Found> {
  const found: JsonObject[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const url = urlOf(session, resource.path, { ...query, per_page: String(PER_PAGE), page: String(page) });
    const listed = await list(session, resource, url);
    if (!listed.ok) return listed;
    found.push(...listed.value.filter(isIt));
    if (listed.value.length < PER_PAGE) return theOne(found, resource, name);
  }
  if (found.length > 0) return theOne(found, resource, name);
  const detail = `not found among ${MOST_PAGES * PER_PAGE} ${resource.path}, and there are more`;
  return fail({ kind: "failed", class: "transient", detail });
}

async function list(session: Session<Settings>, resource: Resource, url: string): Promise<Result<readonly JsonObject[], Failed>> {
  const answer = await session.send({ method: "GET", url, headers: READ_HEADERS });
  if (!answer.ok) return answer;
  const failure = failureOf(answer.value, resource);
  return failure === null ? recordsIn(answer.value) : fail(failure);
}

/** Freshdesk's stamps have whole seconds. */
export const isoSeconds = (ms: number): string => `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;

export const newest = (records: readonly JsonObject[]): number => Math.max(...records.map(modifiedAtMs).filter(Number.isFinite), 0);
