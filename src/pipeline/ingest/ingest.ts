import { entityName, type Envelope, type EntityEvent, type Priority } from "../../domain/event.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { DecodeFailure, GenuineRequest, Part } from "../../sources/define.ts";
import { envelopes } from "./envelopes.ts";
import type { Arrival, Ingested, IngestPorts, Proven } from "./ports.ts";

/**
 * Proves a request by its raw bytes. A failed or weak proof is rejected, or kept in quarantine, as its source says;
 * nothing unproven is ever read further than that.
 */
export async function prove(arrival: Arrival, ports: IngestPorts): Promise<Ingested | { readonly kind: "proven"; readonly proof: Proven }> {
  const proof = await ports.verify(arrival);
  const verdict = proof.ok ? proof.value.verdict : "failed";
  const found = proof.ok ? proof.value : { secretId: "none", deliveryId: null };
  switch (policyOf(arrival, verdict)) {
    case "accept":
      return { kind: "proven", proof: { ...found, verdict, replayOf: null } };
    case "quarantine": {
      const why = proof.ok ? `the proof is only "${verdict}"` : `not verified: ${proof.failure}`;
      return { kind: "proven", proof: { ...found, verdict, replayOf: null, quarantine: why } };
    }
    case "reject":
      return { kind: "rejected", reason: proof.ok ? "verdict_not_allowed" : proof.failure };
  }
}

/** What becomes of each verdict; a failed proof can be kept for a person, but never gets further by itself. */
function policyOf({ source }: Arrival, verdict: Proven["verdict"]): "accept" | "quarantine" | "reject" {
  const { onVerdict = {} } = source.config;
  switch (verdict) {
    case "verified":
      return "accept";
    case "authenticated":
      return onVerdict.authenticated ?? "accept";
    case "unattempted":
      return onVerdict.unattempted ?? "reject";
    case "failed":
      return onVerdict.failed ?? "reject";
  }
}

/** Reads a proven request and makes its events durable: `stored` only after the queue, or every entity's object, has them. */
export async function takeIn(arrival: Arrival, proof: Proven, ports: IngestPorts): Promise<Ingested> {
  const plain = proof.payload === undefined ? arrival : { ...arrival, body: proof.payload };
  const decoded: Result<readonly Part[], DecodeFailure> =
    proof.quarantine === undefined ? decode(plain) : fail({ kind: "unintelligible", detail: proof.quarantine });
  if (!decoded.ok && decoded.failure.kind === "rejected") return { kind: "rejected", reason: decoded.failure.reason };
  try {
    const parts = decoded.ok ? decoded.value : [whole(decoded.failure)];
    const readsBack = arrival.source.config.readBack !== undefined;
    return await store(await envelopes({ arrival: plain, proof, parts }, ports), { ports, readsBack });
  } catch (error) {
    return { kind: "notStored", detail: error instanceof Error ? error.message : String(error) };
  }
}

function decode({ source, body, headers, url, receivedAtMs }: Arrival): Result<readonly Part[], DecodeFailure> {
  const request: GenuineRequest = { body, headers, url, contentType: headers.get("content-type") ?? "", receivedAtMs };
  return source.definition.decode(request, { settings: source.settings, objects: source.objects });
}

/** A request that as a whole is no business event. */
const whole = (failure: DecodeFailure): Part =>
  failure.kind === "unmapped"
    ? { odd: "unmapped", type: failure.type, deliveryId: failure.deliveryId, detail: failure.detail }
    : {
        odd: "unintelligible",
        type: "unreadable",
        deliveryId: null,
        detail: failure.kind === "rejected" ? failure.reason : failure.detail,
      };

async function store(events: readonly Envelope[], { ports, readsBack }: Storing): Promise<Ingested> {
  const first = events[0];
  if (first === undefined) return { kind: "notStored", detail: "the request held no events" };
  try {
    await Promise.all(
      PRIORITY_ORDER.map((priority) =>
        enqueueAll(
          events.filter((event) => event.priority === priority),
          ports,
        ),
      ),
    );
  } catch (refused) {
    const spilled = await spillAll(events, { ports, readsBack });
    if (!spilled.ok) return { kind: "notStored", detail: `queue: ${String(refused)}; object: ${spilled.failure}` };
  }
  return {
    kind: "stored",
    status: events.every((event) => event.what === "quarantine") ? "quarantined" : "accepted",
    ids: events.map((event) => event.id),
    correlationId: first.correlationid,
    traceparent: first.traceparent,
  };
}

const PRIORITY_ORDER: readonly Priority[] = ["critical", "standard", "bulk"];

const enqueueAll = async (events: readonly Envelope[], ports: IngestPorts): Promise<void> => {
  const [first] = events;
  if (first !== undefined)
    await ports.enqueue(
      first.priority,
      events.map((event) => ({ text: JSON.stringify(event), record: event.what === "entity" ? entityName(event.entity) : event.id })),
    );
};

interface Storing {
  readonly ports: IngestPorts;
  /** Whether hints of the source are read back, which the queue's consumer does. */
  readonly readsBack: boolean;
}

/**
 * When the queue refuses, each entity's object takes its events itself; all of them must, or the sender hears 503. So it
 * does of a hint that is read back: an object would send it on as if it were all that is known.
 */
async function spillAll(events: readonly Envelope[], { ports, readsBack }: Storing): Promise<Result<null, string>> {
  const byEntity = new Map<string, EntityEvent[]>();
  for (const event of events) {
    if (event.what !== "entity") return fail("the event belongs to no entity");
    if (readsBack && event.nature === "hint" && !event.deleted)
      return fail("the event is a hint, and its record is read back from the queue");
    const name = entityName(event.entity);
    byEntity.set(name, [...(byEntity.get(name) ?? []), event]);
  }
  try {
    await Promise.all([...byEntity].map(([entity, list]) => ports.spill(entity, list)));
    return ok(null);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
