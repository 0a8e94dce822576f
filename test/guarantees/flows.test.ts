import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FAILURE_CLASSES, type FailureClass } from "../../src/domain/failure.ts";
import { caseToResolution } from "../../src/domain/flows/case-to-resolution.ts";
import type { AnyFlow } from "../../src/domain/flows/definition.ts";
import { orderToFulfilment } from "../../src/domain/flows/order-to-fulfilment.ts";
import { quoteToCash } from "../../src/domain/flows/quote-to-cash.ts";
import { isOver, type FlowRun } from "../../src/domain/flows/run.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { FlowWorld, type CrashPoint, type Fate, type FlowWorldOptions } from "../support/flow-world.ts";

const SALE = { stage: "won", customerId: "C-1", region: "DACH", amount: { amount: "100.00", currency: "EUR" } };
const ORDER = { opportunityId: "K-1", status: "confirmed" };
const INVOICE = { opportunityId: "K-1", status: "open", dueDate: "2026-02-01" };
const PAID = { ...INVOICE, status: "paid" };

/** Steps that write something, in their order, and those that can be taken back. */
const WRITES = ["customer", "create-order", "accepted", "provision", "support", "onboarding"] as const;
const TAKEN_BACK = ["create-order", "accepted", "provision", "support", "onboarding"];

const world = (options: Partial<FlowWorldOptions> = {}): FlowWorld =>
  new FlowWorld({ flow: quoteToCash, subject: SALE, policy: { onboardingTasks: ["call"] }, ...options });

/** The whole story, told in advance. */
function told(flowWorld: FlowWorld): FlowWorld {
  flowWorld.tell("order", "SO-1", ORDER);
  flowWorld.tell("invoice", "I-1", PAID);
  return flowWorld;
}

const crashes = fc.array(fc.constantFrom<CrashPoint>("decided", "stored", "sent", null), { maxLength: 40 });

/**
 * Every effect that is there was taken back exactly once, after it, and in the reverse order; nothing else was, but for
 * effects of which nobody could know whether they are there.
 */
function expectTakenBack({ applied, run }: FlowWorld, unsure: readonly string[] = [], takenBack: readonly string[] = TAKEN_BACK): void {
  const has = (step: string, undo: boolean): boolean => applied.some((each) => each.step === step && each.undo === undo);
  const steps = takenBack.filter((step) => has(step, false) || (unsure.includes(step) && has(step, true)));
  const undos = applied.filter(({ undo }) => undo);
  const undone = undos.map(({ step }) => step).filter((step, index, all) => step !== all[index - 1]);
  expect(new Set(undos.map(({ step, key }) => `${step} ${key}`)).size, "a record is taken back twice").toBe(undos.length);
  expect(undone, JSON.stringify(run.timeline)).toEqual(steps.toReversed());
  for (const step of steps) {
    const lastDone = applied.findLastIndex((each) => each.step === step && !each.undo);
    expect(applied.findIndex((each) => each.step === step && each.undo)).toBeGreaterThan(lastDone);
  }
}

const once = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;
const visible = (run: FlowRun): boolean =>
  isOver(run) ||
  (run.state === "blocked" && run.reason !== null) ||
  (run.wakeAtMs !== null && run.steps.some(({ state }) => state !== "done"));

