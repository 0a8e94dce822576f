import { withBearer } from "../../connection/oauth.ts";
import { isJsonObject, parseJson, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Authentication, Credential, Failed, FieldError, RequestSpec, ResponseSeen, Session as AnySession } from "../define.ts";
import { detailOf } from "../outcome-of-status.ts";
import type { Settings } from "./settings.ts";

export type Session = AnySession<Settings>;

export interface Call {
  readonly model: string;
  readonly method: string;
  /** The records that it is called on; absent: the model. */
  readonly ids?: readonly JsonValue[];
  readonly named?: JsonObject;
  readonly context?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What Odoo's exceptions mean, by the Python name that the error tells (github.com/odoo/odoo, odoo/exceptions.py and
 * odoo/http.py). The names of the database's own errors are from memory of psycopg2.
 */
export const ERROR_RULES: readonly ErrorRule[] = [
  { code: "odoo.exceptions.MissingError", is: "conflict" },
  { code: ["odoo.exceptions.UserError", "odoo.exceptions.ValidationError", "odoo.exceptions.RedirectWarning"], is: "business" },
  { code: ["odoo.exceptions.AccessDenied", "odoo.http.SessionExpiredException"], is: "auth" },
  { code: "odoo.exceptions.AccessError", is: "config" },
  { code: /^psycopg2\.errors\.(SerializationFailure|LockNotAvailable|DeadlockDetected)$|^psycopg2\.OperationalError$/, is: "transient" },
  { code: /^psycopg2\.(errors\.\w+Violation|IntegrityError)$/, is: "business" },
  {
    code: /^(werkzeug\.exceptions\.(NotFound|UnprocessableEntity)|builtins\.(KeyError|ValueError|TypeError|AttributeError))$/,
    is: "config",
  },
  { code: "werkzeug.exceptions.TooManyRequests", is: "throttled" },
];

export const change = (session: Session, call: Call): Promise<Result<JsonValue, Failed>> => send(session, call, false);
export const query = (session: Session, call: Call): Promise<Result<JsonValue, Failed>> => send(session, call, true);

