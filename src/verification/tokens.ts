import { isJsonObject, parseJson, readPath } from "../domain/json.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, LiveSecret, Proof, Unproven } from "./define.ts";
import { sha256, tokenDigest } from "./keys.ts";
import { equalBytes } from "./signature.ts";

/** A token in the URL's query, for senders that can do no better. It must be there exactly once. */
export async function verifyQueryToken(request: Unproven, parameter: string): Promise<Checked<Proof>> {
  const [token, ...more] = request.url.searchParams.getAll(parameter);
  if (token === undefined || token === "") return fail("token_missing");
  const secretId = await secretOf(token, request.secrets);
  return secretId.ok && more.length > 0 ? fail("token_mismatch") : authenticated(secretId);
}

/** A token in a header, after a prefix such as `Bearer `, whose letters' case does not count (RFC 9110, section 11.1). */
export async function verifyHeaderToken(
  request: Unproven,
  at: { readonly header: string; readonly prefix: string },
): Promise<Checked<Proof>> {
  const value = request.headers.get(at.header);
  if (value === null || value === "") return fail("token_missing");
  if (value.slice(0, at.prefix.length).toLowerCase() !== at.prefix.toLowerCase()) return fail("token_mismatch");
  return authenticated(await secretOf(value.slice(at.prefix.length), request.secrets));
}

/** Basic authentication (RFC 7617); secrets are `user:password`, and only the first colon parts them. */
export async function verifyBasic(request: Unproven): Promise<Checked<Proof>> {
  const value = request.headers.get("authorization");
  if (value === null || value === "") return fail("token_missing");
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1];
  const credentials = encoded === undefined ? null : decodeCredentials(encoded);
  return credentials === null ? fail("token_mismatch") : authenticated(await secretOf(credentials, request.secrets));
}

function decodeCredentials(encoded: string): string | null {
  try {
    const binary = atob(encoded);
    if (btoa(binary) !== encoded) return null;
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(binary, (character) => character.charCodeAt(0)),
    );
  } catch {
    return null;
  }
}

/** A token in every element of a list in the body: one that lacks it, or has a wrong one, and nothing of the request counts. */
export async function verifyTokenInBody(
  request: Unproven,
  at: { readonly list: string; readonly member: string },
): Promise<Checked<Proof>> {
  const items = listIn(request.body, at.list);
  if (items === null || items.length === 0) return fail("token_missing");
  let secretId: Checked<string> = fail("token_missing");
  for (const item of items) {
    const token = isJsonObject(item) ? item[at.member] : undefined;
    if (typeof token !== "string" || token === "") return fail("token_missing");
    secretId = await secretOf(token, request.secrets);
    if (!secretId.ok) return secretId;
  }
  return authenticated(secretId);
}

const MOST_ITEMS = 1_000;

function listIn(body: Uint8Array, path: string): readonly unknown[] | null {
  try {
    const parsed = parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
    const list = parsed.ok ? readPath(parsed.value, path) : undefined;
    return Array.isArray(list) && list.length <= MOST_ITEMS ? (list as readonly unknown[]) : null;
  } catch {
    return null;
  }
}

/** Compares digests, which are of one length, so that time tells nothing of the token; looks at every secret, as slow for each. */
export async function secretOf(token: string, secrets: readonly LiveSecret[]): Promise<Checked<string>> {
  const usable = secrets.filter((secret) => secret.value !== "");
  if (usable.length === 0) return fail("misconfigured");
  const given = await sha256(token);
  const digests = await Promise.all(usable.map(tokenDigest));
  const [secret] = usable.filter((_secret, index) => equalBytes(given, digests[index] ?? new Uint8Array()));
  return secret === undefined ? fail("token_mismatch") : ok(secret.id);
}

const authenticated = (secretId: Checked<string>): Checked<Proof> =>
  secretId.ok ? ok({ verdict: "authenticated", secretId: secretId.value, timestampMs: null, deliveryId: null }) : secretId;
