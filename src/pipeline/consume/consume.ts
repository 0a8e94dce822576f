import { auditRows, type AuditContext, type AuditRows } from "../../domain/audit-record.ts";
import { Envelope, entityName, originOf, type EntityEvent, type Priority } from "../../domain/event.ts";
import type { FailureClass } from "../../domain/failure.ts";
import type { KeyGrant, Lease, Settlement, Wanted } from "../../domain/governor.ts";
import type { EventOutcome } from "../../domain/outcome.ts";
import type { RoutePlan, RouteReason } from "../../domain/routing.ts";
import { readHints, type HintPorts } from "./hints.ts";
import { inKnownSchema } from "./schema-version.ts";

/** What the queue does with a message afterwards. */
export type Disposition = { readonly do: "ack" } | { readonly do: "retry"; readonly reason: string };

export interface Message {
  readonly id: string;
  readonly body: unknown;
}

export interface ConsumePermits {
  readonly leaseId: string;
  readonly count: number;
  readonly refusal: Lease["refusal"];
}

export interface ConsumeAnswer {
  readonly outcomes: readonly EventOutcome[];
  readonly used: Readonly<Record<string, { readonly results: readonly (FailureClass | null)[]; readonly quietUntilMs: number | null }>>;
}

export interface Archived {
  readonly refs: readonly (string | null)[];
  readonly stored: Promise<void>;
}

export interface ConsumePorts {
  readonly hints: HintPorts;
  readonly plan: (event: EntityEvent) => RoutePlan;
  readonly ownerOf: (route: string) => string;
  readonly sourceOwner: (source: string) => string;
  readonly projections: AuditContext["projections"];
  readonly slas: AuditContext["slas"];
  readonly lease: (destination: string, wanted: Wanted) => Promise<Lease>;
  readonly settleLease: (destination: string, settlement: Settlement) => Promise<void>;
  /** Hands an entity's events to its sequencer, in order: one call. */
  readonly sequence: (
    entity: string,
    events: readonly EntityEvent[],
    permits: Readonly<Record<string, ConsumePermits>>,
  ) => Promise<ConsumeAnswer>;
  /** Names where each raw body will lie at once, and stores all of them as one object. */
  readonly archive: (events: readonly Envelope[]) => Archived;
  /** Writes the batch's rows in one call; writing them again changes nothing. */
  readonly record: (rows: readonly AuditRows[]) => Promise<void>;
  /** Tells flows what became of a batch's events. Told again, it changes nothing more. */
  readonly tellFlows: (settled: readonly { readonly event: Envelope; readonly outcome: EventOutcome }[]) => Promise<void>;
  /** Keeps messages that are not ours or cannot be read, with the reason: they must not come again. */
  readonly recordPoison: (messages: readonly { readonly message: Message; readonly reason: string }[]) => Promise<void>;
}

interface Read {
  readonly message: Message;
  readonly event: Envelope;
}

/**
 * Takes one queue batch: one call per entity, in array order, then one write for all rows. A message is acknowledged
 * only when its outcome is both durable in its object and in the index; if the index fails, the message comes again
 * and the object answers from its ledger without a second effect.
 */
export async function consume(
  messages: readonly Message[],
  priority: Priority,
  ports: ConsumePorts,
): Promise<ReadonlyMap<string, Disposition>> {
  const { read, poison } = parse(messages);
  const outcomes = new Map<string, EventOutcome>();
  const archived = ports.archive(read.map((item) => item.event));
  const stored = archived.stored.then(
    () => true,
    () => false,
  );
  const { ready, unread } = await withCurrentState(read, ports);
  const reasons = await sequenceAll(ready, { priority, ports, outcomes });
  const dispositions = new Map<string, Disposition>();
  const current = new Map(ready.map(({ event }) => [event.id, event]));
  const looked = read.map((item) => ({ ...item, event: current.get(item.event.id) ?? item.event }));
  const rows = rowsOf(looked, { ports, outcomes, reasons, refs: archived.refs });
  const settled = looked.flatMap(({ event }) => {
    const outcome = outcomes.get(event.id);
    return outcome === undefined ? [] : [{ event, outcome }];
  });
  const failure = await write(ports, { rows, poison, stored, settled });
  for (const { message, event } of read) {
    const reason =
      failure ??
      unread.get(event.id) ??
      (outcomes.has(event.id) ? null : "the entity's sequencer could not be reached, or wants it read back again");
    dispositions.set(message.id, reason === null ? { do: "ack" } : { do: "retry", reason });
  }
  for (const { message } of poison) dispositions.set(message.id, failure === null ? { do: "ack" } : { do: "retry", reason: failure });
  return dispositions;
}