export async function searchRead(
  session: Session,
  search: {
    readonly model: string;
    readonly domain: readonly JsonValue[];
    readonly fields: readonly string[];
    readonly limit: number;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Result<readonly JsonObject[], Failed>> {
  const { model, domain, fields, limit, headers = {} } = search;
  const named = { domain, fields: [...fields], limit, order: "id" };
  // Archived records too: a customer that is inactive is still there.
  const answer = await query(session, { model, method: "search_read", named, context: { active_test: false }, headers });
  if (!answer.ok) return answer;
  return Array.isArray(answer.value)
    ? ok(objectsIn(answer.value))
    : fail({ kind: "failed", class: "transient", detail: "the answer is no list of records" });
}

async function send(session: Session, call: Call, reads: boolean): Promise<Result<JsonValue, Failed>> {
  const request =
    session.settings.api === "json2" ? json2(session, call) : jsonRpc(session.baseUrl, objectCall(session.settings, call), call.headers);
  const answer = await session.send(reads ? { ...request, reads } : request);
  return answer.ok ? resultOf(answer.value, reads) : answer;
}

const contextOf = ({ company }: Settings, context: JsonObject = {}): JsonObject => ({
  lang: "en_US",
  ...(company === undefined ? {} : { allowed_company_ids: [company] }),
  ...context,
});

/** One address for each method; arguments by name (https://www.odoo.com/documentation/19.0/developer/reference/external_api.html). */
function json2({ baseUrl, settings }: Session, { model, method, ids, named, context, headers }: Call): RequestSpec {
  const { database } = settings;
  return {
    method: "POST",
    url: `${baseUrl}/json/2/${model}/${method}`,
    headers: {
      "user-agent": "signalbox",
      ...headers,
      accept: "application/json",
      "content-type": "application/json",
      ...(database === undefined ? {} : { "x-odoo-database": database }),
    },
    body: JSON.stringify({ ...(ids === undefined ? {} : { ids: [...ids] }), ...named, context: contextOf(settings, context) }),
  };
}

const jsonRpc = (baseUrl: string, params: JsonObject, headers: Readonly<Record<string, string>> = {}): RequestSpec => ({
  method: "POST",
  url: `${baseUrl}/jsonrpc`,
  headers: { "user-agent": "signalbox", ...headers, accept: "application/json", "content-type": "application/json" },
  body: JSON.stringify({ jsonrpc: "2.0", method: "call", id: 1, params }),
});

/** User and key have their places in the body, and are put there when the request is sent. */
function objectCall(settings: Settings, { model, method, ids, named, context }: Call): JsonObject {
  const positional = ids === undefined ? [] : [[...ids]];
  const keywords = { ...named, context: contextOf(settings, context) };
  return { service: "object", method: "execute_kw", args: [settings.database ?? "", 0, "", model, method, positional, keywords] };
}

function resultOf(response: ResponseSeen, reads: boolean): Result<JsonValue, Failed> {
  const parsed = parseJson(response.body);
  const value = parsed.ok ? parsed.value : null;
  const isRpc = isJsonObject(value) && value["jsonrpc"] === "2.0";
  const error = isRpc ? value["error"] : response.status >= 400 ? value : undefined;
  const isSuccess = response.status >= 200 && response.status < 300;
  if (isSuccess && error === undefined) {
    if (parsed.ok) return ok(isRpc ? (value["result"] ?? null) : value);
    return fail({ kind: "failed", class: reads ? "transient" : "ambiguous", detail: `no answer of the API: ${detailOf(response)}` });
  }
  const failure = failureBy(response, errorSeen(error), ERROR_RULES);
  return fail(failure === "duplicate" ? { kind: "failed", class: "business", detail: detailOf(response) } : failure);
}

/** `{name, message}`; the older API has it under `data`. */
function errorSeen(error: JsonValue | undefined): ErrorSeen {
  const outer = isJsonObject(error) ? error : {};
  const said = isJsonObject(outer["data"]) ? outer["data"] : outer;
  const [name, message] = [scalarText(said["name"]), scalarText(said["message"])];
  if (name === undefined) return { codes: [] };
  return { codes: [name], detail: message ?? name, fields: fieldsNamed(message ?? "") };
}

/** Canonical names of what Odoo's messages call a field. */
const FIELD_OF: Readonly<Record<string, string>> = {
  vat: "taxId",
  partner_id: "customerId",
  product_id: "lines.sku",
  product_uom_qty: "lines.quantity",
  price_unit: "lines.unitPrice",
  order_line: "lines",
  invoice_date: "issuedAt",
  invoice_date_due: "dueDate",
};

/** Odoo's English messages name a required field as `Name (name)`, and an unknown one in quotes. */
const fieldsNamed = (message: string): readonly FieldError[] =>
  [...message.matchAll(/field[^\n]{0,40}?(?:'|\()([a-z_]{1,60})(?:'|\))/gi)].flatMap(([, field]) =>
    field === undefined ? [] : [{ field: FIELD_OF[field] ?? field, message }],
  );

export const authentication: Authentication<Settings> = {
  obtain: (session) =>
    session.settings.api === "json2"
      ? Promise.resolve(ok({ values: { token: session.secrets["apiKey"] ?? "" }, expiresAtMs: null }))
      : logIn(session),
  apply: (request, credential, { settings, secrets }) =>
    settings.api === "json2" ? withBearer(request, credential) : withUser(request, credential, settings.database, secrets["apiKey"] ?? ""),
  refuses: ({ status, body }) => status === 401 || (status === 200 && body.includes('"odoo.exceptions.AccessDenied"')),
};

function withUser(request: RequestSpec, credential: Credential | null, database: string, key: string): RequestSpec {
  const empty = `"args":[${JSON.stringify(database)},0,"",`;
  const filled = `"args":[${JSON.stringify(database)},${credential?.values["uid"] ?? "0"},${JSON.stringify(key)},`;
  return { ...request, ...(request.body === undefined ? {} : { body: request.body.replace(empty, () => filled) }) };
}

/** The id of a user, by which the older API knows it. */
async function logIn(session: Session): Promise<Result<Credential, Failed>> {
  const { settings, secrets, baseUrl } = session;
  if (settings.api === "json2") return fail({ kind: "failed", class: "config", detail: "this API has no login" });
  const args = [settings.database, settings.user, secrets["apiKey"] ?? "", {}];
  const request = jsonRpc(baseUrl, { service: "common", method: "authenticate", args });
  const answer = await session.send({ ...request, reads: true });
  if (!answer.ok) return answer;
  const result = resultOf(answer.value, true);
  if (!result.ok) return fail(result.failure.class === "auth" ? { ...result.failure, class: "config" } : result.failure);
  return typeof result.value === "number" && result.value > 0
    ? ok({ values: { uid: String(result.value) }, expiresAtMs: null })
    : fail({ kind: "failed", class: "config", detail: "Odoo refuses the user or its key" });
}
