import { isJsonObject, parseJson, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, RequestSpec, ResponseSeen, Session as AnySession } from "../define.ts";
import { detailOf } from "../outcome-of-status.ts";
import type { Settings } from "./settings.ts";

export type Session = AnySession<Settings>;
export type Headers = Readonly<Record<string, string>>;
export type Filter = readonly [field: string, operator: string, value: JsonValue];

/**
 * What Frappe's exceptions mean (github.com/frappe/frappe, frappe/exceptions.py); the answer names its own in `exc_type`.
 * Most are answered 417, which says nothing by itself.
 */
export const ERROR_RULES: readonly ErrorRule[] = [
  { code: ["DuplicateEntryError", "UniqueValidationError"], is: "duplicate" },
  { code: "TimestampMismatchError", is: "conflict" },
  { code: ["QueryDeadlockError", "QueryTimeoutError", "DocumentLockedError", "SessionStopped", "InReadOnlyMode"], is: "transient" },
  { code: ["RateLimitExceededError", "TooManyRequestsError"], is: "throttled" },
  { code: ["AuthenticationError", "SessionExpired", "CSRFTokenError"], is: "auth" },
  { code: ["PermissionError", "PageDoesNotExistError", "DataError"], is: "config" },
  { code: ["DoesNotExistError", "LinkExistsError"], is: "business" },
  { status: 417, is: "business" },
];

export interface ListQuery {
  readonly doctype: string;
  readonly fields: readonly string[];
  readonly filters: readonly Filter[];
  /** One of these must hold beside all filters. */
  readonly anyOf?: readonly Filter[];
  readonly orderBy?: string;
  /** Always said: left out, Frappe gives 20 rows and no word that there are more. */
  readonly limit: number;
}

export async function list(session: Session, wanted: ListQuery, headers: Headers = {}): Promise<Result<readonly JsonObject[], Failed>> {
  const search = new URLSearchParams({
    fields: JSON.stringify(wanted.fields),
    filters: JSON.stringify(wanted.filters),
    ...(wanted.anyOf === undefined ? {} : { or_filters: JSON.stringify(wanted.anyOf) }),
    order_by: wanted.orderBy ?? "name asc",
    limit_start: "0",
    limit_page_length: String(wanted.limit),
  });
  const answer = await send(session, { method: "GET", url: `${resource(session, wanted.doctype)}?${search.toString()}`, headers });
  if (!answer.ok) return answer;
  return Array.isArray(answer.value)
    ? ok(objectsIn(answer.value))
    : fail({ kind: "failed", class: "transient", detail: "the answer is no list of documents" });
}

/** One whole document, with its child tables; null if there is none of that name. */
export async function get(
  session: Session,
  doctype: string,
  name: string,
  headers: Headers = {},
): Promise<Result<JsonObject | null, Failed>> {
  const answer = await session.send({ method: "GET", url: resource(session, doctype, name), headers: withJson(headers) });
  if (!answer.ok) return answer;
  if (answer.value.status === 404 && seen(answer.value).codes.includes("DoesNotExistError")) return ok(null);
  const data = dataOf(answer.value, true);
  if (!data.ok) return data;
  return isJsonObject(data.value) ? ok(data.value) : fail({ kind: "failed", class: "transient", detail: "the answer is no document" });
}

export const create = (session: Session, doctype: string, values: JsonObject, headers: Headers): Promise<Result<JsonValue, Failed>> =>
  send(session, { method: "POST", url: resource(session, doctype), headers, body: JSON.stringify(values) });

export const update = (
  session: Session,
  { doctype, name }: { readonly doctype: string; readonly name: string },
  values: JsonObject,
  headers: Headers,
): Promise<Result<JsonValue, Failed>> =>
  send(session, { method: "PUT", url: resource(session, doctype, name), headers, body: JSON.stringify(values) });

export const remove = (session: Session, doctype: string, name: string, headers: Headers): Promise<Result<JsonValue, Failed>> =>
  send(session, { method: "DELETE", url: resource(session, doctype, name), headers });