describe("quote to cash", () => {
  it("comes to its end with every effect there once, whenever its workflow dies", () => {
    fc.assert(
      fc.property(crashes, fc.nat({ max: 60_000 }), (points, takesMs) => {
        const flow = told(world({ takesMs }));
        expect(flow.settle(undefined, points).state).toBe("done");
        expect(flow.applied.map(({ step }) => step)).toEqual(WRITES);
      }),
      { numRuns: 120 },
    );
  });

  it("comes to the same end in whatever order facts come, however often, and however late", () => {
    const facts = [
      ["order", "SO-1", { ...ORDER, status: "draft" }, 1],
      ["order", "SO-1", ORDER, 2],
      ["invoice", "I-1", INVOICE, 3],
      ["invoice", "I-1", PAID, 4],
    ] as const;
    const order = fc.array(fc.record({ at: fc.nat({ max: facts.length - 1 }), waitMs: fc.nat({ max: 3_600_000 }) }), { maxLength: 12 });
    fc.assert(
      fc.property(order, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), crashes, (first, rest, points) => {
        const flow = world();
        for (const { at, waitMs } of [...first, ...rest.map((each) => ({ at: each, waitMs: 0 }))]) {
          const fact = facts[at];
          if (fact !== undefined) flow.tell(fact[0], fact[1], fact[2], fact[3]);
          flow.nowMs += waitMs;
          flow.drive(points[at] ?? null);
        }
        expect(flow.settle(undefined, points).state).toBe("done");
        expect(flow.applied.filter(({ step }) => step !== "payment").map(({ step }) => step)).toEqual(WRITES);
      }),
      { numRuns: 120 },
    );
  });

  it("takes back what is there, in reverse, each once, wherever a system refuses and whenever its workflow dies", () => {
    const refusing = fc.constantFrom("create-order", "provision", "support");
    fc.assert(
      fc.property(refusing, crashes, (refused, points) => {
        const fate = (_sent: unknown, step: string, undo: boolean): Fate =>
          step === refused && !undo ? { applied: false, dead: "business" } : { applied: true };
        const flow = told(world({ fate }));
        const run = flow.settle(undefined, points);
        expect(run.state).toBe("stopped");
        expect(run.reason).toContain(refused);
        expectTakenBack(flow);
      }),
      { numRuns: 120 },
    );
  });

  it("always ends or waits visibly, with nothing sent twice and every compensation there once, whatever fails where", () => {
    const failure = fc.record({
      step: fc.constantFrom(...WRITES, "payment"),
      undo: fc.boolean(),
      dead: fc.constantFrom<FailureClass>(...FAILURE_CLASSES),
      applied: fc.boolean(),
      times: fc.integer({ min: 1, max: 6 }),
    });
    const cancelAt = fc.option(fc.nat({ max: 30 }), { nil: null });
    fc.assert(
      fc.property(fc.array(failure, { maxLength: 4 }), crashes, cancelAt, fc.boolean(), (failures, points, cancel, accepted) => {
        const left = failures.map((each) => ({ ...each }));
        const fate = (_sent: unknown, step: string, undo: boolean): Fate => {
          const found = left.find((each) => each.step === step && each.undo === undo && each.times > 0);
          if (found === undefined) return { applied: true };
          found.times--;
          // Only where the answer is lost may an effect be there that is told of as dead.
          const lost = found.dead === "ambiguous" || found.dead === "transient";
          return { applied: found.applied && lost, dead: found.dead };
        };
        const flow = world({ fate, takesMs: 5_000 });
        if (accepted) told(flow);
        let rounds = 0;
        const run = flow.settle(() => rounds++ === cancel, points);
        if (cancel !== null && !isOver(run)) flow.operate({ verb: "cancel" });
        const end = flow.settle();
        expect(visible(end), flow.row).toBe(true);
        expect(once(flow.applied.map(({ deliveryId }) => deliveryId))).toBe(true);
        const unsure = failures.filter(({ dead }) => dead === "ambiguous" || dead === "transient").map(({ step }) => step);
        const undoRefused = failures.some(({ undo }) => undo);
        if (end.state === "uncompensated") expect(undoRefused).toBe(true);
        if (end.state === "done") expect(flow.applied.some(({ undo }) => undo)).toBe(false);
        if ((end.state === "stopped" || end.state === "cancelled") && !undoRefused) expectTakenBack(flow, unsure);
      }),
      { numRuns: 600 },
    );
  });

  it("stops with words at a sale that cannot be sold, writes nothing, and goes on once the sale is mended", () => {
    const flow = told(world({ subject: { ...SALE, customerId: "" } }));
    expect(flow.settle()).toMatchObject({ state: "blocked", reason: "account: the sale names no account (customerId)" });
    expect(flow.applied).toEqual([]);
    flow.tell("opportunity", "K-1", SALE);
    expect(flow.settle().state).toBe("done");
  });

  it("gives a person so long for a step, and no longer because there is another reason meanwhile", () => {
    const flow = world({ subject: { ...SALE, amount: { amount: "0.00", currency: "EUR" } } });
    flow.settle();
    const personByMs = flow.nowMs + 8 * 3_600_000;
    expect(flow.run).toMatchObject({ state: "blocked", reason: expect.stringContaining("no amount"), personByMs });
    flow.nowMs += 3_600_000;
    flow.tell("opportunity", "K-1", { ...SALE, custom: { lines: [{ sku: "" }] } });
    expect(flow.settle()).toMatchObject({ state: "blocked", reason: expect.stringContaining("a line has no product"), personByMs });
    flow.nowMs += 3_600_000;
    flow.tell("opportunity", "K-1", SALE);
    expect(flow.settle((run) => run.steps[4]?.state === "done").state).toBe("running");
  });

  it("takes the order back when the ERP does not accept it in time, and when the sale is taken back before", () => {
    const late = world();
    expect(late.settle()).toMatchObject({ state: "stopped", reason: "acceptance: its deadline has passed" });
    expect(late.applied.map(({ step, data }) => [step, data["stage"]])).toEqual([
      ["customer", undefined],
      ["create-order", "won"],
      ["create-order", "lost"],
    ]);
    const lost = world();
    lost.drive();
    lost.tell("opportunity", "K-1", { ...SALE, stage: "lost" });
    expect(lost.settle().reason).toContain("taken back");
    expectTakenBack(lost);
  });

  it("lowers the service level when an invoice stays unpaid too long, keeps the customer visible, and restores it on payment", () => {
    const flow = world();
    flow.tell("order", "SO-1", ORDER);
    flow.tell("invoice", "I-1", INVOICE);
    const levels = () =>
      flow.applied.filter(({ step }) => step === "support" || step === "payment").map(({ data }) => data["serviceLevel"]);
    flow.settle(
      (run) => run.steps.at(-1)?.memory["downgraded"] === true && run.steps.at(-1)?.effects.every(({ state }) => state === "done") === true,
    );
    expect(levels()).toEqual(["standard", "restricted"]);
    expect(flow.nowMs).toBeGreaterThanOrEqual(Date.parse("2026-02-15"));
    expect(flow.applied.at(-1)?.data["status"]).toBe("active");
    flow.tell("invoice", "I-1", PAID);
    expect(flow.settle().state).toBe("done");
    expect(levels()).toEqual(["standard", "restricted", "standard"]);
  });

  it("goes on by itself when what it has waited for in vain comes after all", () => {
    const flow = told(world({ policy: { onboardingTasks: ["call"], followDays: 1 } }));
    flow.tell("invoice", "I-1", { ...INVOICE, dueDate: "2027-02-01" });
    expect(flow.settle()).toMatchObject({ state: "blocked", reason: "payment: its deadline has passed" });
    flow.tell("invoice", "I-1", PAID);
    expect(flow.settle().state).toBe("done");
  });

  it("says once that it waits for a person, also after it has acted on what it follows", () => {
    const flow = world({ policy: { onboardingTasks: ["call"], followDays: 60 } });
    flow.tell("order", "SO-1", ORDER);
    flow.tell("invoice", "I-1", INVOICE);
    const run = flow.settle();
    expect(run).toMatchObject({ state: "blocked", reason: "payment: its deadline has passed" });
    expect(run.steps.at(-1)?.memory["downgraded"]).toBe(true);
    for (let look = 0; look < 5; look++) flow.drive();
    expect(flow.run.timeline.filter(({ what }) => what === "waits for a person")).toHaveLength(1);
    flow.tell("invoice", "I-1", PAID);
    expect(flow.settle().state).toBe("done");
    expect(flow.applied.at(-1)?.data["serviceLevel"]).toBe("standard");
  });

  it("goes on by itself when an operator has brought a dead effect through", () => {
    const flow = told(world({ fate: (_sent, step) => (step === "customer" ? { applied: false, dead: "auth" } : { applied: true }) }));
    expect(flow.settle().state).toBe("blocked");
    flow.mend("customer");
    expect(flow.settle().state).toBe("done");
  });
});

