import { fail, ok } from "../domain/result.ts";
import type { Checked, Proof, Unproven } from "./define.ts";
import { digestOf, keyOf } from "./keys.ts";
import { decodeAll, proveWith } from "./prove.ts";
import { decodeBytes, equalBytes } from "./signature.ts";

const HEADER = "x-twilio-signature";
const utf8 = new TextEncoder();

/**
 * Twilio: base64 HMAC-SHA1 with the account's auth token over the URL and the form's fields, sorted by name, name and
 * value without anything between. A body that is no form is proven by its SHA-256 in the URL, which alone is signed
 * then. https://www.twilio.com/docs/usage/security#validating-requests (as the twilio package 6.2.0 does it)
 */
export async function verifyTwilio(request: Unproven): Promise<Checked<Proof>> {
  const header = request.headers.get(HEADER);
  if (header === null || header === "") return fail("signature_missing");
  const signatures = decodeAll([header], "SHA-1", "base64");
  if (signatures.length === 0) return fail(header.includes(", ") ? "duplicate_header" : "signature_malformed");
  const fields = await signedFields(request);
  if (!fields.ok) return fields;
  let last: Checked<string> = fail("signature_mismatch");
  for (const url of spellings(request.url)) {
    last = await proveWith(request.secrets, {
      message: () => utf8.encode(url + fields.value),
      signatures: () => signatures,
      keyOf: (secret) => keyOf({ algorithm: "SHA-1", encoding: "utf8", text: secret }),
    });
    if (last.ok || last.failure !== "signature_mismatch") break;
  }
  return last.ok ? ok({ verdict: "verified", secretId: last.value, timestampMs: null, deliveryId: null }) : last;
}

/** What Twilio may have signed for this URL: with and without a port, and with the query's escapes as they come or made anew. */
function spellings(url: URL): ReadonlySet<string> {
  const scheme = `${url.protocol}//`;
  const target = url.href.slice(url.href.indexOf(url.host, scheme.length) + url.host.length);
  const [path = ""] = target.split("?", 1);
  const query = target.slice(path.length);
  const escaped = [...url.searchParams].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  const ports = url.port === "" ? ["", url.protocol === "https:" ? ":443" : ":80"] : [`:${url.port}`, ""];
  const queries = escaped === "" ? [query] : [query, `?${escaped}`];
  return new Set(queries.flatMap((each) => ports.map((port) => scheme + url.hostname + port + path + each)));
}

/** The text that stands for the body in what is signed; nothing where the URL holds the body's hash, or there is no body. */
async function signedFields({ url, body, headers }: Unproven): Promise<Checked<string>> {
  const [claim, ...more] = url.searchParams.getAll("bodySHA256");
  if (claim !== undefined) {
    const claimed = more.length === 0 ? decodeBytes(claim.toLowerCase(), "hex") : null;
    return claimed !== null && equalBytes(claimed, await digestOf("SHA-256", body)) ? ok("") : fail("digest_mismatch");
  }
  if (body.byteLength === 0) return ok("");
  const form = FORM.test(headers.get("content-type") ?? "") ? readFields(body) : null;
  return form === null ? fail("digest_mismatch") : ok(sorted(form));
}

const FORM = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;
/** Far more than a callback has. */
const MOST_FIELDS = 1_000;

type Fields = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The form's different values by name; null unless it is UTF-8, also behind the escapes, every escape whole and every
 * field `name=value`: of what is written otherwise than Twilio does, two bodies would have one signed text.
 */
function readFields(body: Uint8Array): Fields | null {
  const fields = new Map<string, Set<string>>();
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const pairs = text.split("&", MOST_FIELDS + 1);
    if (pairs.length > MOST_FIELDS) return null;
    for (const pair of pairs) {
      const equals = pair.indexOf("=");
      if (equals < 1) return null;
      const [name, value] = [unescaped(pair.slice(0, equals)), unescaped(pair.slice(equals + 1))];
      fields.set(name, (fields.get(name) ?? new Set()).add(value));
    }
    return fields;
  } catch {
    return null;
  }
}

/** Throws for escapes that are broken, or no UTF-8. */
const unescaped = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

/** Names in order of their characters; of a name given several times every different value, in order too. */
const sorted = (fields: Fields): string =>
  [...fields]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([name, values]) => [...values].toSorted().map((value) => name + value))
    .join("");