/** A whitelisted method that only reads. */
export const ask = (session: Session, method: string, values: JsonObject, headers: Headers): Promise<Result<JsonValue, Failed>> =>
  send(session, { method: "POST", url: `${session.baseUrl}/api/method/${method}`, headers, body: JSON.stringify(values), reads: true });

const resource = ({ baseUrl }: Session, doctype: string, name?: string): string =>
  `${baseUrl}/api/resource/${encodeURIComponent(doctype)}${name === undefined ? "" : `/${encodeURIComponent(name.toWellFormed())}`}`;

const withJson = (headers: Headers): Headers => ({
  "user-agent": "signalbox",
  ...headers,
  accept: "application/json",
  "content-type": "application/json",
});

async function send(session: Session, request: RequestSpec): Promise<Result<JsonValue, Failed>> {
  const answer = await session.send({ ...request, headers: withJson(request.headers) });
  return answer.ok ? dataOf(answer.value, request.method === "GET" || request.reads === true) : answer;
}

/** `{data}` of a resource, `{message}` of a method or a deletion. */
function dataOf(response: ResponseSeen, reads: boolean): Result<JsonValue, Failed> {
  const parsed = parseJson(response.body);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const data = body["data"] ?? body["message"];
  const error = seen(response);
  if (response.status >= 200 && response.status < 300 && error.codes.length === 0) {
    if (data !== undefined) return ok(data);
    return fail({ kind: "failed", class: reads ? "transient" : "ambiguous", detail: `success without a document: ${detailOf(response)}` });
  }
  const failure = failureBy(response, error, ERROR_RULES);
  return fail(failure === "duplicate" ? { kind: "failed", class: "business", detail: error.detail ?? "it is there already" } : failure);
}

function seen(response: ResponseSeen): ErrorSeen {
  const parsed = parseJson(response.body);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const code = scalarText(body["exc_type"]);
  if (code === undefined) return { codes: [] };
  const said = messages(body["_server_messages"]);
  const detail = said.length > 0 ? said.join("; ") : (scalarText(body["exception"]) ?? code).replace(/^[\w.]+: /, "");
  return { codes: [code], detail, fields: fieldsNamed(code, detail) };
}

/** A JSON list of JSON objects, each as text. Their messages may be HTML. */
function messages(text: JsonValue | undefined): readonly string[] {
  const outer = typeof text === "string" ? parseJson(text) : null;
  if (outer?.ok !== true || !Array.isArray(outer.value)) return [];
  return (outer.value as readonly JsonValue[]).flatMap((each) => {
    const inner = typeof each === "string" ? parseJson(each) : null;
    const message = inner?.ok === true && isJsonObject(inner.value) ? scalarText(inner.value["message"]) : undefined;
    return message === undefined ? [] : [message.replace(/<[^>]*>/g, "")];
  });
}

const FIELD_OF: Readonly<Record<string, string>> = {
  customer: "customerId",
  customer_name: "name",
  items: "lines",
  item_code: "lines.sku",
  qty: "lines.quantity",
  rate: "lines.unitPrice",
  transaction_date: "orderedAt",
  posting_date: "issuedAt",
  due_date: "dueDate",
  currency: "total.currency",
  subject: "subject",
};

/** A missing value is told as `[Sales Order, SO-1]: customer, items`, a wrong link as `Could not find Row #1: Item Code: X`. */
function fieldsNamed(code: string, message: string): readonly FieldError[] {
  const missing = /\]:\s*([\w, ]+)$/.exec(message)?.[1];
  if (code === "MandatoryError" && missing !== undefined)
    return missing.split(/,\s*/).map((name) => ({ field: FIELD_OF[name] ?? name, message: "a value is required" }));
  const label = /^Could not find (?:Row #\d+: )?([^:]+):/.exec(message)?.[1];
  if (label === undefined) return [];
  const name = label.toLowerCase().replaceAll(" ", "_");
  return [{ field: FIELD_OF[name] ?? name, message }];
}