interface Story {
  readonly flow: AnyFlow;
  readonly subject: JsonObject;
  readonly tell: (flow: FlowWorld) => void;
  readonly writes: readonly string[];
  readonly takenBack: readonly string[];
  /** Status or priority of every record that is taken back, after that. */
  readonly leaves: Readonly<Record<string, string>>;
}

const STORIES: readonly (readonly [string, Story])[] = [
  [
    "order to fulfilment, cancelled",
    {
      flow: orderToFulfilment,
      subject: { status: "confirmed", customerId: "C-1" },
      tell: (flow) => {
        for (const n of [1, 2]) {
          flow.tell("invoice", `I-${n}`, { orderId: "K-1", status: "open", total: { amount: `${n}.00`, currency: "EUR" } });
          flow.tell("entitlement", `E-${n}`, { orderId: "K-1", status: n === 1 ? "active" : "suspended" });
        }
        flow.tell("order", "K-1", { status: "cancelled", customerId: "C-1" });
      },
      writes: ["fulfilment", "credit", "provisioned", "entitlements"],
      takenBack: ["credit", "provisioned", "entitlements"],
      leaves: { "I-1:credit": "void", "I-2:credit": "void", "E-1": "active", "E-2": "suspended" },
    },
  ],
  [
    "case to resolution, escalated",
    {
      flow: caseToResolution,
      subject: { status: "new", priority: "normal", customerId: "C-1", custom: { type: "return" } },
      tell: (flow) => flow.tell("entitlement", "E-1", { customerId: "C-1", status: "active", serviceLevel: "premium" }),
      writes: ["priority", "return", "escalation"],
      takenBack: ["priority", "return", "escalation"],
      leaves: { "K-1": "normal", "K-1:return": "cancelled" },
    },
  ],
];

