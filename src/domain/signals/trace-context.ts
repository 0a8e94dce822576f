/** W3C Trace Context: https://www.w3.org/TR/trace-context/ */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface TraceContext {
  readonly traceId: string;
  /** Of whoever called. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Null if it is malformed, or of a version that we do not know. */
export function parseTraceparent(text: string): TraceContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  return traceId === undefined || spanId === undefined || flags === undefined
    ? null
    : { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The same trace, as the next one should hear of it: called by this span. What is malformed goes on as it is. */
export function calledBy(traceparent: string, spanId: string): string {
  const [, traceId, , flags] = TRACEPARENT.exec(traceparent) ?? [];
  return traceId === undefined ? traceparent : `00-${traceId}-${spanId}-${flags}`;
}

/**
 * A trace that begins here. Its first span's id is the trace id's first half: so anyone who has the context can tell
 * that nobody called us, and that the span is ours.
 */
export const ownTrace = (traceId: string): string => `00-${traceId}-${traceId.slice(0, 16)}-01`;

export const isOwnRoot = ({ traceId, spanId }: Pick<TraceContext, "traceId" | "spanId">): boolean => spanId === traceId.slice(0, 16);

/** A span's id that follows from what it is of. */
export function spanIdOf(text: string, sha256: (text: string) => string): string {
  const id = sha256(text).slice(0, 16);
  return /^0+$/.test(id) ? "0000000000000001" : id;
}
