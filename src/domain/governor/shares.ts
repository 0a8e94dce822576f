import { PRIORITIES, type Priority } from "../event.ts";
import { cameBack, fill, isSilent, newFlow, tell, type Flow } from "./flows.ts";

/** Whole numbers from 1 to 100: what part of the capacity a class has while more than one wants it. */
export type Weights = Readonly<Record<Priority, number>>;

export const DEFAULT_WEIGHTS: Weights = { critical: 6, standard: 3, bulk: 1 };

/**
 * Who was served how much, kept only while refused asks are expected back; without contention nothing is counted, so that
 * nobody pays later for capacity that nobody else wanted. `clock` and `keyClocks` are where newcomers join.
 */
export interface Shares {
  readonly flows: readonly Flow[];
  readonly served: Readonly<Record<Priority, number>>;
  readonly clock: number;
  readonly keyClocks: Readonly<Record<Priority, number>>;
}

const NOBODY: Readonly<Record<Priority, number>> = { critical: 0, standard: 0, bulk: 0 };
export const NO_CONTENTION: Shares = { flows: [], served: NOBODY, clock: 0, keyClocks: NOBODY };

/** At most this many keys are told apart at once; further ones share one place in their class. */
const MAX_FLOWS = 256;
const REST = "*";
/** How far ahead of a waiting one others may get, all together, in time at full rate: what askers may be late and no token is lost. */
const LEAD_MS = 250;

/**
 * Refused askers are told to come twice as often as there is something to grant, so that one who does not come costs none
 * of it, but never further apart than this: a slow rate's bucket holds one token, and the next is lost while it waits to
 * be taken.
 */
const SPREAD_MS = 50;

export interface Ask {
  readonly priority: Priority;
  /** How many for each key. */
  readonly keys: readonly (readonly [key: string, count: number])[];
  /** A batch's refused parts will each ask by themselves. Else it is one asker, who comes back as one. */
  readonly batch: boolean;
  /** It was refused before and told to come now; undefined if the asker does not say. */
  readonly again: boolean | undefined;
}

export interface Terms {
  readonly weights: Weights;
  readonly nowMs: number;
  /** Between two grants at full rate. */
  readonly perGrantMs: number;
  /** When the next token is to be had after so many grants; `kept`: there are some, but they are others'. */
  readonly soonestMs: (granted: number, kept: boolean) => number;
}

export interface Part {
  readonly granted: number;
  /** When the first refused one should ask again, each further one `everyMs` later; null if none was refused. */
  readonly untilMs: number | null;
  readonly everyMs: number;
}

export interface Division {
  readonly shares: Shares;
  readonly granted: number;
  /** In the order of the ask's keys. */
  readonly parts: readonly Part[];
}

/**
 * Divides `room` attempts: first between the classes by weight, then between the keys of a class evenly.
 *
 * Both by the same rule. Whoever is granted something is ahead by it (a class: divided by its weight), and nobody may get
 * further ahead of one that waits than its lead: a quarter of a second's tokens times its part (a class: by weight; a key:
 * of those of its class), at least one for the lightest. Who does not wait holds nobody up, and joins where the least
 * served stands, so absence earns no credit. While class i waits, from one moment to any later one:
 *
 *     served_i >= total * weight_i / sum(weights) - 2 * lead_i
 *     lead_i = weight_i * max(1 / min(weights), tokens of 250 ms / sum(weights))
 *
 * and one that was not served lately gets its first token before the others get more than their leads. By default, and
 * whatever the flood, that is for critical 4 tokens or those of 100 ms, whichever are more; for standard 7 or 175 ms; for
 * bulk 9 or 225 ms. A waiting key gets served_key >= total / keys - 2 * lead_key of its class's grants, with lead_key =
 * max(1, tokens of 250 ms / 2). A class or key waits as long as it asks again within a second of when it was told to;
 * after that second what was kept for it is the others'.
 * Where slots are what is short, tokens stand for the slots that come free.
 */
