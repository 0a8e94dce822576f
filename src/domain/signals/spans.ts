import type { EventRow } from "../audit-record.ts";
import { correlationIdOf } from "../event-id.ts";
import type { AttemptRecord } from "../outcome.ts";
import { isOwnRoot, parseTraceparent, spanIdOf, type TraceContext } from "./trace-context.ts";

/** How a span stands in its trace, in OTLP's numbers. */
const KIND = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
const GOOD_RESULTS: ReadonlySet<string> = new Set(["applied", "duplicate", "confirmed"]);
/** Outcomes that need a look: their traces are kept whatever part is sampled. */
const TROUBLED: ReadonlySet<string> = new Set(["dead", "quarantined", "retrying"]);

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly failed: boolean;
}

type Traced = Pick<
  EventRow,
  "id" | "source" | "type" | "kind" | "status" | "class" | "priority" | "receivedAtMs" | "correlationId" | "detail"
>;

export interface Sampling {
  /** The part of all traces that is kept, from 0 to 1. */
  readonly part: number;
  readonly sha256: (text: string) => string;
}

/** The kept traces' spans of a batch's outcomes: one for each event, one for its time in the queue, one for each attempt. */
export const spansOf = (rows: readonly Traced[], takenAtMs: number, sampling: Sampling): readonly Span[] =>
  rows.flatMap((row) => {
    const context = parseTraceparent(row.detail.traceparent);
    return context !== null && isKept(context, row, sampling.part) ? eventSpans(row, context, { takenAtMs, sampling }) : [];
  });

/** The spans of what an object did later, by its alarm or for an operator: of each lane the latest attempt. */
export const laterSpansOf = (rows: readonly Traced[], sampling: Sampling): readonly Span[] =>
  rows.flatMap((row) => {
    const context = parseTraceparent(row.detail.traceparent);
    if (context === null || !isKept(context, row, sampling.part)) return [];
    const parent = eventSpanId(row, context, sampling);
    return row.detail.lanes.flatMap(({ destination, attempts }) =>
      attempts.slice(-1).map((attempt) => attemptSpan({ row, context, parent, destination, attempt }, sampling)),
    );
  });

/**
 * Whether a trace is kept: never against its sender's wish; always when something went wrong; else by its id, so that
 * every hop and every system with the same part decides alike. The id's last 56 bits are random
 * (https://www.w3.org/TR/trace-context-2/#random-trace-id-flag).
 */
function isKept({ traceId, sampled }: TraceContext, { status }: Traced, part: number): boolean {
  if (!sampled) return false;
  return TROUBLED.has(status) || Number.parseInt(traceId.slice(-14), 16) < part * 2 ** 56;
}

/** Of a trace that began here the first event is the root; further parts of its request and replays hang under it, as all do under a sender's span. */
const isRoot = ({ detail }: Traced, context: TraceContext): boolean =>
  isOwnRoot(context) && (detail.part ?? 0) === 0 && detail.replayOf === undefined;

const eventSpanId = (row: Traced, context: TraceContext, { sha256 }: Sampling): string =>
  isRoot(row, context) ? context.spanId : spanIdOf(row.id, sha256);

function eventSpans(
  row: Traced,
  context: TraceContext,
  { takenAtMs, sampling }: { takenAtMs: number; sampling: Sampling },
): readonly Span[] {
  const spanId = eventSpanId(row, context, sampling);
  const attempts = row.detail.lanes.flatMap(({ destination, attempts: made }) =>
    made.map((attempt) => attemptSpan({ row, context, parent: spanId, destination, attempt }, sampling)),
  );
  const base = { traceId: context.traceId, startMs: row.receivedAtMs, failed: false };
  return [
    {
      ...base,
      spanId,
      parentSpanId: isRoot(row, context) ? null : context.spanId,
      name: `event ${row.source}`,
      kind: KIND.server,
      endMs: Math.max(takenAtMs, ...attempts.map(({ endMs }) => endMs)),
      failed: row.status === "dead" || row.status === "quarantined",
      attributes: {
        "signalbox.event.id": row.id,
        "signalbox.correlation.id": row.correlationId ?? correlationIdOf(row.id),
        "signalbox.event.type": row.type,
        "signalbox.source": row.source,
        "signalbox.priority": row.priority,
        "signalbox.status": row.status,
        ...(row.kind === null ? {} : { "signalbox.entity.kind": row.kind }),
        ...(row.class === null ? {} : { "signalbox.failure.class": row.class }),
      },
    },
    {
      ...base,
      spanId: spanIdOf(`${row.id}\nqueue`, sampling.sha256),
      parentSpanId: spanId,
      name: `queue ${row.priority}`,
      kind: KIND.internal,
      endMs: Math.max(takenAtMs, row.receivedAtMs),
      attributes: {},
    },
    ...attempts,
  ];
}

interface Attempted {
  readonly row: Traced;
  readonly context: TraceContext;
  readonly parent: string;
  readonly destination: string;
  readonly attempt: AttemptRecord;
}

const attemptSpan = ({ row, context, parent, destination, attempt }: Attempted, { sha256 }: Sampling): Span => ({
  traceId: context.traceId,
  spanId: attemptSpanId({ eventId: row.id, destination, startedAtMs: attempt.startedAtMs }, sha256),
  parentSpanId: parent,
  name: `deliver ${destination}`,
  kind: KIND.client,
  startMs: attempt.startedAtMs,
  endMs: attempt.startedAtMs + attempt.durationMs,
  failed: !GOOD_RESULTS.has(attempt.result),
  attributes: {
    "signalbox.destination": destination,
    "signalbox.result": attempt.result,
    ...(attempt.httpStatus === undefined ? {} : { "http.response.status_code": attempt.httpStatus }),
  },
});

/** An attempt's span: known before it is made, so that the destination hears of it, and again from its record. */
export const attemptSpanId = (
  attempt: { readonly eventId: string; readonly destination: string; readonly startedAtMs: number },
  sha256: (text: string) => string,
): string => spanIdOf(`${attempt.eventId}\n${attempt.destination}\n${attempt.startedAtMs}`, sha256);

const nanoseconds = (ms: number): string => `${Math.round(ms)}000000`;

/** An ExportTraceServiceRequest in OTLP's JSON: ids in hex, times as decimal strings. https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
export const exportRequest = (spans: readonly Span[], resource: Readonly<Record<string, string>>): object => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ "service.name": "signalbox", ...resource }) },
      scopeSpans: [{ scope: { name: "signalbox" }, spans: spans.map(spanAsSent) }],
    },
  ],
});

const spanAsSent = ({ parentSpanId, startMs, endMs, attributes, failed, ...span }: Span): object => ({
  ...span,
  ...(parentSpanId === null ? {} : { parentSpanId }),
  startTimeUnixNano: nanoseconds(startMs),
  endTimeUnixNano: nanoseconds(endMs),
  attributes: attributesOf(attributes),
  status: failed ? { code: STATUS_ERROR } : {},
});

const attributesOf = (attributes: Readonly<Record<string, string | number>>): readonly object[] =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
  }));
