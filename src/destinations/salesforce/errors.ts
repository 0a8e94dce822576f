import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import { canonicalField, type Shape } from "./objects.ts";

/**
 * Error codes of the partner API's enumerations StatusCode and ExceptionCode, and REST's own `NOT_FOUND`; the first rule
 * that fits decides. The status alone misleads: a row lock and a missing field are both 400.
 */
export const ERROR_RULES: readonly ErrorRule[] = [
  // Several records hold the external id, and nothing was written.
  { status: 300, is: "business" },
  {
    code: ["UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", "ALREADY_IN_PROCESS"],
    is: "transient",
  },
  { code: "REQUEST_LIMIT_EXCEEDED", is: "throttled" },
  { code: ["INVALID_SESSION_ID", "INVALID_ACCESS_TOKEN"], is: "auth" },
  // A trigger or flow failed: for a lock that it met, or for the data.
  { code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", says: /UNABLE_TO_LOCK_ROW/, is: "transient" },
  // A reference by external id to a record that is not there has the code of an unknown field.
  { code: "INVALID_FIELD", says: /Foreign key external ID/i, is: "business" },
  {
    code: ["INVALID_FIELD", "INVALID_TYPE", "INVALID_FIELD_FOR_INSERT_UPDATE", "MALFORMED_QUERY", "API_DISABLED_FOR_ORG"],
    is: "config",
  },
  { code: ["INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "STORAGE_LIMIT_EXCEEDED", "NOT_FOUND"], is: "config" },
  {
    code: [
      "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
      "DELETE_FAILED",
      "DEPENDENCY_EXISTS",
      "DUPLICATES_DETECTED",
      "DUPLICATE_EXTERNAL_ID",
      "DUPLICATE_VALUE",
      "ENTITY_IS_DELETED",
      // An approval holds it, until a person decides.
      "ENTITY_IS_LOCKED",
      "FAILED_ACTIVATION",
      "FIELD_CUSTOM_VALIDATION_EXCEPTION",
      "FIELD_FILTER_VALIDATION_EXCEPTION",
      "FIELD_INTEGRITY_EXCEPTION",
      "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
      "INVALID_CROSS_REFERENCE_KEY",
      "INVALID_EMAIL_ADDRESS",
      "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
      "INVALID_STATUS",
      "MALFORMED_ID",
      "NUMBER_OUTSIDE_VALID_RANGE",
      "REQUIRED_FIELD_MISSING",
      "STRING_TOO_LONG",
    ],
    is: "business",
  },
];

/** The quota of the day is shared by every integration: asking again at once only uses what comes free. */
const DAILY_QUOTA_WAIT_MS = 3_600_000;

interface ApiError {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly string[];
}

/** A failure by Salesforce's error codes, with the fields in our names. */
export function failureOf(response: ResponseSeen, shape: Shape): Failed {
  const errors = errorsOf(response);
  const failure = failureBy(response, seenIn(errors, shape), [
    // Two first writes of one key at once: the second finds the record when it is repeated. The field is told in the message alone.
    { code: "DUPLICATE_VALUE", says: new RegExp(`\\b${shape.keyField}\\b`), is: "transient" },
    // By record id it is the record that is missing, else the field or the object.
    ...(shape.keyField === "Id" ? [{ code: "NOT_FOUND", is: "business" } as const] : []),
    ...ERROR_RULES,
  ]);
  // No rule of the table says so.
  if (failure === "duplicate") return { kind: "failed", class: "transient", detail: "a duplicate" };
  const daily = failure.class === "throttled" && failure.retryAfterMs === undefined && /TotalRequests/i.test(failure.detail);
  return daily ? { ...failure, retryAfterMs: DAILY_QUOTA_WAIT_MS } : failure;
}

/** Whether the answer says that the record is not there, and not that the field or object is not. */
export const saysAbsent = (response: ResponseSeen): boolean =>
  response.status === 404 &&
  errorsOf(response).some(({ code, message }) => code === "NOT_FOUND" && !/external ID field does not exist/i.test(message));

/** `[{errorCode,message,fields}]`, or the `errors` of results (`statusCode`) that come with a success status. */
export function errorsOf({ body }: ResponseSeen): readonly ApiError[] {
  const parsed = parseJson(body);
  if (!parsed.ok) return [];
  return listOf(parsed.value).flatMap((item) => [item, ...listOf(item["errors"] ?? null)].flatMap(errorOf));
}

/** The objects of a list; of one object, that. */
export const listOf = (value: JsonValue): readonly JsonObject[] => [value].flat().filter((item): item is JsonObject => isJsonObject(item));

function errorOf(item: JsonObject): readonly ApiError[] {
  const code = item["errorCode"] ?? item["statusCode"];
  if (typeof code !== "string") return [];
  const { message, fields } = item;
  return [
    {
      code,
      message: typeof message === "string" ? message : "",
      fields: Array.isArray(fields) ? fields.filter((field): field is string => typeof field === "string") : [],
    },
  ];
}

function seenIn(errors: readonly ApiError[], shape: Shape): ErrorSeen {
  return {
    codes: errors.map(({ code }) => code),
    detail: errors.map(({ code, message }) => `${code}: ${message}`).join("; "),
    fields: errors.flatMap((error) => [...fieldErrors(error, shape), ...missingReference(error, shape)]),
  };
}

const fieldErrors = ({ fields, message }: ApiError, shape: Shape): readonly FieldError[] =>
  fields.map((field) => ({ field: canonicalField(shape, field), message }));

const MISSING_REFERENCE = /Foreign key external ID: (.*) not found for field \S+ in entity (\w+)/i;

function missingReference({ message }: ApiError, shape: Shape): readonly FieldError[] {
  const [, key, object] = MISSING_REFERENCE.exec(message) ?? [];
  return shape.parents
    .filter((each) => each.object.toLowerCase() === object?.toLowerCase())
    .map(({ field, kind }) => ({ field, message: `Salesforce has no ${kind} with the key ${key}: deliver that one first` }));
}
