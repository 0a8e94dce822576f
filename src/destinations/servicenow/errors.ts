import { isJsonObject, parseJson } from "../../domain/json.ts";
import { classOfError, failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import type { Table } from "./tables.ts";

/**
 * What ServiceNow's refusals mean. It has no codes: `{error: {message, detail}, status}` in the instance's language, so
 * only texts of its English default are known, and the status decides the rest.
 */
export const RULES: readonly ErrorRule[] = [
  { says: /unique key violation|duplicate entry/i, is: "duplicate" },
  { says: /acl exception|security constraints|insufficient rights/i, is: "config" },
  { says: /data policy exception|mandatory/i, is: "business" },
  { says: /aborted by business rule|operation against file/i, is: "business" },
  { status: 400, says: /invalid table|requested uri/i, is: "config" },
  { status: 404, says: /no record found/i, is: "conflict" },
  { status: 404, is: "config" },
  // The instance stops what runs for minutes, and what it had done by then may stay.
  { says: /transaction cancelled/i, is: "ambiguous" },
  { status: 504, is: "ambiguous" },
];

/** A 429 that no rate rule has given comes from a node whose workers are all busy, and names no time. */
const BUSY_NODE_PAUSE_MS = 5_000;

/** A refusal in our words; `duplicate` where a unique index has this key already. */
export function refusalOf(response: ResponseSeen, table: Table): Failed | "duplicate" {
  const seen = errorOf(response, table);
  const failed = failureBy(response, seen, RULES);
  return failed !== "duplicate" && failed.class === "throttled" ? throttled(response, failed) : failed;
}

/** A refusal of a request that only reads: it can have had no effect. */
export function readRefusalOf(response: ResponseSeen, table: Table): Failed {
  const refusal = refusalOf(response, table);
  const failed: Failed = refusal === "duplicate" ? { kind: "failed", class: "business", detail: cleanText(response.body) } : refusal;
  return failed.class === "ambiguous" ? { ...failed, class: "transient" } : failed;
}

/** What a row of an import set says of itself. */
export const classOfRow = (response: ResponseSeen, message: string): ErrorRule["is"] =>
  classOfError({ ...response, status: 200 }, { codes: [], detail: message }, [
    ...RULES,
    { says: /coalesce|no transform|script/i, is: "config" },
    { is: "business" },
  ]);

export function errorOf(response: ResponseSeen, table: Table): ErrorSeen {
  const parsed = parseJson(response.body);
  const error = parsed.ok && isJsonObject(parsed.value) && isJsonObject(parsed.value["error"]) ? parsed.value["error"] : {};
  const words = [error["message"], error["detail"]].filter((part): part is string => typeof part === "string" && part !== "");
  const text = [...new Set(words)].join(": ");
  return { codes: [], ...(text === "" ? {} : { detail: text }), fields: fieldsNamed(text, table) };
}

/** Refusals name columns by their labels, which are their names in words until somebody changes them. */
export function fieldsNamed(text: string, table: Table): readonly FieldError[] {
  const said = text.toLowerCase();
  const names = (column: string): boolean => said.includes(column) || said.includes(column.replace(/^u_/, "").replaceAll("_", " "));
  return /mandatory|data policy|invalid/i.test(text)
    ? table.pairs.filter(({ at }) => names(at)).map(({ field }) => ({ field, message: text }))
    : [];
}

/** Of the several kinds of 429, only a rate rule's carries when it ends: Retry-After, or X-RateLimit-Reset in Unix seconds. */
function throttled(response: ResponseSeen, failed: Failed): Failed {
  if (failed.retryAfterMs !== undefined) return failed;
  const reset = Number(response.headers.get("x-ratelimit-reset") ?? "");
  const untilMs = Number.isFinite(reset) && reset > 0 ? Math.max(0, reset * 1000 - response.nowMs) : BUSY_NODE_PAUSE_MS;
  return { ...failed, retryAfterMs: untilMs };
}
