import { fail, ok, type Result } from "../domain/result.ts";
import type { Encoding, HmacScheme } from "./define.ts";
import { keyOf } from "./keys.ts";
import { hexOf } from "./signature.ts";
import { signedBytes } from "./template.ts";

/** A request that is about to be sent. */
interface Unsigned {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface SigningFacts {
  readonly secret: string;
  /** What the scheme's `idHeader` and `{id}` stand for. */
  readonly id: string;
  readonly nowMs: number;
}

const utf8 = new TextEncoder();

/**
 * Signs a request by the same scheme by which `verifyHmac` proves one: the headers to add, in lower case. Fails with
 * words, without the secret in them, when the secret is not in the scheme's encoding. Of the headers that the template
 * names, those are signed that the request has already.
 */
export async function signHmac(
  request: Unsigned,
  scheme: HmacScheme,
  { secret, id, nowMs }: SigningFacts,
): Promise<Result<Readonly<Record<string, string>>, string>> {
  const key = await keyOf({ algorithm: scheme.algorithm, encoding: scheme.secretEncoding, text: secret });
  if (key === null) return fail(`must be ${scheme.secretEncoding === "utf8" ? "a text" : scheme.secretEncoding}, and not empty`);
  const timestamp = timestampAt(nowMs, scheme.timestamp?.format ?? "s");
  const filled = {
    request: {
      method: request.method,
      // Few templates name them.
      get url() {
        return new URL(request.url);
      },
      get headers() {
        return new Headers(request.headers);
      },
      body: utf8.encode(request.body),
    },
    timestamp,
    id,
    secret: "",
  };
  const mac = await crypto.subtle.sign("HMAC", key, signedBytes(scheme.template, filled));
  return ok(headersOf(scheme, encodeBytes(new Uint8Array(mac), scheme.encoding), { timestamp, id }));
}

function timestampAt(nowMs: number, format: "s" | "ms" | "iso"): string {
  if (format === "iso") return new Date(nowMs).toISOString();
  return String(format === "ms" ? Math.floor(nowMs) : Math.floor(nowMs / 1000));
}

function headersOf(scheme: HmacScheme, signature: string, { timestamp, id }: { readonly timestamp: string; readonly id: string }) {
  const { form } = scheme;
  const time = form.type === "pairs" && form.timestamp !== undefined ? `${form.timestamp}=${timestamp},` : "";
  const value = form.type === "bare" ? `${form.prefix ?? ""}${signature}` : `${time}${form.signature}=${signature}`;
  const timeHeader = scheme.timestamp?.header;
  return {
    [scheme.header.toLowerCase()]: value,
    ...(timeHeader === undefined ? {} : { [timeHeader.toLowerCase()]: timestamp }),
    ...(scheme.idHeader === undefined ? {} : { [scheme.idHeader.toLowerCase()]: id }),
  };
}

function encodeBytes(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === "hex") return hexOf(bytes);
  const base64 = btoa(String.fromCharCode(...bytes));
  return encoding === "base64" ? base64 : base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
