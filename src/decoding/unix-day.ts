import type { JsonValue } from "../domain/json.ts";
import { readTimestamp } from "../verification/signature.ts";
import { readName } from "./document.ts";

/** The day, in UTC, of a time in seconds since 1970; null if it is none. */
export function unixDay(value: JsonValue | undefined): string | null {
  const ms = readTimestamp(readName(value) ?? "", "s");
  return ms === null ? null : new Date(ms).toISOString().slice(0, "2026-01-31".length);
}