describe.each(STORIES)("%s", (_name, { flow: definition, subject, tell, writes, takenBack, leaves }) => {
  const failure = fc.record({
    step: fc.constantFrom(...writes),
    dead: fc.constantFrom<FailureClass>(...FAILURE_CLASSES),
    applied: fc.boolean(),
    times: fc.integer({ min: 1, max: 5 }),
  });

  it("ends or waits visibly, sends nothing twice, and takes back all that is there once it is cancelled, whatever fails where", () => {
    fc.assert(
      fc.property(fc.array(failure, { maxLength: 3 }), crashes, fc.nat({ max: 30 }), (failures, points, cancelAt) => {
        const left = failures.map((each) => ({ ...each }));
        const fate = (_sent: unknown, step: string, undo: boolean): Fate => {
          const found = undo ? undefined : left.find((each) => each.step === step && each.times > 0);
          if (found === undefined) return { applied: true };
          found.times--;
          const lost = found.dead === "ambiguous" || found.dead === "transient";
          return { applied: found.applied && lost, dead: found.dead };
        };
        const flow = new FlowWorld({ flow: definition, subject, fate, takesMs: 5_000 });
        tell(flow);
        let rounds = 0;
        const run = flow.settle(() => rounds++ === cancelAt, points);
        expect(visible(run), flow.row).toBe(true);
        if (!isOver(run)) flow.operate({ verb: "cancel" });
        const end = flow.settle();
        expect(isOver(end), flow.row).toBe(true);
        expect(once(flow.applied.map(({ deliveryId }) => deliveryId))).toBe(true);
        const unsure = failures.filter(({ dead }) => dead === "ambiguous" || dead === "transient").map(({ step }) => step);
        if (end.state === "cancelled") expectTakenBack(flow, unsure, takenBack);
      }),
      { numRuns: 300 },
    );
  });

  it("leaves a cancelled run's records as they were before it", () => {
    const flow = new FlowWorld({ flow: definition, subject, takesMs: 5_000 });
    tell(flow);
    const last = takenBack.at(-1);
    flow.settle(({ steps }) => steps.some(({ name, state }) => name === last && state === "sent"));
    expect(flow.operate({ verb: "cancel" })).toBeNull();
    expect(flow.settle().state).toBe("cancelled");
    expectTakenBack(flow, [], takenBack);
    const left = flow.applied.filter(({ undo }) => undo).map(({ key, data }) => [key, data["status"] ?? data["priority"]]);
    expect(Object.fromEntries(left)).toEqual(leaves);
  });
});

describe("an operator", () => {
  const refusing = (until: { refuses: boolean }, class_: FailureClass = "business"): FlowWorld =>
    told(
      world({
        fate: (_sent, step, undo) =>
          step === "provision" && !undo && until.refuses ? { applied: false, dead: class_ } : { applied: true },
      }),
    );

  it("begins a stopped run anew from what was taken back, under ids that nobody has seen", () => {
    const state = { refuses: true };
    const flow = refusing(state);
    expect(flow.settle().state).toBe("stopped");
    expect(flow.operate({ verb: "retry", step: "support" })).toContain("cannot go on from a later step");
    state.refuses = false;
    expect(flow.operate({ verb: "retry" })).toBeNull();
    expect(flow.settle().state).toBe("done");
    expect(once(flow.applied.map(({ deliveryId }) => deliveryId))).toBe(true);
    expect(flow.applied.filter(({ step }) => step === "create-order").map(({ undo }) => undo)).toEqual([false, true, false]);
  });

  it("goes past the step that stands, and past no other", () => {
    const flow = refusing({ refuses: true }, "auth");
    expect(flow.settle().state).toBe("blocked");
    expect(flow.operate({ verb: "skip", step: "support" })).toContain("it stands at provision");
    expect(flow.operate({ verb: "skip", step: "provision" })).toBeNull();
    const run = flow.settle();
    expect(run.state).toBe("done");
    expect(run.timeline).toContainEqual(expect.objectContaining({ what: "skip", step: "provision", by: "ann", words: "a test" }));
  });

  it("cancels a run with everything taken back, and compensates again what a system had refused to take back", () => {
    const state = { refuses: true };
    const flow = world({
      fate: (_sent, step, undo) =>
        undo && step === "create-order" && state.refuses ? { applied: false, dead: "business" } : { applied: true },
    });
    flow.tell("order", "SO-1", ORDER);
    flow.settle((run) => run.steps.at(-1)?.state === "waiting");
    expect(flow.operate({ verb: "cancel" })).toBeNull();
    expect(flow.settle().state).toBe("uncompensated");
    state.refuses = false;
    expect(flow.operate({ verb: "retry" })).toBeNull();
    expect(flow.settle().state).toBe("cancelled");
    expectTakenBack(flow);
    expect(flow.operate({ verb: "cancel" })).toContain("nothing to cancel");
  });
});