/** Hints are read back before they are ordered and routed, since both look at the state; what cannot be read comes again. */
async function withCurrentState(
  read: readonly Read[],
  ports: ConsumePorts,
): Promise<{ readonly ready: readonly Read[]; readonly unread: ReadonlyMap<string, string> }> {
  const current = await readHints(
    read.map(({ event }) => event),
    ports.hints,
  );
  const unread = new Map<string, string>();
  const ready: Read[] = [];
  for (const item of read) {
    const reading = current.get(item.event.id);
    if (reading === undefined) ready.push(item);
    else if (reading.ok) ready.push({ ...item, event: reading.value });
    else unread.set(item.event.id, reading.failure);
  }
  return { ready, unread };
}

function parse(messages: readonly Message[]): { read: Read[]; poison: { message: Message; reason: string }[] } {
  const read: Read[] = [];
  const poison: { message: Message; reason: string }[] = [];
  for (const message of messages) {
    const parsed = Envelope.safeParse(typeof message.body === "string" ? tryJson(message.body) : message.body);
    if (parsed.success) {
      const known = inKnownSchema(parsed.data);
      if (known.ok) read.push({ message, event: known.value });
      else poison.push({ message, reason: known.failure });
    } else
      poison.push({
        message,
        reason: `the message is not an envelope this version knows: ${parsed.error.issues[0]?.path.join(".") ?? ""} ${parsed.error.issues[0]?.message ?? ""}`,
      });
  }
  return { read, poison };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Batch {
  readonly priority: Priority;
  readonly ports: ConsumePorts;
  readonly outcomes: Map<string, EventOutcome>;
}

/** Brings every event to its sequencer and collects the outcomes; returns each event's routing reasons. */
async function sequenceAll(read: readonly Read[], batch: Batch): Promise<ReadonlyMap<string, readonly RouteReason[]>> {
  const reasons = new Map<string, readonly RouteReason[]>();
  const lanesOf = new Map<string, readonly string[]>();
  const groups = new Map<string, EntityEvent[]>();
  for (const { event } of read) {
    if (event.what !== "entity") {
      batch.outcomes.set(event.id, {
        eventId: event.id,
        rev: 1,
        status: event.what === "ignored" ? "ignored" : "quarantined",
        reason: event.reason,
        lanes: [],
      });
      continue;
    }
    const plan = batch.ports.plan(event);
    reasons.set(event.id, plan.why);
    lanesOf.set(
      event.id,
      plan.lanes.map((lane) => lane.destination),
    );
    const name = entityName(event.entity);
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  const leases = await leaseAll([...groups.values()].flat(), lanesOf, batch);
  await Promise.all([...groups].map(([entity, events]) => sequenceOne(entity, events, { ...batch, leases, lanesOf })));
  await Promise.all([...leases].map(([destination, block]) => settle(batch.ports, destination, block)));
  return reasons;
}

/** What a destination granted for the whole batch, and what came of it. */
interface Block {
  readonly lease: Lease;
  /** Permits given out, or asked for in vain, by the key that they count for. */
  readonly taken: Map<string, number>;
  readonly results: (FailureClass | null)[];
  quietUntilMs: number | null;
}

/** One call per destination for the whole batch, saying how many are for each origin, so that none takes all. */
async function leaseAll(events: readonly EntityEvent[], lanesOf: Group["lanesOf"], batch: Batch): Promise<ReadonlyMap<string, Block>> {
  const wanted = new Map<string, Map<string, number>>();
  for (const event of events)
    for (const destination of lanesOf.get(event.id) ?? []) {
      const keys = wanted.get(destination) ?? new Map<string, number>();
      wanted.set(destination, keys.set(originOf(event), (keys.get(originOf(event)) ?? 0) + 1));
    }
  const blocks = await Promise.all(
    [...wanted].map(async ([destination, keys]): Promise<readonly [string, Block] | null> => {
      const count = [...keys.values()].reduce((sum, each) => sum + each, 0);
      const asked = { count, priority: batch.priority, keys: Object.fromEntries(keys) };
      const lease = await batch.ports.lease(destination, asked).catch(() => null);
      // Without an answer the sequencers ask for themselves.
      return lease === null ? null : [destination, { lease, taken: new Map(), results: [], quietUntilMs: null }];
    }),
  );
  return new Map(blocks.filter((block) => block !== null));
}

/** One permit of what its key was granted; the refused ones of a key are told to ask again one after the other. */
function takePermit(block: Block, key: string): { readonly count: number; readonly refusal: Lease["refusal"] } {
  const named: KeyGrant | undefined = block.lease.keys?.[key];
  // Refused as a whole, or not divided: then it is one for all keys.
  const { granted, refusal, everyMs } = named ?? { ...block.lease, everyMs: 0 };
  const counted = named === undefined ? "" : key;
  const before = block.taken.get(counted) ?? 0;
  block.taken.set(counted, before + 1);
  if (before < granted || refusal === null || refusal.untilMs === null) return { count: before < granted ? 1 : 0, refusal };
  return { count: 0, refusal: { ...refusal, untilMs: refusal.untilMs + Math.round((before - granted) * everyMs) } };
}

interface Group extends Batch {
  readonly leases: ReadonlyMap<string, Block>;
  readonly lanesOf: ReadonlyMap<string, readonly string[]>;
}

async function sequenceOne(entity: string, events: readonly EntityEvent[], group: Group): Promise<void> {
  const permits: Record<string, ConsumePermits> = {};
  for (const event of events)
    for (const destination of group.lanesOf.get(event.id) ?? []) {
      const block = group.leases.get(destination);
      if (block === undefined) continue;
      const { count, refusal } = takePermit(block, originOf(event));
      const before = permits[destination];
      permits[destination] = { leaseId: block.lease.id, count: (before?.count ?? 0) + count, refusal: before?.refusal ?? refusal };
    }
  try {
    const answer = await group.ports.sequence(entity, events, permits);
    for (const outcome of answer.outcomes) group.outcomes.set(outcome.eventId, outcome);
    for (const [destination, used] of Object.entries(answer.used)) {
      const block = group.leases.get(destination);
      block?.results.push(...used.results);
      if (block !== undefined && used.quietUntilMs !== null) block.quietUntilMs = Math.max(used.quietUntilMs, block.quietUntilMs ?? 0);
    }
  } catch {
    // The events have no outcome, so their messages come again; the object's ledger keeps a second effect away.
  }
}

const settle = (ports: ConsumePorts, destination: string, block: Block): Promise<void> =>
  // A lease that cannot be given back runs out by itself.
  ports
    .settleLease(destination, { leaseId: block.lease.id, results: block.results, quietUntilMs: block.quietUntilMs })
    .catch(() => undefined);

interface Outcomes {
  readonly ports: ConsumePorts;
  readonly outcomes: ReadonlyMap<string, EventOutcome>;
  readonly reasons: ReadonlyMap<string, readonly RouteReason[]>;
  readonly refs: readonly (string | null)[];
}

const rowsOf = (read: readonly Read[], known: Outcomes): AuditRows[] =>
  read.flatMap(({ event }, index) => {
    const outcome = known.outcomes.get(event.id);
    if (outcome === undefined) return [];
    const context = {
      why: known.reasons.get(event.id) ?? [],
      rawRef: known.refs[index] ?? null,
      ownerOf: known.ports.ownerOf,
      sourceOwner: known.ports.sourceOwner(event.sourceName),
      projections: known.ports.projections,
      slas: known.ports.slas,
    };
    return [auditRows(event, outcome, context)];
  });

interface Writing {
  readonly rows: readonly AuditRows[];
  readonly poison: readonly { readonly message: Message; readonly reason: string }[];
  readonly stored: Promise<boolean>;
  readonly settled: Parameters<ConsumePorts["tellFlows"]>[0];
}

/** Null when everything is written; else why the batch must come again. */
async function write(ports: ConsumePorts, writing: Writing): Promise<string | null> {
  if (!(await writing.stored)) return "the archive did not take the bodies";
  try {
    if (writing.rows.length > 0) await ports.record(writing.rows);
    await ports.tellFlows(writing.settled);
    if (writing.poison.length > 0) await ports.recordPoison(writing.poison);
    return null;
  } catch (error) {
    return `the index did not take the rows: ${error instanceof Error ? error.message : String(error)}`;
  }
}