export function divide(shares: Shares, ask: Ask, room: number, terms: Terms): Division {
  const names = placesOf(shares, ask);
  const wanted = new Map<string, number>();
  for (const [index, [, count]] of ask.keys.entries()) addTo(wanted, names[index] ?? REST, count);
  const seen = look(shares, ask, wanted, terms.nowMs);
  const allowed = Math.max(0, Math.min(room, allowance(shares, ask.priority, seen.least, terms)));
  const served = seen.mine.map((flow) => flow.served);
  const counts = seen.mine.map((flow) => wanted.get(flow.key) ?? 0);
  const grants = fill(
    served.map((each, index) => ({ served: each, wanted: counts[index] ?? 0 })),
    allowed,
    seen.least[ask.priority] + keyLead(seen.rivals + 1, terms.perGrantMs),
  );
  const granted = sum(grants);
  const asked = seen.mine.map((flow, index): Asked => ({
    flow,
    granted: grants[index] ?? 0,
    refused: (counts[index] ?? 0) - (grants[index] ?? 0),
  }));
  const soonestMs = granted < sum(counts) ? terms.soonestMs(granted, granted < room) : terms.nowMs;
  const waiting = seen.waiting + asked.filter(({ flow, refused }) => flow.waiting + refused > 0).length;
  const everyMs = waiting * Math.min(terms.perGrantMs / 2, SPREAD_MS);
  const told = asked.map((one) => tellOne(one, ask.batch ? one.refused : 1, { soonestMs, everyMs }));
  const waits = { ...seen.least };
  for (const { flow } of told) {
    seen.rest.push(flow);
    if (flow.waiting > 0) waits[ask.priority] = Math.min(waits[ask.priority], flow.served);
  }
  const places = new Map(told.map(({ flow, untilMs }, index) => [flow.key, { untilMs, left: grants[index] ?? 0 }]));
  return {
    shares: settled(shares, seen.rest, waits, { priority: ask.priority, granted, weights: terms.weights }),
    granted,
    parts: ask.keys.map(([, count], index) => partOf(places.get(names[index] ?? REST), count, everyMs)),
  };
}

interface Asked {
  readonly flow: Flow;
  readonly granted: number;
  readonly refused: number;
}

