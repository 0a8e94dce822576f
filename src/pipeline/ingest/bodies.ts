import type { Payload, StoredBody } from "../../domain/event.ts";
import { eventId } from "../../domain/event-id.ts";
import type { JsonObject } from "../../domain/json.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { Arrival, IngestPorts } from "./ports.ts";

/** Where a raw body is, once `stored` has resolved. */
export interface KeptBody {
  readonly raw: StoredBody;
  readonly stored: Promise<void>;
}

/** The raw body goes with the message if every copy of it fits, else to R2 with a reference, known before it is there. */
export function keepRaw(arrival: Arrival, copies: number, ports: IngestPorts): KeptBody {
  const { body } = arrival;
  if (body.byteLength * copies <= LIMITS.inlineRawBytes) return { raw: inlineBody(body), stored: Promise.resolve() };
  const key = `raw/${arrival.source.name}/${eventId(arrival.receivedAtMs, ports.random(16))}`;
  return { raw: { at: "r2", key, bytes: body.byteLength }, stored: ports.putBody(key, body) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Control characters grow sixfold as JSON text; base64 does not. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const SWELLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

function inlineBody(body: Uint8Array): StoredBody {
  const text = decodeText(body);
  if (text !== null && !SWELLS.test(text)) return { at: "text", text };
  let binary = "";
  for (const byte of body) binary += String.fromCharCode(byte);
  return { at: "base64", base64: btoa(binary) };
}

function decodeText(body: Uint8Array): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}

/** The entity's data goes with the message if it fits, else to R2 with its short fields beside, for routing. */
export async function storePayload(id: string, data: JsonObject, bodyBytes: number, ports: IngestPorts): Promise<Payload> {
  // What is read from a body is hardly ever twice its size; where it is, the message's own limit still holds.
  if (bodyBytes * 2 <= LIMITS.inlineDataBytes) return { at: "inline", data };
  const text = JSON.stringify(data);
  // A character is at most three bytes of UTF-8 and most are one: the exact count is only needed near the limit.
  if (text.length <= LIMITS.inlineDataBytes / 3 || new TextEncoder().encode(text).byteLength <= LIMITS.inlineDataBytes)
    return { at: "inline", data };
  const key = `data/${id}`;
  await ports.putBody(key, text);
  const short = Object.entries(data).filter(
    ([name, value]) => name !== "extra" && JSON.stringify(value).length <= LIMITS.outlineCharacters,
  );
  return { at: "r2", key, outline: Object.fromEntries(short) };
}
