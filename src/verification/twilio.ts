import { fail, ok } from "../domain/result.ts";
import type { Checked, Proof, Unproven } from "./define.ts";
import { digestOf, keyOf } from "./keys.ts";
import { decodeAll, proveWith } from "./prove.ts";
import { equalBytes } from "./signature.ts";

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
      message: utf8.encode(url + fields.value),
      signatures: () => signatures,
      keyOf: (secret) => keyOf({ algorithm: "SHA-1", encoding: "utf8", text: secret }),
    });
    if (last.ok || last.failure !== "signature_mismatch") break;
  }
  return last.ok ? ok({ verdict: "verified", secretId: last.value, timestampMs: null, deliveryId: null }) : last;
}

/** With and without the port that the scheme implies: senders differ in whether they sign it. */
function spellings(url: URL): readonly string[] {
  if (url.port !== "") return [url.href, url.href.replace(`:${url.port}`, "")];
  return [url.href, url.href.replace(url.host, `${url.host}:${url.protocol === "https:" ? 443 : 80}`)];
}

/** The text that stands for the body in what is signed; nothing where the URL holds the body's hash, or there is no body. */
async function signedFields({ url, body, headers }: Unproven): Promise<Checked<string>> {
  const claimed = url.searchParams.getAll("bodySHA256");
  if (claimed.length > 0) {
    const actual = await digestOf("SHA-256", body);
    const [claim = ""] = claimed;
    return claimed.length === 1 && equalBytes(utf8.encode(claim.toLowerCase()), utf8.encode(actual.toHex())) ? ok("") : fail("digest_mismatch");
  }
  if (body.byteLength === 0) return ok("");
  if (!(headers.get("content-type") ?? "").toLowerCase().startsWith("application/x-www-form-urlencoded")) return fail("digest_mismatch");
  return formText(body);
}

/** Names in order of their characters; of a name given several times every different value, in order too. */
function formText(body: Uint8Array): Checked<string> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return fail("signature_mismatch");
  }
  const values = new Map<string, Set<string>>();
  for (const [name, value] of new URLSearchParams(text)) values.set(name, (values.get(name) ?? new Set()).add(value));
  return ok(
    [...values.keys()]
      .toSorted()
      .map((name) => [...(values.get(name) ?? [])].toSorted().map((value) => name + value).join(""))
      .join(""),
  );
}
