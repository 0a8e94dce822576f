import type { Credential, Failed, RequestSpec, ResponseSeen, Session } from "../destinations/define.ts";
import { cleanText, detailOf, retryAfterMs } from "../destinations/outcome-of-status.ts";
import { isJsonObject, parseJson } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** The form of a client that proves itself with a signed assertion (RFC 7523 section 2.2). */
export const CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** The grant by which an assertion itself is the authorization (RFC 7523 section 2.1). */
export const JWT_BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export interface TokenRequest {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Asks an OAuth 2.0 token endpoint (RFC 6749 section 4.4 and 5). The credential's `token` is the access token; its end
 * is the issuer's `expires_in`, or unknown. Failures: `config` when the issuer refuses the client or the assertion (RFC
 * 6749 section 5.2), `throttled` and `transient` by status; never with the token or the assertion in their words.
 */
export async function obtainToken(session: Session<unknown>, request: TokenRequest): Promise<Result<Credential, Failed>> {
  const answer = await session.send(formPost(request));
  if (!answer.ok) return fail(answer.failure.class === "ambiguous" ? { ...answer.failure, class: "transient" } : answer.failure);
  return answer.value.status === 200 ? readToken(answer.value, session.nowMs()) : fail(refusalOf(answer.value));
}

const formPost = ({ url, form, headers }: TokenRequest): RequestSpec => ({
  method: "POST",
  url,
  headers: {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    "user-agent": "signalbox",
    ...headers,
  },
  body: new URLSearchParams(form).toString(),
});

function readToken(response: ResponseSeen, nowMs: number): Result<Credential, Failed> {
  const parsed = parseJson(response.body);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const { access_token: token, expires_in: lasts } = body;
  if (typeof token !== "string" || token === "") return fail(failed("transient", "the token endpoint's answer holds no access_token"));
  const seconds = Number(lasts);
  const expiresAtMs = lasts !== undefined && Number.isFinite(seconds) && seconds > 0 ? nowMs + seconds * 1000 : null;
  return ok({ values: { token }, expiresAtMs });
}

/** An endpoint says why in `error` (RFC 6749 section 5.2); what it echoes of ours beyond that is not kept. */
function refusalOf(response: ResponseSeen): Failed {
  const { status } = response;
  const waitMs = retryAfterMs(response);
  const parsed = parseJson(response.body);
  const said = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const why = [said["error"], said["error_description"]].filter((part) => typeof part === "string").join(": ");
  const detail = `the token endpoint refused: ${why === "" ? detailOf({ ...response, body: "" }) : cleanText(withoutTokens(why))}`;
  if (status === 429) return { ...failed("throttled", detail), ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) };
  return failed(status >= 400 && status < 500 && status !== 408 ? "config" : "transient", detail);
}

/** Compact JWTs and anything as long as a token. */
const withoutTokens = (text: string): string => text.replace(/[A-Za-z0-9_-]{40,}(?:\.[A-Za-z0-9_-]+)*/g, "[token removed]");

const failed = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail });

/** Puts a bearer token on a request (RFC 6750). */
export const withBearer = (request: RequestSpec, credential: Credential | null): RequestSpec => ({
  ...request,
  headers: { ...request.headers, authorization: `Bearer ${credential?.values["token"] ?? ""}` },
});

/** HTTP Basic (RFC 7617), in UTF-8. */
export const withBasic = (request: RequestSpec, user: string, password: string): RequestSpec => ({
  ...request,
  headers: { ...request.headers, authorization: `Basic ${base64Of(`${user}:${password}`)}` },
});

export const base64Of = (text: string): string => base64OfBytes(new TextEncoder().encode(text));

export const base64OfBytes = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
