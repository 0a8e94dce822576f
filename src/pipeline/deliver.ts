import { allFields, differences } from "../domain/differences.ts";
import type { Connection, Delivery, DestinationDefinition, Failed, LookupOutcome, Outcome, Session } from "../destinations/define.ts";
import { entityName, type EntityEvent } from "../domain/event.ts";
import { attemptSpanId } from "../domain/signals/spans.ts";
import { calledBy } from "../domain/signals/trace-context.ts";
import type { JsonObject } from "../domain/json.ts";
import { LIMITS } from "../domain/limits.ts";
import type { AttemptRecord } from "../domain/outcome.ts";
import type { AttemptResult, Work } from "../domain/work.ts";
import { fail, ok, type Result } from "../domain/result.ts";

export interface Target {
  readonly definition: DestinationDefinition;
  readonly connection: Connection<unknown>;
  readonly timeoutMs: number;
  /** Name of the binding that requests go through, where it is not the internet. */
  readonly via?: string;
}

/** A conversation with a destination, and what was exchanged in it so far. */
export interface Talk extends Session<unknown> {
  readonly exchanges: readonly { readonly reads: boolean; readonly status: number | null }[];
}

export interface DeliverPorts {
  readonly clock: () => number;
  readonly sha256: (text: string) => string;
  /** Fails with the words for a person when a variable or secret of the destination is missing. */
  readonly target: (destination: string) => Result<Target, string>;
  /** Opens a conversation; nothing is sent by that. */
  readonly open: (destination: string, target: Target) => Talk;
  /** What of the data may be written to the destination by the ownership matrix; fails with the matrix row in words. */
  readonly permit: (work: Work, data: JsonObject) => Result<{ readonly data: JsonObject; readonly withheld: readonly string[] }, string>;
  /** The entity's data: carried along, or read from where it waits. Fails if it cannot be read now. */
  readonly data: (work: Work) => Promise<Result<JsonObject, string>>;
}

/** The name that the event came under, so that its effects keep their keys when its entity gets another one. */
const nameOf = ({ entity, alias }: Work["event"]): Work["event"]["entity"] => (alias === undefined ? entity : { ...entity, key: alias });

/** The key under which a destination recognises this effect again: the same on every retry and for every copy of the delivery. */
export function idempotencyKey(work: Work, sha256: (text: string) => string): string {
  const effect = sha256(`${work.key}\n${entityName(nameOf(work.event))}\n${work.plan.destination}`).slice(0, 40);
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
  const permitted = ports.permit(work, data.value);
  if (!permitted.ok) return failed(ports, startedAtMs, { class: "business", detail: permitted.failure });
  const { withheld } = permitted.value;
  const { definition } = target.value;
  const delivery = toDelivery(work, permitted.value, { ...ports, startedAtMs });
  const talk = ports.open(work.plan.destination, target.value);
  const outcome = await bringAbout(definition, delivery, talk, work.ambiguous);
  const httpStatus = talk.exchanges.findLast(({ status }) => status !== null)?.status ?? undefined;
  if (outcome.kind === "failed") return failed(ports, startedAtMs, outcome, httpStatus);
  const record: AttemptRecord = {
    startedAtMs,
    durationMs: ports.clock() - startedAtMs,
    result: "duplicate" in outcome ? (outcome.duplicate ? "duplicate" : "applied") : "confirmed",
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(withheld.length === 0 ? {} : { detail: `not sent, since the destination owns them: ${withheld.join(", ")}` }),
  };
  return { kind: "applied", record, ...(outcome.remote === undefined ? {} : { remote: outcome.remote }) };
}

/** Writes once, unless an effect may exist already and is found: then nothing is sent that changes anything. */
export async function bringAbout(
  definition: DestinationDefinition,
  delivery: Delivery,
  talk: Session<unknown>,
  ambiguous: boolean,
): Promise<Outcome | Exclude<LookupOutcome, { kind: "absent" }>> {
  const found = ambiguous ? await confirm(definition, delivery, talk) : ABSENT;
  return found.kind === "absent" ? definition.write(delivery, talk) : found;
}

const ABSENT: LookupOutcome = { kind: "absent" };

/** Whether the effect is there: as the module knows, or by reading the record and holding it against what we write. */
async function confirm(definition: DestinationDefinition, delivery: Delivery, talk: Session<unknown>): Promise<LookupOutcome> {
  if (definition.confirm !== undefined) return definition.confirm(delivery, talk);
  if (definition.read === undefined || definition.written === undefined) return ABSENT;
  const read = await definition.read({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, talk);
  if (!read.ok) return read.failure;
  if (read.value === "absent") return delivery.deleted ? { kind: "applied" } : ABSENT;
  const { data, remote, deleted } = read.value;
  if (delivery.deleted || deleted) return delivery.deleted && deleted ? { kind: "applied", remote } : ABSENT;
  const written = definition.written(delivery, talk.settings);
  const empty = delivery.cleared.every((field) => data[field] === undefined);
  return empty && differences(written, data, allFields(written)).length === 0 ? { kind: "applied", remote } : ABSENT;
}

function failed(ports: DeliverPorts, startedAtMs: number, failure: Omit<Failed, "kind">, httpStatus?: number): AttemptResult {
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

function toDelivery(
  work: Work,
  { data, withheld }: { readonly data: JsonObject; readonly withheld: readonly string[] },
  ports: DeliverPorts & { readonly startedAtMs: number },
): Delivery {
  const { event } = work;
  const attempt = { eventId: event.id, destination: work.plan.destination, startedAtMs: ports.startedAtMs };
  return {
    ...deliveryOf(event, data),
    traceparent: calledBy(event.traceparent, attemptSpanId(attempt, ports.sha256)),
    idempotencyKey: idempotencyKey(work, ports.sha256),
    cleared: (event.cleared ?? []).filter((field) => !withheld.includes(field)),
    attempt: work.attempts + 1,
    nowMs: ports.clock(),
  };
}

/** An event as a module sees it, apart from any attempt. */
export function deliveryOf(event: EntityEvent, data: JsonObject): Delivery {
  return {
    eventId: event.id,
    idempotencyKey: "",
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
    attempt: 0,
    nowMs: 0,
  };
}

/** The data an event carries with it. */
export const inlineData = (work: Work): Result<JsonObject, string> =>
  work.event.payload.at === "inline" ? ok(work.event.payload.data) : fail("the entity's data waits in the archive");
