import { serverNowMs } from "../../connection/server-clock.ts";
import { isJsonObject, parseJson, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, Outcome, RequestSpec, ResponseSeen, Session } from "../define.ts";
import { csrfIsRefused } from "./authentication.ts";
import type { OData } from "./odata.ts";
import type { Settings } from "./settings.ts";

/** A conversation with one of the system's services, for one delivery or for reading. */
export interface Talk {
  readonly session: Session<Settings>;
  readonly odata: OData;
  /** Where the service's sets begin. */
  readonly root: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What a data steward knows a property as. */
  readonly fieldOf: (property: string) => string;
}

export const READ_HEADERS = { "user-agent": "signalbox" };

/** Times a record that others change meanwhile is read anew before the delivery is given back. */
const ROUNDS = 3;

export interface Rows {
  readonly rows: readonly JsonObject[];
  /** The server has kept some back. */
  readonly more: boolean;
  /** The server's clock; null where it does not tell. */
  readonly dateMs: number | null;
}

/** One record. One that is not there is `absent`. */
export async function get(talk: Talk, path: string): Promise<Result<JsonObject | "absent", Failed>> {
  const answer = await talk.session.send(requestTo(talk, "GET", path, {}));
  if (!answer.ok) return answer;
  if (answer.value.status === 404) return ok("absent");
  if (answer.value.status !== 200) return fail(failureOf(answer.value, talk));
  const record = talk.odata.row(bodyOf(answer.value) ?? {});
  return isJsonObject(record) ? ok(record) : fail(failed("transient", "the answer to a reading request is no record"));
}

/** The rows of a list. A list's set that is not there is a mistaken address, and an answer that is no list fails. */
export async function list(talk: Talk, path: string): Promise<Result<Rows, Failed>> {
  const answer = await talk.session.send(requestTo(talk, "GET", path, {}));
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return fail(failureOf(answer.value, talk));
  const body = bodyOf(answer.value) ?? {};
  const rows = talk.odata.rows(body);
  if (!Array.isArray(rows)) return fail(failed("transient", "the answer is no list of records"));
  return ok({ rows: objectsIn(rows), more: talk.odata.hasMore(body), dateMs: serverNowMs(answer.value) });
}

/** One request that changes something. `etag`: the state that it was decided on; another state is a `conflict`. */
export async function change(
  talk: Talk,
  method: "POST" | "PATCH" | "DELETE",
  path: string,
  { etag, body }: { readonly etag?: string | undefined; readonly body?: JsonObject },
): Promise<Result<ResponseSeen, Failed>> {
  const headers = {
    ...(etag === undefined ? {} : { "if-match": etag }),
    ...(body === undefined ? {} : { "content-type": talk.odata.mediaType }),
  };
  const request = requestTo(talk, method, path, headers);
  const answer = await talk.session.send(body === undefined ? request : { ...request, body: JSON.stringify(body) });
  if (!answer.ok) return answer;
  return answer.value.status >= 200 && answer.value.status < 300 ? answer : fail(failureOf(answer.value, talk));
}

const requestTo = (talk: Talk, method: RequestSpec["method"], path: string, headers: Readonly<Record<string, string>>): RequestSpec => ({
  method,
  url: `${talk.root}/${path}`,
  // Messages are compared with words where no code tells, so they must be in a known language.
  headers: { ...talk.headers, accept: talk.odata.mediaType, "accept-language": "en", ...headers },
});

export const etagOf = (talk: Talk, record: JsonObject): string | undefined => scalarText(talk.odata.etag(record));

/**
 * The id of a record just made, from its address: the body repeats the whole document, and a large one is not read to
 * its end. Null where neither tells.
 */
export function idOfNew(response: ResponseSeen, property: string, odata: OData): string | null {
  const named = /\('([^'/?]+)'\)\/?$/.exec(response.headers.get("location") ?? "")?.[1];
  if (named !== undefined) return decodeURIComponent(named.replace(/%(?![\da-f]{2})/gi, "%25"));
  const body = bodyOf(response);
  const record = body === undefined ? undefined : odata.row(body);
  return isJsonObject(record) ? (scalarText(record[property]) ?? null) : null;
}

