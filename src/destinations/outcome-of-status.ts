import type { FailureClass } from "../domain/failure.ts";
import type { Outcome, ResponseSeen } from "./define.ts";

interface StatusRange {
  readonly from: number;
  readonly to: number;
  readonly is: FailureClass | "applied";
}

/**
 * What a status means where a system says nothing more exact; the first range that fits decides. Meanings are those of
 * RFC 9110 section 15, RFC 6585 (429) and RFC 8470 (425). A redirect is `config`, since none is ever followed.
 */
export const STATUS_TABLE: readonly StatusRange[] = [
  { from: 200, to: 299, is: "applied" },
  { from: 300, to: 399, is: "config" },
  { from: 401, to: 401, is: "auth" },
  { from: 403, to: 405, is: "config" },
  { from: 408, to: 408, is: "transient" },
  { from: 409, to: 409, is: "conflict" },
  { from: 410, to: 410, is: "config" },
  { from: 412, to: 412, is: "conflict" },
  { from: 425, to: 425, is: "transient" },
  { from: 429, to: 429, is: "throttled" },
  { from: 400, to: 499, is: "business" },
  // A gateway that heard nothing in time does not know whether the system behind it did what it was asked.
  { from: 504, to: 504, is: "ambiguous" },
  { from: 500, to: 599, is: "transient" },
];

const DETAIL_CHARACTERS = 300;
/** More than is kept, so that text removed from its beginning leaves enough. */
const BODY_CHARACTERS_READ = 2000;
const CONTROL_CHARACTERS = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;
/** Credentials that a careless server may echo in its error. */
const CREDENTIAL = /\b(bearer|basic|session)\s+[^\s"',;]+|\bwh(?:sec|sk)_[^\s"',;]+/gi;
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** The class of a status; whatever the table does not know is `transient`. */
export const classOfStatus = (status: number): FailureClass | "applied" =>
  STATUS_TABLE.find((range) => status >= range.from && status <= range.to)?.is ?? "transient";

/** The outcome by status alone. `retryAfterMs` is set where the answer names a time and trying again can help. */
export function outcomeOfStatus(response: ResponseSeen): Outcome {
  const is = classOfStatus(response.status);
  if (is === "applied") return { kind: "applied", duplicate: false };
  const waitMs = is === "transient" || is === "throttled" || is === "ambiguous" ? retryAfterMs(response) : undefined;
  return {
    kind: "failed",
    class: is,
    detail: detailOf(response),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  };
}

/**
 * Milliseconds to wait by `Retry-After` (RFC 9110 section 10.2.3): seconds, or an HTTP date relative to
 * `response.nowMs`. 0 for what is past or negative, undefined for anything else.
 */
export function retryAfterMs(response: ResponseSeen): number | undefined {
  const value = response.headers.get("retry-after")?.trim() ?? "";
  if (/^-?\d{1,10}$/.test(value)) return Math.max(0, Number(value) * 1000);
  if (!IMF_FIXDATE.test(value)) return undefined;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - response.nowMs);
}

/** A failure in one short line: the status and the beginning of the body, without control characters or credentials. */
export function detailOf(response: ResponseSeen): string {
  const text = cleanText(response.body);
  return text === "" ? `HTTP ${response.status}` : `HTTP ${response.status}: ${text}`;
}

/** Text of a destination made fit to be stored and shown: at most 300 characters, one line, no credentials. */
export const cleanText = (text: string): string =>
  text
    .slice(0, BODY_CHARACTERS_READ)
    .replace(CONTROL_CHARACTERS, " ")
    .replace(CREDENTIAL, "[credential removed]")
    .trim()
    .slice(0, DETAIL_CHARACTERS)
    .toWellFormed();