/** Counts the grants of a flow and tells what was refused when to come. */
function tellOne(asked: Asked, askers: number, when: Parameters<typeof tell>[2]): ReturnType<typeof tell> {
  const flow = { ...asked.flow, served: asked.flow.served + asked.granted };
  return asked.refused === 0 ? { flow, untilMs: 0 } : tell(flow, askers, when);
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

const addTo = (counts: Map<string, number>, key: string, count: number): void => void counts.set(key, (counts.get(key) ?? 0) + count);

/** The place of each asked key: its own if it has one or there is room, else the one that the rest of its class share. */
function placesOf(shares: Shares, ask: Ask): readonly string[] {
  const free = MAX_FLOWS - PRIORITIES.length - shares.flows.length;
  if (ask.keys.length <= free) return ask.keys.map(([key]) => key);
  const asked = new Set(ask.keys.map(([key]) => key));
  const known = new Set<string>();
  for (const { priority, key } of shares.flows) if (priority === ask.priority && asked.has(key)) known.add(key);
  let left = Math.max(0, free);
  return ask.keys.map(([key]) => (known.has(key) || left-- > 0 ? key : REST));
}

interface Seen {
  /** Flows that do not ask now. */
  readonly rest: Flow[];
  /** Those that ask, known or new. */
  readonly mine: readonly Flow[];
  /** For each class the grants of the least served flow that waits and does not ask now; infinite where none does. */
  readonly least: Readonly<Record<Priority, number>>;
  /** How many flows wait that do not ask now: of the asking class, and of all. */
  readonly rivals: number;
  readonly waiting: number;
}

const NOBODY_WAITS: Readonly<Record<Priority, number>> = {
  critical: Number.POSITIVE_INFINITY,
  standard: Number.POSITIVE_INFINITY,
  bulk: Number.POSITIVE_INFINITY,
};

/** One pass over what is known: who waits, who has gone, and where the askers stand. */
function look(shares: Shares, ask: Ask, wanted: ReadonlyMap<string, number>, nowMs: number): Seen {
  const rest: Flow[] = [];
  const mine = new Map<string, Flow>();
  const least = { ...NOBODY_WAITS };
  let rivals = 0;
  let waiting = 0;
  for (const flow of shares.flows) {
    const { priority, served } = flow;
    if (priority === ask.priority && wanted.has(flow.key)) mine.set(flow.key, cameBack(flow, ask.again, nowMs));
    else if (flow.waiting > 0 && !isSilent(flow, nowMs)) {
      rest.push(flow);
      waiting++;
      if (priority === ask.priority) rivals++;
      if (served < least[priority]) least[priority] = served;
    } else if (served > shares.keyClocks[priority]) rest.push(flow.waiting === 0 ? flow : { ...flow, waiting: 0 });
  }
  const joinAt = shares.keyClocks[ask.priority];
  const askers = [...wanted.keys()].map((key) => {
    const known = mine.get(key) ?? newFlow(ask.priority, key, joinAt, nowMs);
    return known.served < joinAt ? { ...known, served: joinAt } : known;
  });
  return { rest, mine: askers, least, rivals, waiting };
}

/** How far ahead of a waiting key another one may get, in grants. */
const keyLead = (keys: number, perGrantMs: number): number => Math.max(1, Math.floor(LEAD_MS / perGrantMs / keys));

/** What a class may be granted before it is further ahead of a waiting one than the rule lets it. */
function allowance(shares: Shares, priority: Priority, waits: Seen["least"], terms: Terms): number {
  let least = Number.POSITIVE_INFINITY;
  for (const other of PRIORITIES)
    if (other !== priority && waits[other] !== Number.POSITIVE_INFINITY) least = Math.min(least, shares.served[other]);
  if (least === Number.POSITIVE_INFINITY) return least;
  const costs = costsOf(terms.weights);
  const together = 1 / costs.critical + 1 / costs.standard + 1 / costs.bulk;
  // Never less than one grant of the lightest class costs, which would stand still before a waiting one else.
  const lead = Math.max(costs.critical, costs.standard, costs.bulk, Math.floor(LEAD_MS / terms.perGrantMs / together));
  return Math.floor((least + lead - Math.max(shares.served[priority], shares.clock)) / costs[priority]);
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

const whole = (weight: number): number => Math.max(1, Math.min(100, Math.round(weight)));

/** What one grant adds to each class's account: whole numbers, inverse to the weights, so that no rounding favours anyone. */
function costsOf(weights: Weights): Readonly<Record<Priority, number>> {
  const [critical, standard, bulk] = [whole(weights.critical), whole(weights.standard), whole(weights.bulk)];
  let common = critical;
  for (const weight of [standard, bulk]) common = (common * weight) / commonDivisor(common, weight);
  return { critical: common / critical, standard: common / standard, bulk: common / bulk };
}

interface Made {
  readonly priority: Priority;
  readonly granted: number;
  readonly weights: Weights;
}

/** Accounts for the grants and moves the clocks; with nobody left waiting, all is forgotten. `waits`: see Seen.least, of all. */
function settled(shares: Shares, flows: readonly Flow[], waits: Seen["least"], made: Made): Shares {
  const waiting = PRIORITIES.filter((priority) => waits[priority] !== Number.POSITIVE_INFINITY);
  if (waiting.length === 0) return NO_CONTENTION;
  const { priority, granted } = made;
  const before = Math.max(shares.served[priority], shares.clock);
  const served = { ...shares.served, [priority]: before + granted * costsOf(made.weights)[priority] };
  const keyClocks = { ...shares.keyClocks };
  let clock = Number.POSITIVE_INFINITY;
  for (const one of waiting) {
    keyClocks[one] = Math.max(keyClocks[one], waits[one]);
    clock = Math.min(clock, served[one]);
  }
  // Within a class where no key waits there is nothing to be ahead of.
  const kept = waits[priority] === Number.POSITIVE_INFINITY ? flows.filter((flow) => flow.priority !== priority) : flows;
  return { flows: kept, served, keyClocks, clock: Math.max(shares.clock, clock) };
}

/** One key's part of what its place got: the keys that share a place are served in the order of the ask. */
function partOf(place: { readonly untilMs: number; left: number } | undefined, count: number, everyMs: number): Part {
  if (place === undefined) return { granted: 0, untilMs: null, everyMs };
  const granted = Math.min(count, place.left);
  place.left -= granted;
  return { granted, untilMs: granted < count ? place.untilMs : null, everyMs };
}
