import { toCanonical } from "../../domain/field-pairs.ts";
import { isJsonObject, parseJson, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule } from "../classify.ts";
import type { Failed, FieldError, RemoteRecord, RemoteState, ResponseSeen } from "../define.ts";
import { classOfStatus } from "../outcome-of-status.ts";
import type { Resource } from "./resources.ts";

/** https://developers.freshdesk.com/api/#errors (read 2026-11-24). What is not here is classed by its status. */
const ERROR_RULES: readonly ErrorRule[] = [
  // Also answered with 409; what is unique is a company's name, and custom fields that the team made so.
  { code: "duplicate_value", is: "business" },
  { code: ["missing_field", "invalid_value", "datatype_mismatch", "invalid_field", "invalid_json"], is: "business" },
  { code: ["invalid_credentials", "account_suspended"], is: "auth" },
  { code: ["access_denied", "require_feature"], is: "config" },
];

const parsed = (response: ResponseSeen): JsonValue => {
  const value = parseJson(response.body);
  return value.ok ? value.value : null;
};

export const bodyOf = (response: ResponseSeen): JsonObject => {
  const value = parsed(response);
  return isJsonObject(value) ? value : {};
};

/** Each error that an answer lists: `{field, message, code}`. */
export const errorsIn = (response: ResponseSeen): readonly JsonObject[] => objectsIn(bodyOf(response)["errors"]);

/** Null for a success. A refusal is `{description, errors}`, or `{code, message}`. */
export function failureOf(response: ResponseSeen, { pairs }: Resource): Failed | null {
  if (classOfStatus(response.status) === "applied") return null;
  const errors = errorsIn(response);
  const { code, message, description } = bodyOf(response);
  const fields = errors.flatMap((error): readonly FieldError[] => {
    const field = scalarText(error["field"]);
    if (field === undefined) return [];
    const known = pairs.find(({ at }) => at === field || at === `custom_fields.${field}`);
    const canonical = known?.field ?? (field === "email" ? "requesterEmail" : field);
    return [{ field: canonical, message: scalarText(error["message"]) ?? "is refused" }];
  });
  const failure = failureBy(
    response,
    {
      codes: [code, ...errors.map((error) => error["code"])].filter((each) => typeof each === "string"),
      detail: [scalarText(description), scalarText(message), ...fields.map((each) => `${each.field}: ${each.message}`)]
        .filter((text) => text !== undefined)
        .join("; "),
      fields,
    },
    ERROR_RULES,
  );
  return failure === "duplicate" ? null : failure;
}

export const idOf = (record: JsonObject): string => scalarText(record["id"]) ?? "";

export const keyOf = (record: JsonObject, { keyField }: Resource): string | null =>
  scalarText(readPath(record, `custom_fields.${keyField}`)) ?? null;

/** The record that an answer is; null if it is none. */
export function recordIn(response: ResponseSeen): JsonObject | null {
  const record = bodyOf(response);
  return idOf(record) === "" ? null : record;
}

/** The records of a list, or of a search, which has them under `results`. */
export function recordsIn(response: ResponseSeen): Result<readonly JsonObject[], Failed> {
  const value = parsed(response);
  const list = isJsonObject(value) ? value["results"] : value;
  return Array.isArray(list)
    ? ok(objectsIn(list))
    : fail({ kind: "failed", class: "transient", detail: `the answer was ${response.status}, and no list` });
}

export function remoteOf(record: JsonObject, { kind }: Resource): RemoteRecord {
  const version = scalarText(record["updated_at"]);
  return {
    id: idOf(record),
    // A ticket's id is the number that people know.
    ...(kind === "case" ? { number: idOf(record) } : {}),
    ...(version === undefined ? {} : { version }),
  };
}

export const modifiedAtMs = (record: JsonObject): number => Date.parse(scalarText(record["updated_at"]) ?? "");

export function stateOf(record: JsonObject, resource: Resource): Result<RemoteState, Failed> {
  const data = toCanonical(resource.kind, record, resource.pairs);
  if (!data.ok) {
    const detail = `${resource.path} ${idOf(record)} does not fit the fields of this destination: ${data.failure}`;
    return fail({ kind: "failed", class: "config", detail });
  }
  const atMs = modifiedAtMs(record);
  return ok({
    remote: remoteOf(record, resource),
    key: keyOf(record, resource),
    data: data.value,
    order: timeToken(atMs),
    modifiedAtMs: Number.isNaN(atMs) ? null : atMs,
    deleted: record["deleted"] === true,
  });
}
