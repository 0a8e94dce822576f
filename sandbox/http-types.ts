import type { Cause, Store } from "./store.ts";

/** A request as the systems see it: path segments decoded, the system's own name taken off. */
export interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const SYSTEM_NAMES = ["erp", "crm", "support"] as const;
export type SystemName = (typeof SYSTEM_NAMES)[number];

/** One of the systems that the sandbox plays. A call is answered only after its effect is committed. */
export interface System {
  readonly store: Store;
  answer(call: Call): Answer;
  /** Further counts for its summary. */
  counts?(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export const json = (status: number, body: object, headers?: Readonly<Record<string, string>>): Answer => ({
  status,
  body: JSON.stringify(body),
  ...(headers === undefined ? {} : { headers }),
});

/** RFC 9457, with a stable code. */
export const problem = (status: number, code: string, detail: string, more: object = {}): Answer =>
  json(status, { type: "about:blank", status, code, detail, ...more }, { "content-type": "application/problem+json" });

export const validation = (errors: readonly { readonly field: string; readonly message: string }[]): Answer =>
  problem(422, "validation", "the record is not acceptable", { errors });

/** What a request says of its own origin. */
export const causeOf = (call: Call, idempotencyHeader = "idempotency-key"): Cause => ({
  idempotencyKey: call.headers[idempotencyHeader] ?? null,
  correlationId: call.headers["x-correlation-id"] ?? null,
  traceparent: call.headers["traceparent"] ?? null,
  occurredAt: call.headers["x-signalbox-occurred-at"] ?? null,
});
