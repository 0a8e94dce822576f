import { isOutward } from "../../src/domain/loops.ts";
import { NO_ORDER } from "../../src/domain/order.ts";
import { ok } from "../../src/domain/result.ts";
import type { Work } from "../../src/domain/work.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { LaneTraits, Ledger, LedgerHit, SequencePorts } from "../../src/pipeline/sequence/ports.ts";
import type { EntityStorage } from "./entity-storage.ts";
import type { Plant } from "./plant.ts";

const withLedger = (ports: SequencePorts, changed: (ledger: Ledger) => Partial<Ledger>): SequencePorts => {
  const { ledger } = ports;
  const whole: Ledger = {
    load: () => ledger.load(),
    find: (key) => ledger.find(key),
    commit: (change) => ledger.commit(change),
    saveMarks: (marks) => ledger.saveMarks(marks),
    settleOwed: (paid) => ledger.settleOwed(paid),
  };
  return { ...ports, ledger: { ...whole, ...changed(ledger) } };
};

const mapValues = <T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

/** Every destination is taken for one that is like this. */
const withTraits = (ports: SequencePorts, changed: Partial<LaneTraits>): SequencePorts => ({
  ...ports,
  traits: (destination) => {
    const traits = ports.traits(destination);
    return traits === null ? null : { ...traits, ...changed };
  },
});

/** Nothing of an attempt is expected any more from the moment on at which its object is gone. */
const forgetful = (ports: SequencePorts): SequencePorts => withTraits(ports, { timeoutMs: -2_500 });

/** Work with the data that its sender told, whatever a person has made of it. */
const unmended = (work: Work): Work =>
  work.nonce === 0 || work.event.nature === "hint"
    ? work
    : {
        ...work,
        event: { ...work.event, payload: { at: "inline", data: { number: `${work.event.sourceName} ${work.event.contentHash}` } } },
      };

/** A lane for each event instead of one for each destination: the lane's name is the destination's and the event's. */
const LANE = "~";
const destinationOf = (lane: string): string => lane.slice(0, lane.indexOf(LANE) >>> 0);

/** The alarm of an entity as a program keeps it that never moves one to an earlier time. */
function latestAlarm(ports: SequencePorts, storage: EntityStorage): SequencePorts {
  return {
    ...ports,
    setAlarm: (atMs) => ports.setAlarm(atMs === null || storage.alarmAtMs === null ? atMs : Math.max(atMs, storage.alarmAtMs)),
  };
}

/** What was there when the object was made is all that copies are compared with; what comes later is written over. */
function staleFind(ports: SequencePorts): SequencePorts {
  const seen = new Map<string, LedgerHit | null>();
  const find = (key: string): LedgerHit | null => {
    const hit = seen.has(key) ? (seen.get(key) ?? null) : ports.ledger.find(key);
    seen.set(key, hit);
    return hit;
  };
  return withLedger(ports, (ledger) => ({
    find,
    commit: (change) => {
      const known = new Set(
        change.lines.flatMap((line) => (line.known === undefined || ledger.find(line.known.key) === null ? [] : [line.known.key])),
      );
      const lines = change.lines.map((line) => (line.known !== undefined && known.has(line.known.key) ? { entry: line.entry } : line));
      ledger.commit({ ...change, lines });
    },
  }));
}

/** Each lane that an event is planned for gets a name of its own. */
const laneEach = (ports: SequencePorts): SequencePorts => ({
  ...ports,
  plan: (event) => {
    const plan = ports.plan(event);
    return { ...plan, lanes: plan.lanes.map((lane) => ({ ...lane, destination: `${lane.destination}${LANE}${event.id}` })) };
  },
  traits: (lane) => ports.traits(destinationOf(lane)),
  deliver: (work) => ports.deliver({ ...work, plan: { ...work.plan, destination: destinationOf(work.plan.destination) } }),
  lease: (lane, priority, asker) => ports.lease(destinationOf(lane), priority, asker),
  settleLease: (lane, settlement) => ports.settleLease(destinationOf(lane), settlement),
  report: (owed) => ports.report(owed.map((item) => ({ ...item, outcome: withoutLanes(item.outcome) }))),
});

const withoutLanes = (outcome: EventOutcome): EventOutcome => ({
  ...outcome,
  lanes: outcome.lanes.map((lane) => ({ ...lane, destination: destinationOf(lane.destination) })),
});

/** Mistakes that people make in such a program, each around the real core. */
export const PLANTS: readonly Plant[] = [
  {
    name: "acknowledged too early",
    mistake: "the consumer acknowledges a message when it takes it, not when its outcome is stored",
    breaks: ["lost"],
    acksEarly: true,
  },
  {
    name: "index failure swallowed",
    mistake: "the consumer goes on when the index refuses its rows, and acknowledges",
    breaks: ["lost"],
    consume: (ports) => ({ ...ports, record: (rows) => ports.record(rows).catch(() => undefined) }),
  },
  {
    name: "debts forgotten",
    mistake: "an object takes the index to be told when it has asked, not when the index has answered",
    breaks: ["lost"],
    ports: (ports) => ({ ...ports, report: (owed) => ports.report(owed).catch(() => undefined) }),
  },
  {
    name: "alarm overwritten",
    mistake: "a later alarm takes the place of an earlier one",
    breaks: ["stuck"],
    ports: latestAlarm,
  },
  {
    name: "copies compared with the past",
    mistake: "whether a delivery is known is asked of what was read before, outside the transaction that writes it",
    breaks: ["duplicateEffects", "lost"],
    ports: staleFind,
  },
  {
    name: "a lane for each event",
    mistake: "every event retries by itself, so that a retry may overtake, or be overtaken",
    breaks: ["orderViolations"],
    ports: laneEach,
  },
  {
    name: "marks kept in memory",
    mistake: "the newest state of each stream is forgotten with the object, so that an older one is applied",
    breaks: ["orderViolations"],
    ports: (ports) => withLedger(ports, () => ({ saveMarks: () => undefined })),
  },
  {
    name: "versions compared as text",
    mistake: "version 10 is taken to be older than version 9",
    breaks: ["orderViolations"],
    event: (event) => (event.order.kind === "int" ? { ...event, order: { kind: "lex", value: event.order.value } } : event),
  },
  {
    name: "posted again blindly",
    mistake: "an effect whose answer was lost is posted again without a look whether it is there",
    breaks: ["duplicateEffects"],
    ports: (ports) => ({ ...ports, deliver: (work) => ports.deliver({ ...work, ambiguous: false }) }),
  },
  {
    name: "no wait for what comes in late",
    mistake: "a request without an answer is made again while the first may still come in",
    breaks: ["duplicateEffects"],
    ports: (ports) => withTraits(ports, { knowsLateCopies: true }),
  },
  {
    name: "no intent before the effect",
    mistake: "a destination that cannot tell a second effect is treated like one that can",
    breaks: ["duplicateEffects"],
    ports: (ports) => withTraits(ports, { deduplicates: true }),
  },
  {
    name: "dead object's request forgotten",
    mistake: "an attempt is taken to be over with its object, so that what is newer goes before a request still on its way",
    breaks: ["orderViolations", "duplicateEffects"],
    ports: (ports) =>
      withLedger(forgetful(ports), (ledger) => ({
        load: () => {
          const state = ledger.load();
          return { ...state, marks: mapValues(state.marks, ({ atMs: _atMs, ...mark }) => mark) };
        },
      })),
  },
  {
    name: "waits for its own stream alone",
    mistake: "where the last request counts, a dead object's is waited for by its own stream, and by no other",
    breaks: ["duplicateEffects"],
    ports: (ports) =>
      withLedger(ports, (ledger) => ({
        load: () => {
          const state = ledger.load();
          const marks = Object.entries(state.marks).map(([stream, { atMs, ...mark }]) => [
            stream,
            isOutward(stream) || atMs === undefined ? mark : { ...mark, atMs },
          ]);
          return { ...state, marks: Object.fromEntries(marks) };
        },
      })),
  },
  {
    name: "reads taken in any order",
    mistake: "what a hint was read as counts by its arrival, not by the version that was read",
    breaks: ["orderViolations"],
    event: (event) => (event.readFrom === undefined ? event : { ...event, order: NO_ORDER }),
  },
  {
    name: "failed read taken for none",
    mistake: "a hint whose record cannot be read back now is taken for one of a record that is not there",
    breaks: ["lost"],
    consume: (ports) => ({
      ...ports,
      hints: { ...ports.hints, read: (owner, entity) => ports.hints.read(owner, entity).catch(() => ok("absent" as const)) },
    }),
  },
  {
    name: "echoes taken for news",
    mistake: "what a system tells of our own writes is sent on like a change of its own",
    breaks: ["orderViolations"],
    ports: (ports) => ({
      ...ports,
      plan: (event) => {
        const { echoOf: _echoOf, ...plan } = ports.plan(event);
        return plan;
      },
    }),
  },
  {
    name: "mended data not kept",
    mistake: "a person's edit of a dead letter is in memory only, and the data that was refused is stored with it",
    breaks: ["lost"],
    ports: (ports) => withLedger(ports, (ledger) => ({ commit: (change) => ledger.commit({ ...change, put: change.put.map(unmended) }) })),
  },
  {
    name: "leases never given back",
    mistake: "a permit is settled under no name and does not run out, until none is left",
    breaks: ["stuck", "lost"],
    governor: { leaseTtlMs: Number.MAX_SAFE_INTEGER },
    settlement: (settlement) => ({ ...settlement, leaseId: "" }),
  },
];
