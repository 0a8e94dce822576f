const CORRELATION = /^[\w.:/+=-]{1,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The sender's own correlation id, if it can be one. */
export function correlationOf(headers: Headers): string | null {
  const given = headers.get("x-correlation-id");
  return given !== null && CORRELATION.test(given) ? given : null;
}

/** W3C Trace Context: the sender's trace goes on; a malformed header is as none. */
export function traceOf(headers: Headers): string | null {
  const given = headers.get("traceparent");
  return given !== null && TRACEPARENT.test(given) ? given : null;
}

export function newTrace(random: (bytes: number) => Uint8Array): string {
  const hex = [...random(24)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
}
