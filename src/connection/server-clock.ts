import type { ResponseSeen } from "../destinations/define.ts";

/** The clock of the system, as far as an answer tells it (RFC 9110 section 6.6.1): what windows of changes are measured by. */
export function serverNowMs({ headers }: Pick<ResponseSeen, "headers">): number | null {
  const ms = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(ms) ? null : ms;
}