export interface Convergence {
  readonly key: string;
  /** Ids of the records that carry the key, for people. */
  readonly idOf: (record: JsonObject) => string;
  readonly find: () => Promise<Result<readonly JsonObject[], Failed>>;
  readonly create: () => Promise<Outcome>;
  readonly update: (record: JsonObject) => Promise<Outcome>;
}

/** Finds, then makes or changes: there is no upsert by an external key. What another changed meanwhile is read anew. */
export async function converge({ key, idOf, find, create, update }: Convergence): Promise<Outcome> {
  for (let round = 1; ; round++) {
    const found = await find();
    if (!found.ok) return found.failure;
    const [first, second] = found.value;
    if (first === undefined) return create();
    if (second !== undefined)
      return failed("business", `the key "${key}" is carried by ${found.value.map(idOf).join(" and ")}: take it from one of them`);
    const outcome = await update(first);
    if (outcome.kind === "applied" || outcome.class !== "conflict" || round === ROUNDS) return outcome;
  }
}

/** An error body's code, words and fields: `{error: {code, message, innererror: {errordetails}}}`, or v4's `details`. */
function readError(response: ResponseSeen, fieldOf: Talk["fieldOf"]): ErrorSeen {
  const error = readPath(bodyOf(response) ?? {}, "error");
  if (!isJsonObject(error)) return { codes: [] };
  const inner = isJsonObject(error["innererror"]) ? error["innererror"] : {};
  const details = [...objectsIn(inner["errordetails"]), ...objectsIn(error["details"])].filter(isError);
  const codes = [error, ...details].flatMap(({ code }) => scalarText(code) ?? []);
  const fields = [error, ...details].flatMap((each) => fieldError(each, fieldOf));
  const words = [...new Set([error, ...details].map(({ message }) => wordsOf(message)))].filter((each) => each !== "");
  const transaction = scalarText(inner["transactionid"]);
  const detail = [
    `HTTP ${response.status} ${codes[0] ?? ""}: ${words.join("; ")}`,
    transaction === undefined ? "" : ` (transaction ${transaction})`,
  ];
  return {
    codes,
    detail: detail.join(""),
    fields: fields.filter((each, at) => fields.findIndex(({ field }) => field === each.field) === at),
  };
}

const isError = ({ severity }: JsonObject): boolean => severity === undefined || severity === "error";

/** Text in v4; in v2 `{lang, value}`. */
const wordsOf = (message: JsonValue | undefined): string => scalarText(isJsonObject(message) ? message["value"] : message) ?? "";

function fieldError(detail: JsonObject, fieldOf: Talk["fieldOf"]): readonly FieldError[] {
  const target = [detail["propertyref"], detail["target"]].map((each) => scalarText(each) ?? "").find((each) => each !== "") ?? "";
  const property = /(\w+)$/.exec(target)?.[1];
  // A target with a dot is a type, and # a note of the gateway to itself.
  return property === undefined || /[.#]/.test(target) ? [] : [{ field: fieldOf(property), message: wordsOf(detail["message"]) }];
}

/** Errors by code where there is one (message class and number), in the order in which they decide. */
const rulesOf = ({ lockCodes }: Settings): readonly ErrorRule[] => [
  { code: lockCodes, is: "transient" },
  { status: 423, is: "transient" },
  { says: /\bcurrently (?:being )?(?:processed|edited|changed|locked)\b|\blocked by user\b/i, is: "transient" },
  { status: 428, is: "conflict" },
  { status: [400, 404], says: /\b(?:property|resource|segment|service)\b.*\b(?:not found|does not exist|unknown)\b/i, is: "config" },
  // A dump has no message class of an application; a refusal that a programmer let out as 500 has.
  { status: 500, code: /^(?!\/IW|SY\/)[A-Z0-9_]{2,20}\/\d{3}$/, is: "business" },
];

function failureOf(response: ResponseSeen, { session, fieldOf }: Talk): Failed {
  if (csrfIsRefused(response)) return failed("auth", "the CSRF token is refused, and so is a new one");
  const failure = failureBy(response, readError(response, fieldOf), rulesOf(session.settings));
  return failure === "duplicate" ? failed("transient", `HTTP ${response.status}`) : failure;
}

function bodyOf(response: ResponseSeen): JsonObject | undefined {
  const parsed = parseJson(response.body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

export const failed = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail });
