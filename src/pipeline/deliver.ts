import type {
  Connection,
  Delivery,
  DestinationDefinition,
  LookupOutcome,
  Outcome,
  RequestSpec,
  ResponseSeen,
} from "../destinations/define.ts";
import { entityName } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import { LIMITS } from "../domain/limits.ts";
import type { AttemptRecord } from "../domain/outcome.ts";
import type { AttemptResult, Work } from "../domain/work.ts";
import { fail, ok, type Result } from "../domain/result.ts";

export interface Target {
  readonly definition: DestinationDefinition;
  readonly connection: Connection<unknown>;
  readonly timeoutMs: number;
}

export interface DeliverPorts {
  readonly clock: () => number;
  readonly sha256: (text: string) => string;
  /** Fails with the words for a person when a variable or secret of the destination is missing. */
  readonly target: (destination: string) => Result<Target, string>;
  /** The entity's data: carried along, or read from where it waits. Fails if it cannot be read now. */
  readonly data: (work: Work) => Promise<Result<JsonObject, string>>;
  /** Sends one request. Fails with what was seen when no answer came; the request may have taken effect. */
  readonly send: (request: RequestSpec, timeoutMs: number) => Promise<Result<ResponseSeen, string>>;
}

/** The key under which a destination recognises this effect again: the same on every retry and for every copy of the delivery. */
export function idempotencyKey(work: Work, sha256: (text: string) => string): string {
  const effect = sha256(`${work.key}\n${entityName(work.event.entity)}\n${work.plan.destination}`).slice(0, 40);
  return work.nonce === 0 ? `sb_${effect}` : `sb_${effect}_r${work.nonce}`;
}

/**
 * One attempt at one effect. Where an effect may exist whose answer was lost, the record is read back first, and posted
 * again only if it is not there. Never rejects: every outcome is a value.
 */
export async function deliver(work: Work, ports: DeliverPorts): Promise<AttemptResult> {
  const startedAtMs = ports.clock();
  try {
    return await attempt(work, ports, startedAtMs);
  } catch (error) {
    // A module that cannot even make its request, for a malformed secret say: trying again mends nothing, a person does.
    return failed(ports, startedAtMs, { class: "config", detail: error instanceof Error ? error.message : String(error) });
  }
}

async function attempt(work: Work, ports: DeliverPorts, startedAtMs: number): Promise<AttemptResult> {
  const target = ports.target(work.plan.destination);
  if (!target.ok) return failed(ports, startedAtMs, { class: "config", detail: target.failure });
  const data = await ports.data(work);
  if (!data.ok) return failed(ports, startedAtMs, { class: "transient", detail: data.failure });
  const delivery = toDelivery(work, data.value, ports);
  const { lookup } = target.value.definition;
  if (work.ambiguous && lookup !== undefined) {
    const found = await exchange(
      { ports, target: target.value, startedAtMs },
      await lookup.toRequest(delivery, target.value.connection),
      (response) => lookup.classify(response, delivery),
    );
    if (found.kind !== "absent") return found.result;
  }
  const sent = await exchange(
    { ports, target: target.value, startedAtMs },
    await target.value.definition.toRequest(delivery, target.value.connection),
    (response) => target.value.definition.classify(response),
  );
  return sent.kind === "absent"
    ? failed(ports, startedAtMs, { class: "transient", detail: "the destination did not say what it did" })
    : sent.result;
}

type Exchanged = { readonly kind: "absent" } | { readonly kind: "answered"; readonly result: AttemptResult };

interface Exchange {
  readonly ports: DeliverPorts;
  readonly target: Target;
  readonly startedAtMs: number;
}

async function exchange(
  context: Exchange,
  request: RequestSpec,
  classify: (response: ResponseSeen) => Outcome | LookupOutcome,
): Promise<Exchanged> {
  const { ports, startedAtMs } = context;
  const answer = await ports.send(request, context.target.timeoutMs);
  if (!answer.ok)
    return {
      kind: "answered",
      result: failed(ports, startedAtMs, { class: request.method === "GET" ? "transient" : "ambiguous", detail: answer.failure }),
    };
  const outcome = classify(answer.value);
  if (outcome.kind === "absent") return { kind: "absent" };
  const httpStatus = answer.value.status;
  if (outcome.kind === "failed") return { kind: "answered", result: failed(ports, startedAtMs, outcome, httpStatus) };
  const duplicate = "duplicate" in outcome && outcome.duplicate;
  const record: AttemptRecord = {
    startedAtMs,
    durationMs: ports.clock() - startedAtMs,
    result: request.method === "GET" ? "confirmed" : duplicate ? "duplicate" : "applied",
    httpStatus,
  };
  return { kind: "answered", result: { kind: "applied", record, ...(outcome.remote === undefined ? {} : { remote: outcome.remote }) } };
}

function failed(
  ports: DeliverPorts,
  startedAtMs: number,
  failure: Omit<Extract<Outcome, { kind: "failed" }>, "kind">,
  httpStatus?: number,
): AttemptResult {
  const detail = failure.detail.slice(0, LIMITS.detailCharacters);
  return {
    kind: "failed",
    class: failure.class,
    detail,
    ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    ...(failure.fields === undefined ? {} : { fields: failure.fields }),
    record: {
      startedAtMs,
      durationMs: ports.clock() - startedAtMs,
      result: failure.class,
      detail,
      ...(httpStatus === undefined ? {} : { httpStatus }),
    },
  };
}

function toDelivery(work: Work, data: JsonObject, ports: DeliverPorts): Delivery {
  const { event } = work;
  return {
    eventId: event.id,
    idempotencyKey: idempotencyKey(work, ports.sha256),
    type: event.type,
    source: event.sourceName,
    entity: event.entity,
    nature: event.nature,
    deleted: event.deleted,
    data,
    cleared: event.cleared ?? [],
    occurredAtMs: event.time === undefined ? null : Date.parse(event.time),
    receivedAtMs: event.receivedAtMs,
    correlationId: event.correlationid,
    traceparent: event.traceparent,
    attempt: work.attempts + 1,
    nowMs: ports.clock(),
  };
}

/** The data an event carries with it. */
export const inlineData = (work: Work): Result<JsonObject, string> =>
  work.event.payload.at === "inline" ? ok(work.event.payload.data) : fail("the entity's data waits in the archive");
