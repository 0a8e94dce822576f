import { base64Of, withBasic } from "../../connection/oauth.ts";
import { isJsonObject, parseJson, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Authentication, Credential, Failed, FieldError, RequestSpec, ResponseSeen, Session as AnySession } from "../define.ts";
import { cleanText, detailOf } from "../outcome-of-status.ts";
import type { Settings } from "./settings.ts";
import { plain } from "./values.ts";

export type Session = AnySession<Settings>;

export interface Call {
  readonly model: string;
  readonly method: string;
  /** Without the context, which every call ends with. */
  readonly params: readonly JsonValue[];
  readonly context?: JsonObject;
  /** Of the delivery that it is for; a read that is for none has only its own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What Tryton's errors mean. It answers a well-formed call with 200 and `error: [name, ...]`; anything that is none of its
 * own exceptions has the exception's text for a name (trytond/protocols/jsonrpc.py, trytond/exceptions.py). The calls ask
 * for English, so the few texts that are looked at are its own English ones.
 */
export const ERROR_RULES: readonly ErrorRule[] = [
  { code: "UserError", says: /that don't exist anymore/, is: "conflict" },
  { code: "UserError", says: /^You are not allowed to/, is: "config" },
  { code: ["UserError", "UserWarning"], is: "business" },
  { code: "ConcurrencyException", is: "conflict" },
  { code: "LoginException", is: "auth" },
  { code: "RateLimitException", is: "throttled" },
  // A field or model that it does not have is a Python KeyError.
  { code: /^'[\w.-]+'$/, is: "config" },
  { code: /^(Missing context argument|Database .* doesn't exist)/, is: "config" },
  { code: /database is locked|could not serialize|deadlock|could not obtain lock/i, is: "transient" },
];

/** Calls a method of a model. Fails as the error table says; a success whose answer is no RPC answer is `ambiguous`, so that it is read back. */
export const change = (session: Session, call: Call): Promise<Result<JsonValue, Failed>> => send(session, call, false);

/** The same for a method that only reads. */
export const query = (session: Session, call: Call): Promise<Result<JsonValue, Failed>> => send(session, call, true);

/** Records of a model, in plain JSON. */
export async function searchRead(
  session: Session,
  search: {
    readonly model: string;
    readonly domain: readonly JsonValue[];
    readonly fields: readonly string[];
    readonly limit: number;
    readonly order?: readonly JsonValue[];
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Result<readonly JsonObject[], Failed>> {
  const { model, domain, fields, limit, order = [["id", "ASC"]], headers = {} } = search;
  const answer = await query(session, { model, method: "search_read", params: [domain, 0, limit, order, [...fields]], headers });
  if (!answer.ok) return answer;
  return Array.isArray(answer.value)
    ? ok(objectsIn(answer.value))
    : fail({ kind: "failed", class: "transient", detail: "the answer is no list of records" });
}

async function send(session: Session, call: Call, reads: boolean): Promise<Result<JsonValue, Failed>> {
  const context = { language: "en", company: session.settings.company, ...call.context };
  const request = post(session.baseUrl, `model.${call.model}.${call.method}`, [...call.params, context], call.headers);
  const answer = await session.send(reads ? { ...request, reads } : request);
  return answer.ok ? resultOf(answer.value, reads) : answer;
}

/** Exactly these three members: with any other, Tryton answers errors as HTML pages. */
const post = (
  baseUrl: string,
  method: string,
  params: readonly JsonValue[],
  headers: Readonly<Record<string, string>> = {},
): RequestSpec => ({
  method: "POST",
  url: `${baseUrl}/`,
  headers: { "user-agent": "signalbox", ...headers, accept: "application/json", "content-type": "application/json" },
  body: JSON.stringify({ id: 1, method, params }),
});

function resultOf(response: ResponseSeen, reads: boolean): Result<JsonValue, Failed> {
  const parsed = parseJson(response.body);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  if (response.status === 200 && Object.hasOwn(body, "result")) return ok(plain(body["result"] ?? null));
  const seen = errorSeen(parsed.ok ? body["error"] : errorCutOff(response.body));
  if (response.status === 200 && seen === null)
    return fail({ kind: "failed", class: reads ? "transient" : "ambiguous", detail: `no answer of an RPC: ${detailOf(response)}` });
  const failure = failureBy(response, seen ?? { codes: [] }, ERROR_RULES);
  return fail(failure === "duplicate" ? { kind: "failed", class: "transient", detail: detailOf(response) } : failure);
}

/** The third part of an error can be the whole description of a model, so that only the beginning of the answer is there. */
function errorCutOff(body: string): JsonValue | undefined {
  const text = String.raw`"(?:[^"\\]|\\.)*"`;
  const match = new RegExp(String.raw`^\{"id":\s*\d+,\s*"error":\s*(\[${text},\s*\[${text},\s*${text})`).exec(body);
  const parsed = match?.[1] === undefined ? null : parseJson(`${match[1]}]]`);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** `[name, message]`, `["UserError", [message, description, domain]]` or `["UserWarning", [name, message, description]]`. */
function errorSeen(error: JsonValue | undefined): ErrorSeen | null {
  if (!Array.isArray(error)) return null;
  const [name, told] = error as readonly JsonValue[];
  const code = scalarText(name);
  if (code === undefined) return null;
  const parts = Array.isArray(told) ? (told as readonly JsonValue[]) : [told];
  const said = code === "UserWarning" ? parts.slice(1, 3) : parts.slice(0, 2);
  const detail = said.flatMap((part) => (typeof part === "string" && part !== "" ? [part] : [])).join(" - ");
  return { codes: [code], detail: detail === "" ? code : detail, fields: fieldsNamed(detail) };
}

/** Canonical names of what Tryton's English messages call a field of a model. */
const FIELD_OF_LABEL: Readonly<Record<string, string>> = {
  "Name in Party": "name",
  "Code in Party": "number",
  "Party in Sale": "customerId",
  "Invoice Address in Sale": "customerId",
  "Currency in Sale": "total.currency",
  "Product in Sale Line": "lines.sku",
  "Quantity in Sale Line": "lines.quantity",
  "Unit Price in Sale Line": "lines.unitPrice",
  "Invoice Date in Invoice": "issuedAt",
};

function fieldsNamed(message: string): readonly FieldError[] {
  const [, label, model] = /field "([^"]{1,80})" in "([^"]{1,80})"/.exec(message) ?? [];
  if (label !== undefined && model !== undefined)
    return [{ field: FIELD_OF_LABEL[`${label} in ${model}`] ?? `${model}.${label}`, message }];
  return /\b(VAT|identifier)\b/i.test(message) ? [{ field: "taxId", message }] : [];
}

/** A session that is kept until Tryton refuses it, or the password with every call. */
export const authentication: Authentication<Settings> = {
  obtain: (session) => (session.settings.login === "basic" ? Promise.resolve(ok({ values: {}, expiresAtMs: null })) : logIn(session)),
  apply: (request, credential, { settings, secrets }) =>
    settings.login === "basic"
      ? withBasic(request, settings.user, secrets["password"] ?? "")
      : { ...request, headers: { ...request.headers, authorization: `Session ${credential?.values["session"] ?? ""}` } },
};

/** `common.db.login` gives the user's id and a session key. Too many wrong ones are answered 429, without saying for how long. */
async function logIn(session: Session): Promise<Result<Credential, Failed>> {
  const { user } = session.settings;
  const request = post(session.baseUrl, "common.db.login", [user, { password: session.secrets["password"] ?? "" }, "en"]);
  const answer = await session.send({ ...request, reads: true });
  if (!answer.ok) return answer;
  if (answer.value.status === 401 || answer.value.status === 404)
    return fail({ kind: "failed", class: "config", detail: `Tryton refuses the login of "${cleanText(user)}" (${answer.value.status})` });
  const result = resultOf(answer.value, true);
  if (!result.ok) return fail(result.failure.class === "auth" ? { ...result.failure, class: "config" } : result.failure);
  const [uid, key] = Array.isArray(result.value) ? (result.value as readonly JsonValue[]) : [];
  return typeof uid === "number" && typeof key === "string"
    ? ok({ values: { session: base64Of(`${user}:${uid}:${key}`) }, expiresAtMs: null })
    : fail({ kind: "failed", class: "transient", detail: "the answer to the login holds no session" });
}
