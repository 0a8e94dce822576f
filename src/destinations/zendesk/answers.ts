import { isJsonObject, parseJson, objectsIn, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, RemoteRecord, ResponseSeen } from "../define.ts";
import { classOfStatus } from "../outcome-of-status.ts";
import type { Resource } from "./resources.ts";

/**
 * https://developer.zendesk.com/api-reference/introduction/requests/#error-handling and the pages of each resource (read
 * 2026-11-24). What is not here is classed by its status; 422 is `business`.
 */
const ERROR_RULES: readonly ErrorRule[] = [
  // Two requests of Zendesk's own met in its database.
  { status: 409, code: "DatabaseConflict", is: "transient" },
  { status: 409, says: /database collision/i, is: "transient" },
  // The record has gone since it was found.
  { status: 404, code: "RecordNotFound", is: "conflict" },
  // The idempotency key was used with another body: the ticket is there, and is found next time.
  { code: "IdempotentRequestError", is: "conflict" },
  { code: "TooManyRequests", is: "throttled" },
];

export const bodyOf = (response: ResponseSeen): JsonObject => {
  const parsed = parseJson(response.body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
};

/** Null for a success. */
export function failureOf(response: ResponseSeen, resource: Resource): Failed | null {
  if (classOfStatus(response.status) === "applied") return null;
  const failure = failureBy(response, seenIn(bodyOf(response), resource), ERROR_RULES);
  if (failure === "duplicate") return null;
  if (failure.class !== "throttled" || failure.retryAfterMs !== undefined) return failure;
  const waitMs = resetMs(response.headers);
  return waitMs === null ? failure : { ...failure, retryAfterMs: waitMs };
}

/**
 * When a used-up limit begins anew, where there is no Retry-After: the account's `ratelimit-reset` in seconds, else that
 * of an endpoint, such as `zendesk-ratelimit-tickets-index: total=100; remaining=0; resets=41`.
 * https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/best-practices-for-avoiding-rate-limiting/
 */
function resetMs(headers: Headers): number | null {
  const endpoints = [...headers].flatMap(([name, value]) => (name.startsWith("zendesk-ratelimit-") ? [value] : []));
  const usedUp = endpoints.find((value) => /\bremaining=0\b/.test(value)) ?? "";
  const seconds = /\bresets=(\d{1,6})\b/.exec(usedUp)?.[1] ?? /^\d{1,6}$/.exec(headers.get("ratelimit-reset") ?? "")?.[0];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

/** `{error, description, details: {field: [{error, description}]}}`, or `{errors: [{code, title, detail}]}`. */
function seenIn(body: JsonObject, resource: Resource): ErrorSeen {
  const details = isJsonObject(body["details"]) ? Object.entries(body["details"]) : [];
  const listed = objectsIn(body["errors"]);
  const fields = details.flatMap(([field, problems]) => objectsIn(problems).map((problem) => fieldError(field, problem, resource)));
  const inner = isJsonObject(body["error"]) ? body["error"] : {};
  const texts = [body["description"], inner["title"], inner["message"], ...listed.flatMap(({ title, detail }) => [title, detail])];
  return {
    codes: [
      body["error"],
      ...listed.map(({ code }) => code),
      ...details.flatMap(([, each]) => objectsIn(each).map(({ error }) => error)),
    ].filter((code) => typeof code === "string"),
    detail: [...texts.filter((text) => typeof text === "string"), ...fields.map(({ field, message }) => `${field}: ${message}`)].join("; "),
    fields,
  };
}

function fieldError(field: string, { description, error }: JsonObject, { pairs }: Resource): FieldError {
  const known = pairs.find(({ at }) => at === field || at.endsWith(`.${field}`) || at === `${field}_id`);
  return { field: known?.field ?? field, message: scalarText(description) ?? scalarText(error) ?? "is refused" };
}

/** The one record that an answer holds. */
export function recordIn(response: ResponseSeen, { one }: Resource): JsonObject | null {
  const record = bodyOf(response)[one];
  return isJsonObject(record) && scalarText(record["id"]) !== undefined ? record : null;
}

export function recordsIn(response: ResponseSeen, { many }: Resource): Result<readonly JsonObject[], Failed> {
  const records = bodyOf(response)[many];
  return Array.isArray(records)
    ? ok(objectsIn(records))
    : fail({ kind: "failed", class: "transient", detail: `the answer was ${response.status}, and no list of ${many}` });
}

export const idOf = (record: JsonObject): string => scalarText(record["id"]) ?? "";

export function remoteOf(record: JsonObject, { kind }: Resource): RemoteRecord {
  const version = scalarText(record["updated_at"]);
  return {
    id: idOf(record),
    // A ticket's id is the number that people know.
    ...(kind === "case" ? { number: idOf(record) } : {}),
    ...(version === undefined ? {} : { version }),
  };
}
