import type { ErrorSeen } from "../destinations/classify.ts";
import type { ChangePage, ChangeQuery, ResponseSeen } from "../destinations/define.ts";
import { isJsonObject, parseJson, objectsIn, type JsonObject } from "../domain/json.ts";
import { scalarText } from "../domain/mapping.ts";

/** A text as an OData literal, not yet percent-encoded (OData 4.0 URL conventions, section 5.1.1.6.1). */
export const quoted = (text: string): string => `'${text.toWellFormed().replaceAll("'", "''")}'`;

/** A text as a literal within a path. */
export const literal = (text: string): string => encodeURIComponent(quoted(text));

/** An address with query options; names stay as they are, values are encoded, undefined ones left out. */
export function withOptions(url: string, options: Readonly<Record<string, string | undefined>>): string {
  const query = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return query.length === 0 ? url : `${url}?${query.join("&")}`;
}

export function objectOf(response: ResponseSeen): JsonObject | undefined {
  const parsed = parseJson(response.body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

/** The rows of a collection; undefined where the answer is none. */
export function rowsOf(response: ResponseSeen): readonly JsonObject[] | undefined {
  const value = objectOf(response)?.["value"];
  return Array.isArray(value) ? objectsIn(value) : undefined;
}

/** `@odata.nextLink` or `@odata.deltaLink` of an answer. */
export function linkOf(response: ResponseSeen, name: "nextLink" | "deltaLink"): string | null {
  const link = objectOf(response)?.[`@odata.${name}`];
  return typeof link === "string" && link !== "" ? link : null;
}

/** `{"error":{"code","message","innererror":{"message"}}}` (OData JSON format 4.0, section 19). The inner message says more, where there is one. */
export function errorSeenIn(response: ResponseSeen): ErrorSeen {
  const error = objectOf(response)?.["error"];
  if (!isJsonObject(error)) return { codes: [] };
  const inner = isJsonObject(error["innererror"]) ? scalarText(error["innererror"]["message"]) : undefined;
  const code = scalarText(error["code"]) ?? "";
  const detail = [inner, scalarText(error["message"])].find((text) => text !== undefined && text !== "");
  return { codes: code === "" ? [] : [code], ...(detail === undefined ? {} : { detail }) };
}

/** What a set is walked by: the time of change and a key that breaks ties, or the key alone where rows carry no such time. */
export interface WalkedBy {
  readonly stamp?: string;
  readonly key: string;
}

/** The place of a walk after the row with this stamp and key: `tie` goes on within the stamp, `after` behind it. */
type Place = { readonly in: "tie"; readonly stamp: string; readonly key: string } | { readonly in: "after"; readonly stamp: string };

/**
 * Filter and order of one page of a keyset walk. It never joins two fields by `or`, which not every service can filter by:
 * a full page is followed by the rest of its last stamp, and that by what comes after. Null: the cursor is none of ours.
 */
export function walk(query: ChangeQuery, { stamp, key }: WalkedBy): { readonly filter?: string; readonly orderby: string } | null {
  if (stamp === undefined) {
    const after = query.cursor === null ? null : placeOf(query.cursor);
    if (query.cursor !== null && after?.in !== "tie") return null;
    return { ...(after?.in === "tie" ? { filter: `${key} gt ${quoted(after.key)}` } : {}), orderby: key };
  }
  const until = `${stamp} lt ${new Date(query.untilMs).toISOString()}`;
  if (query.cursor === null) {
    const from = query.fromMs === null ? [] : [`${stamp} ge ${new Date(query.fromMs).toISOString()}`];
    return { filter: [...from, until].join(" and "), orderby: `${stamp},${key}` };
  }
  const place = placeOf(query.cursor);
  if (place === null) return null;
  return place.in === "tie"
    ? { filter: `${stamp} eq ${place.stamp} and ${key} gt ${quoted(place.key)}`, orderby: key }
    : { filter: `${stamp} gt ${place.stamp} and ${until}`, orderby: `${stamp},${key}` };
}

/** The cursor behind a page of such a walk; null behind the last. */
export function cursorAfter(query: ChangeQuery, { stamp, key }: WalkedBy, rows: readonly JsonObject[]): ChangePage["nextCursor"] {
  const last = rows.at(-1);
  if (last !== undefined && rows.length >= query.limit) {
    const at = stamp === undefined ? "-" : scalarText(last[stamp]);
    const id = scalarText(last[key]);
    return at === undefined || id === undefined ? null : `tie ${at} ${id}`;
  }
  const place = stamp === undefined || query.cursor === null ? null : placeOf(query.cursor);
  return place?.in === "tie" ? `after ${place.stamp}` : null;
}

/** Stamps go into a filter unquoted, so only what has the form of one is taken. */
function placeOf(cursor: string): Place | null {
  const match = /^(?:tie (-|\d{4}-[\d:.TZ+-]+) (.+)|after (\d{4}-[\d:.TZ+-]+))$/s.exec(cursor);
  if (match === null) return null;
  const [, tieStamp, key, after] = match;
  if (after !== undefined) return { in: "after", stamp: after };
  return tieStamp === undefined || key === undefined ? null : { in: "tie", stamp: tieStamp, key };
}
