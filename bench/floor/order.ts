import * as z from "zod";

const Decimal = z.string().regex(/^-?(0|[1-9]\d*)(\.\d+)?$/);
const Money = z.object({ amount: Decimal, currency: z.string().regex(/^[A-Z]{3}$/) });
const Key = z.string().min(1).max(256);

/** As strict as our own order, with the same fields. */
export const OrderMessage = z.object({
  eventId: Key,
  type: Key,
  data: z.object({
    id: Key,
    version: z.int(),
    number: Key,
    customerId: Key,
    opportunityId: Key,
    status: z.enum(["confirmed", "cancelled"]),
    total: Money,
    orderedAt: z.iso.datetime(),
    region: z.string().max(64),
    seq: Key,
    lines: z.array(z.object({ sku: Key, description: z.string().max(1024), quantity: Decimal, unitPrice: Money })).max(10_000),
  }),
});
export type OrderMessage = z.infer<typeof OrderMessage>;

const WINDOW_MS = 300_000;
const utf8 = new TextEncoder();
let key: CryptoKey | null = null;

/** HMAC-SHA256 over the raw bytes, in constant time, and the window both ways. The key is imported once an isolate. */
export async function isGenuine(headers: Headers, body: Uint8Array, secret: string): Promise<boolean> {
  const timestamp = headers.get("x-timestamp") ?? "";
  if (!(Math.abs(Date.now() - Number(timestamp) * 1000) <= WINDOW_MS)) return false;
  key ??= await crypto.subtle.importKey("raw", utf8.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const before = utf8.encode(`${timestamp}.`);
  const message = new Uint8Array(before.byteLength + body.byteLength);
  message.set(before);
  message.set(body, before.byteLength);
  return crypto.subtle.verify("HMAC", key, Uint8Array.fromHex(headers.get("x-signature") ?? ""), message);
}
