import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRIORITIES, type Priority } from "../../src/domain/event.ts";
import { lease, newGovernor, settleLease, type GovernorPolicy, type GovernorState } from "../../src/domain/governor.ts";

const BASE = { concurrency: 1_000_000, failures: 10, openMs: 5_000, leaseTtlMs: 60_000 };
const DEFAULTS = { critical: 6, standard: 3, bulk: 1 };

/** One that asks for `count` again and again, comes back when it is told to, late by up to `lateMs`. */
interface Asker {
  readonly priority: Priority;
  readonly key: string;
  readonly count: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly lateMs: number;
}

interface Served {
  readonly atMs: number;
  readonly priority: Priority;
  readonly key: string;
  readonly count: number;
}

const asker = (priority: Priority, more: Partial<Asker> = {}): Asker => ({
  priority,
  key: "",
  count: 1,
  fromMs: 0,
  untilMs: Number.POSITIVE_INFINITY,
  lateMs: 0,
  ...more,
});

/** A small generator, so that lateness is the same in every run of a seed. */
function lots(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Lets askers press a governor for a while; every attempt ends at once. Returns what was served, and how often it was asked. */
function press(policy: GovernorPolicy, askers: readonly Asker[], forMs: number, seed = 1): { served: Served[]; asked: number } {
  let state: GovernorState = newGovernor(policy, 0);
  const random = lots(seed);
  const served: Served[] = [];
  const due = askers.map((who) => ({ who, atMs: who.fromMs, left: who.count, again: false }));
  let asked = 0;
  for (;;) {
    const next = due.reduce((first, one) => (one.atMs < first.atMs ? one : first));
    const nowMs = next.atMs;
    if (nowMs > forMs) return { served, asked };
    asked++;
    const { who } = next;
    const taken = lease(state, { count: next.left, priority: who.priority, fairKey: who.key, again: next.again }, policy, nowMs);
    state = settleLease(taken.state, { leaseId: taken.lease.id, results: [], quietUntilMs: null }, policy, nowMs);
    if (taken.lease.granted > 0) served.push({ atMs: nowMs, priority: who.priority, key: who.key, count: taken.lease.granted });
    next.again = taken.lease.refusal !== null;
    next.left = next.left - taken.lease.granted || who.count;
    const backMs = taken.lease.refusal === null ? nowMs : (taken.lease.refusal.untilMs ?? 0) + Math.floor(random() * who.lateMs);
    next.atMs = nowMs >= who.untilMs ? Number.POSITIVE_INFINITY : Math.max(backMs, nowMs);
  }
}

const total = (served: readonly Served[], of: (one: Served) => boolean = () => true): number =>
  served.reduce((sum, one) => sum + (of(one) ? one.count : 0), 0);

const between = (served: readonly Served[], fromMs: number, toMs: number): Served[] =>
  served.filter((one) => one.atMs >= fromMs && one.atMs < toMs);

/** What a class may be ahead of a waiting one, in grants, as it is stated. */
function leadOf(weights: Record<Priority, number>, priority: Priority, perSecond: number): number {
  const { critical, standard, bulk } = weights;
  return weights[priority] * Math.max(1 / Math.min(critical, standard, bulk), (perSecond * 0.25) / (critical + standard + bulk));
}

describe("the classes' shares", () => {
  const cases = fc.record({
    weights: fc.record({
      critical: fc.integer({ min: 1, max: 12 }),
      standard: fc.integer({ min: 1, max: 12 }),
      bulk: fc.integer({ min: 1, max: 12 }),
    }),
    perSecond: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constantFrom(0.2, 0.5)),
    askers: fc.record({
      critical: fc.integer({ min: 2, max: 6 }),
      standard: fc.integer({ min: 2, max: 6 }),
      bulk: fc.integer({ min: 2, max: 12 }),
    }),
    count: fc.integer({ min: 1, max: 30 }),
    lateMs: fc.constantFrom(0, 20, 300),
    seed: fc.integer(),
    span: fc.tuple(fc.integer({ min: 2_000, max: 20_000 }), fc.integer({ min: 1_000, max: 20_000 })),
  });

  const pressed = ({
    weights,
    perSecond,
    askers,
    count,
    lateMs,
    seed,
    span,
  }: typeof cases extends fc.Arbitrary<infer Case> ? Case : never) => {
    // Slow rates are watched for longer.
    const [fromMs, forMs] = [span[0] * Math.max(1, 10 / perSecond), span[1] * Math.max(1, 10 / perSecond)];
    const all = PRIORITIES.flatMap((priority) => Array.from({ length: askers[priority] }, () => asker(priority, { count, lateMs })));
    const { served } = press({ ...BASE, perSecond, weights }, all, fromMs + forMs, seed);
    return { within: between(served, fromMs, fromMs + forMs), served, untilMs: fromMs + forMs };
  };

  it("are kept in every span of contention: served >= total x weight / weights - twice its lead, for each class", () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { within } = pressed(one);
        const { critical, standard, bulk } = one.weights;
        for (const priority of PRIORITIES) {
          const share = (total(within) * one.weights[priority]) / (critical + standard + bulk);
          const bound = 2 * leadOf(one.weights, priority, one.perSecond);
          expect(total(within, (each) => each.priority === priority)).toBeGreaterThanOrEqual(Math.floor(share) - bound);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("lose nothing of the capacity, and at most a tenth where the bucket holds but one token", () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { served, untilMs } = pressed(one);
        const burst = Math.max(1, one.perSecond);
        const most = burst + (one.perSecond * untilMs) / 1_000;
        // Where the bucket holds but one token, the next waits for whoever is late, or told a little later, to take the first.
        const used = burst < 2 ? 0.9 / (1 + (one.lateMs * one.perSecond) / 1_000) : 1;
        expect(total(served)).toBeLessThanOrEqual(most);
        expect(total(served)).toBeGreaterThanOrEqual(most * used - burst - 2);
      }),
      { numRuns: 60 },
    );
  });

  it("of a class that asks for nothing are the others', by their weights; alone, any class has everything", () => {
    const policy = { ...BASE, perSecond: 50 };
    const two = press(
      policy,
      [...Array.from({ length: 5 }, () => asker("standard")), ...Array.from({ length: 5 }, () => asker("bulk"))],
      20_000,
    );
    const late = between(two.served, 2_000, 20_000);
    expect(total(late, (one) => one.priority === "standard") / total(late)).toBeCloseTo(0.75, 1);
    for (const priority of PRIORITIES)
      expect(total(press(policy, [asker(priority, { count: 40 })], 10_000).served)).toBeGreaterThanOrEqual(540);
  });

  it("of a class that has gone are the others' within a second", () => {
    const policy = { ...BASE, perSecond: 20 };
    const bulk = Array.from({ length: 20 }, () => asker("bulk"));
    const critical = Array.from({ length: 20 }, () => asker("critical", { untilMs: 5_000 }));
    const { served } = press(policy, [...bulk, ...critical], 20_000);
    expect(total(between(served, 2_000, 5_000), (one) => one.priority === "bulk")).toBeLessThanOrEqual(0.1 * 60 + 4);
    // Those who were told to come did not: for at most a second tokens are kept for them, and none is lost.
    expect(total(between(served, 5_000, 20_000), (one) => one.priority === "bulk")).toBeGreaterThanOrEqual(20 * 15 - 20);
  });

  it("let a lone critical attempt through a flood of bulk and standard after at most 0.1 s or four of theirs, and bulk after 0.225 s or nine", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PRIORITIES),
        fc.integer({ min: 3_000, max: 6_000 }),
        fc.integer({ min: 2, max: 80 }),
        (priority, atMs, perSecond) => {
          const others = PRIORITIES.filter((other) => other !== priority);
          const flood = others.flatMap((other) => Array.from({ length: 30 }, () => asker(other, { count: 5 })));
          const { served } = press(
            { ...BASE, perSecond },
            [...flood, asker(priority, { fromMs: atMs, untilMs: atMs, key: "lone" }), asker(priority, { fromMs: atMs, key: "lone" })],
            20_000,
          );
          const mine = served.find((one) => one.key === "lone");
          const passed = total(between(served, atMs, mine?.atMs ?? Number.POSITIVE_INFINITY));
          const most = others.reduce((sum, other) => sum + leadOf(DEFAULTS, other, perSecond), 0);
          // Beside those, what was granted in the very millisecond before it asked.
          expect(passed).toBeLessThanOrEqual(most + 1);
          expect((mine?.atMs ?? Number.POSITIVE_INFINITY) - atMs).toBeLessThanOrEqual(((most + 2) * 1_000) / perSecond + 2);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("do not make a class pay for what it took while nobody else asked", () => {
    const policy = { ...BASE, perSecond: 10 };
    const bulk = Array.from({ length: 5 }, () => asker("bulk"));
    const { served } = press(policy, [...bulk, asker("critical", { fromMs: 30_000 }), asker("critical", { fromMs: 30_000 })], 60_000);
    expect(total(between(served, 0, 30_000), (one) => one.priority === "bulk")).toBeGreaterThanOrEqual(300);
    const share = total(between(served, 31_000, 60_000), (one) => one.priority === "bulk") / total(between(served, 31_000, 60_000));
    expect(share).toBeCloseTo(1 / 7, 1);
  });

  it("cost the governor few calls: thousands that wait are told to come about twice as often as tokens, not all at once", () => {
    const policy = { ...BASE, perSecond: 50 };
    const { asked } = press(
      policy,
      Array.from({ length: 1_500 }, () => asker("standard")),
      10_000,
    );
    // All ask once to begin with.
    expect(asked - 1_500).toBeLessThanOrEqual(10 * 50 * 2 + 10 * 50 + 100);
  });
});
