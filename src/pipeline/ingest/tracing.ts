import { ownTrace, parseTraceparent } from "../../domain/signals/trace-context.ts";

const CORRELATION = /^[\w.:/+=-]{1,128}$/;

/** The sender's own correlation id, if it can be one. */
export function correlationOf(headers: Headers): string | null {
  const given = headers.get("x-correlation-id");
  return given !== null && CORRELATION.test(given) ? given : null;
}

/** W3C Trace Context: the sender's trace goes on; a malformed header is as none. */
export function traceOf(headers: Headers): string | null {
  const given = headers.get("traceparent");
  return given !== null && parseTraceparent(given) !== null ? given : null;
}

export const newTrace = (random: (bytes: number) => Uint8Array): string =>
  ownTrace([...random(16)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
