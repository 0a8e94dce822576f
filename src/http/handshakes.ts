import { isJsonObject, parseJson, readPath, type JsonObject } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Handshake } from "../sources/define.ts";

/** What was asked, in a word for the record, and the answer; null if the request is no handshake. */
export type Answered = { readonly handshake: Handshake["kind"]; readonly answer: Result<Response, string> } | null;

/** Tokens that are given back: of an alphabet in which neither a page nor a signed text can be written. */
const ECHO = /^[A-Za-z0-9._~+/=-]{1,512}$/;
/** Shorter still, and without the characters that part time and body in what is signed: its HMAC can never pass for a signature. */
const PLAIN_TOKEN = /^[A-Za-z0-9_-]{1,128}$/;
const ORIGIN = /^[A-Za-z0-9.-]{1,253}$/;

const text = (body: string): Response =>
  new Response(body, { headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" } });
const json = (body: object): Response => Response.json(body, { headers: { "x-content-type-options": "nosniff" } });
const empty = (): Response => new Response(null, { status: 200 });

const echo = (token: string | null | undefined): Result<Response, string> =>
  token !== null && token !== undefined && ECHO.test(token)
    ? ok(text(token))
    : fail("the token to return is missing, too long or of other characters");

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** Whether the request carries the proof that the source's posts do; only asked where a handshake needs it. */
  readonly proves: () => Promise<boolean>;
  /** Whether a value is one of the source's live secrets. */
  readonly isSecret: (value: string) => Promise<boolean>;
  /** Takes a secret that the sender brings, while an operator's window is open. */
  readonly register: (secret: string) => Promise<boolean>;
}

/** Answers what a sender asks without a proven body: by method, query or header. */
export async function answerProbe(handshakes: readonly Handshake[], asked: Asked): Promise<Answered> {
  for (const handshake of handshakes) {
    const answer = await probe(handshake, asked);
    if (answer !== null) return { handshake: handshake.kind, answer };
  }
  return null;
}

async function probe(handshake: Handshake, asked: Asked): Promise<Result<Response, string> | null> {
  const { method, url, headers } = asked;
  switch (handshake.kind) {
    case "cloudEventsOptions":
      return method === "OPTIONS" && headers.has("webhook-request-origin") ? consent(handshake, asked) : null;
    case "validationToken":
      return url.searchParams.has(handshake.parameter) ? echo(url.searchParams.get(handshake.parameter)) : null;
    case "hubChallenge":
      return method === "GET" && url.searchParams.get("hub.mode") === "subscribe" ? hubChallenge(asked) : null;
    case "headerChallenge": {
      const challenge = method === "GET" ? headers.get(handshake.header) : null;
      if (challenge === null) return null;
      return ECHO.test(challenge) ? ok(json({ [handshake.member]: challenge })) : fail("the challenge is too long or of other characters");
    }
    case "hookSecret":
      return method === "POST" && headers.has(handshake.header) ? hookSecret(handshake.header, asked) : null;
    case "probe":
      return method === "HEAD" ? ok(empty()) : null;
    case "challengeInBody":
    case "signedChallenge":
    case "ping":
      return null;
  }
}

/**
 * CloudEvents webhook 1.0, section 4: without these headers an answer is no consent. The callback that a request may
 * name is never called: whoever asks chose it.
 */
async function consent(handshake: Extract<Handshake, { kind: "cloudEventsOptions" }>, asked: Asked): Promise<Result<Response, string>> {
  const origin = asked.headers.get("webhook-request-origin") ?? "";
  const anyone = handshake.origins.includes("*");
  if (!ORIGIN.test(origin) || !(anyone || handshake.origins.includes(origin))) return fail("the origin is not allowed");
  if (handshake.authorized && !(await asked.proves())) return fail("the authorization is not that of this source");
  const wanted = asked.headers.get("webhook-request-rate");
  const rate =
    wanted === null || !/^[1-9]\d{0,8}$/.test(wanted) ? handshake.ratePerMinute : Math.min(Number(wanted), handshake.ratePerMinute);
  return ok(
    new Response(null, { status: 200, headers: { "webhook-allowed-origin": origin, "webhook-allowed-rate": String(rate), allow: "POST" } }),
  );
}

async function hubChallenge({ url, isSecret }: Asked): Promise<Result<Response, string>> {
  const token = url.searchParams.get("hub.verify_token") ?? "";
  return (await isSecret(token)) ? echo(url.searchParams.get("hub.challenge")) : fail("the verify token is none of the secrets");
}

async function hookSecret(header: string, { headers, register }: Asked): Promise<Result<Response, string>> {
  const secret = headers.get(header) ?? "";
  if (!ECHO.test(secret) || secret.length < 16) return fail("the secret is too short, too long or of other characters");
  if (!(await register(secret))) return fail("no registration is open for this account");
  return ok(new Response(null, { status: 200, headers: { [header]: secret } }));
}

export interface ProvenBody {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Hex HMAC-SHA256 with the secret that proved the request. */
  readonly sign: (text: string) => Promise<string>;
}

/** Answers what a sender asks by a proven body. */
export async function answerProven(handshakes: readonly Handshake[], proven: ProvenBody): Promise<Answered> {
  const asking = handshakes.filter((handshake) => ["challengeInBody", "signedChallenge", "ping"].includes(handshake.kind));
  if (asking.length === 0) return null;
  // Most bodies are events: only a small one can be a handshake.
  const document = proven.body.byteLength > MOST_BYTES && asking.every(({ kind }) => kind !== "ping") ? null : documentOf(proven.body);
  for (const handshake of asking) {
    const answer = await provenAnswer(handshake, document, proven);
    if (answer !== null) return { handshake: handshake.kind, answer };
  }
  return null;
}

const MOST_BYTES = 16_384;

function documentOf(body: Uint8Array): JsonObject | null {
  if (body.byteLength > MOST_BYTES) return null;
  const parsed = parseJson(new TextDecoder().decode(body));
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : null;
}

async function provenAnswer(
  handshake: Handshake,
  document: JsonObject | null,
  proven: ProvenBody,
): Promise<Result<Response, string> | null> {
  const at = (path: string): string | null => {
    const value = document === null ? undefined : readPath(document, path);
    return typeof value === "string" ? value : null;
  };
  switch (handshake.kind) {
    case "challengeInBody":
      return at(handshake.typeAt) === handshake.type ? echo(at(handshake.challengeAt)) : null;
    case "signedChallenge": {
      if (at(handshake.typeAt) !== handshake.type) return null;
      const plainToken = at(handshake.tokenAt) ?? "";
      if (!PLAIN_TOKEN.test(plainToken)) return fail("the plain token is missing, too long or of other characters");
      return ok(json({ plainToken, encryptedToken: await proven.sign(plainToken) }));
    }
    case "ping": {
      const said = handshake.in === "header" ? proven.headers.get(handshake.at) : at(handshake.at);
      return said === handshake.value ? ok(empty()) : null;
    }
    case "cloudEventsOptions":
    case "validationToken":
    case "hubChallenge":
    case "headerChallenge":
    case "hookSecret":
    case "probe":
      return null;
  }
}
