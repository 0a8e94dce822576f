import * as z from "zod";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS, type HmacScheme } from "../verification/define.ts";
import { scalarText } from "../domain/mapping.ts";

/** How the scripts that we publish sign: HMAC-SHA256 over the time of the attempt, a dot and the body. */
export const envelopeSignature = (form: Pick<HmacScheme, "encoding" | "secretEncoding">): HmacScheme => ({
  kind: "hmac",
  header: "x-signalbox-signature",
  form: { type: "bare" },
  algorithm: "SHA-256",
  ...form,
  template: "{timestamp}.{body}",
  timestamp: { header: "x-signalbox-timestamp", format: "s" },
  windowMs: DEFAULT_WINDOW_MS,
});

/** ISO 4217 code of amounts that come without one. */
export const Currency = z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR");

/** What says which of two events is newer: the record's counter if the script sends one, else the time of its change. */
export function orderByCounter(envelope: JsonObject, counter: string, changedAtMs: number | null): Result<OrderToken, string> {
  const value = envelope[counter];
  if (value === undefined || value === null || value === "") return ok(changedAtMs === null ? NO_ORDER : timeToken(changedAtMs));
  const text = scalarText(value) ?? "";
  return /^\d{1,19}$/.test(text) ? ok({ kind: "int", value: text }) : fail(`its ${counter} is not a whole number`);
}

/** An object that may be left out; null if something else is in its place. */
export const optionalObject = (value: JsonObject[string] | undefined): JsonObject | undefined | null =>
  value === undefined || value === null ? undefined : isJsonObject(value) ? value : null;
