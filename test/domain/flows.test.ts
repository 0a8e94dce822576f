import { describe, expect, it } from "vitest";
import { caseToResolution } from "../../src/domain/flows/case-to-resolution.ts";
import type { AnyFlow } from "../../src/domain/flows/definition.ts";
import { FLOWS, goesOnWith } from "../../src/domain/flows/index.ts";
import { note } from "../../src/domain/flows/listening.ts";
import { orderToFulfilment } from "../../src/domain/flows/order-to-fulfilment.ts";
import { quoteToCash } from "../../src/domain/flows/quote-to-cash.ts";
import { checkConfig } from "../../src/domain/config-check.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import { permit } from "../../src/domain/ownership.ts";
import { planRoutes } from "../../src/domain/routing.ts";
import { router } from "../../src/router.config.ts";
import { FIRST_MS, FlowWorld } from "../support/flow-world.ts";
import { orderEvent } from "../support/world.ts";

const DAY_MS = 86_400_000;
const wrote = ({ applied }: FlowWorld): readonly string[] =>
  applied.map(({ step, key, data }) => `${step} ${key} ${String(data["status"] ?? data["priority"] ?? "")}`);

describe("order to fulfilment", () => {
  const order = { status: "confirmed", customerId: "C-1" };
  const world = (): FlowWorld => new FlowWorld({ flow: orderToFulfilment, subject: order });
  const waits = (flow: FlowWorld): void => {
    for (let round = 0; round < 20; round++) flow.drive();
  };

  it("tells CRM and support of every state of every partial shipment, and of the order, each once", () => {
    const flow = world();
    waits(flow);
    flow.tell("shipment", "SH-1", { orderId: "K-1", status: "shipped" });
    flow.tell("order", "K-1", { ...order, status: "partially_fulfilled" });
    waits(flow);
    flow.tell("shipment", "SH-1", { orderId: "K-1", status: "delivered" });
    flow.tell("shipment", "SH-2", { orderId: "K-1", status: "shipped" });
    flow.tell("order", "K-1", { ...order, status: "fulfilled" });
    expect(flow.settle().state).toBe("done");
    const twice = ["K-1 confirmed", "SH-1 shipped", "K-1 partially_fulfilled", "SH-1 delivered", "SH-2 shipped", "K-1 fulfilled"];
    expect(wrote(flow).toSorted()).toEqual(twice.flatMap((what) => [`fulfilment ${what}`, `fulfilment ${what}`]).toSorted());
  });

  it("credits every invoice of a cancelled order and reverses its entitlements", () => {
    const flow = world();
    flow.tell("invoice", "I-1", { orderId: "K-1", status: "open", total: { amount: "12.50", currency: "EUR" } });
    flow.tell("entitlement", "E-1", { orderId: "K-1", status: "active" });
    flow.tell("order", "K-1", { ...order, status: "cancelled" });
    expect(flow.settle().state).toBe("done");
    expect(flow.applied.filter(({ step }) => step === "credit").map(({ key, data }) => [key, data["total"]])).toEqual([
      ["I-1:credit", { amount: "-12.50", currency: "EUR" }],
    ]);
    expect(wrote(flow)).toContain("entitlements E-1 cancelled");
  });

  it("leaves to a person what is to be credited once a part was shipped", () => {
    const flow = world();
    flow.tell("shipment", "SH-1", { orderId: "K-1", status: "shipped" });
    flow.tell("order", "K-1", { ...order, status: "cancelled" });
    expect(flow.settle()).toMatchObject({ state: "blocked", reason: expect.stringContaining("a part of it was shipped") });
    expect(flow.operate({ verb: "skip" })).toBeNull();
    expect(flow.settle().state).toBe("done");
  });
});

describe("case to resolution", () => {
  const opened = { status: "new", priority: "normal", customerId: "C-1" };
  const world = (subject = opened as FlowWorld["run"]["subject"]): FlowWorld => new FlowWorld({ flow: caseToResolution, subject });

  it("sets the priority that the customer is entitled to, with orders and entitlements beside it", () => {
    const flow = world();
    flow.tell("entitlement", "E-1", { customerId: "C-1", status: "active", serviceLevel: "premium" });
    flow.tell("order", "SO-1", { customerId: "C-1", status: "confirmed" });
    flow.settle((run) => run.steps[2]?.state === "waiting");
    expect(flow.applied.at(0)?.data).toEqual({ priority: "high", custom: { entitlements: ["E-1"], orders: ["SO-1"] } });
    expect(flow.run.wakeAtMs).toBe((flow.run.steps[2]?.startedAtMs ?? 0) + 8 * 3_600_000);
  });

  it("escalates what is not resolved in time, then waits for it, and tells the CRM", () => {
    const flow = world();
    flow.settle((run) => run.steps[4]?.state === "waiting");
    expect(wrote(flow)).toEqual(["escalation K-1 urgent"]);
    flow.tell("case", "K-1", { ...opened, status: "resolved" });
    expect(flow.settle().state).toBe("done");
    expect(wrote(flow).at(-1)).toBe("crm K-1 resolved");
  });

  it("escalates nothing that is resolved in time, and opens a return order where the case asks for one", () => {
    const flow = world({ ...opened, custom: { type: "return" } });
    flow.settle((run) => run.steps[2]?.state === "waiting");
    flow.tell("case", "K-1", { ...opened, status: "closed", custom: { type: "return" } });
    expect(flow.settle().state).toBe("done");
    expect(wrote(flow)).toEqual(["return K-1:return confirmed", "crm K-1 closed"]);
    expect(flow.nowMs - FIRST_MS).toBeLessThan(DAY_MS);
  });

  it("tells a person what nobody resolves", () => {
    expect(world().settle()).toMatchObject({ state: "blocked", reason: "resolution: its deadline has passed" });
  });
});

describe("a running flow and a deploy", () => {
  const next = (migrates?: AnyFlow["migrates"]): AnyFlow => ({
    ...quoteToCash,
    version: 2,
    steps: quoteToCash.steps.map((step) => (step.name === "customer" ? { ...step, name: "account-in-erp" } : step)),
    ...(migrates === undefined ? {} : { migrates }),
  });
  const running = (): FlowWorld["run"] => {
    const world = new FlowWorld({
      flow: quoteToCash,
      subject: { stage: "won", customerId: "C", region: "X", amount: { amount: "1", currency: "EUR" } },
    });
    world.settle((run) => run.steps.find(({ name }) => name === "acceptance")?.state === "waiting");
    return world.run;
  };

  it("finishes on the version that it began with, as long as that is there", () => {
    expect(goesOnWith(running(), FIRST_MS, [next(), quoteToCash])?.flow.version).toBe(1);
  });

  it("migrates by the rule that the new version declares, and repeats nothing that is done", () => {
    const going = goesOnWith(running(), FIRST_MS, [next({ 1: { rename: { customer: "account-in-erp" } } })]);
    expect(going?.run.version).toBe(2);
    expect(going?.run.steps.map(({ name, state }) => `${name} ${state}`).slice(0, 6)).toEqual([
      "account done",
      "tax done",
      "products done",
      "account-in-erp done",
      "create-order done",
      "acceptance waiting",
    ]);
  });

  it("waits where there is neither", () => {
    expect(goesOnWith(running(), FIRST_MS, [next()])).toBeNull();
  });
});

describe("the declarations", () => {
  const all: readonly AnyFlow[] = Object.values(FLOWS).flat();

  it("give every step a name of its own, every wait a deadline, and every rule of a policy a default", () => {
    for (const flow of all) {
      const names = flow.steps.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      const policy = flow.policy.parse({});
      const view = { key: "K", subject: {}, facts: [], policy, nowMs: 0, remoteIds: {}, memories: {}, has: () => true };
      for (const step of flow.steps)
        if (step.step === "wait" || step.step === "follow") expect(step.withinMs(policy, view)).toBeGreaterThan(0);
    }
  });

  it("listen to no event that a flow has written, to none that a newer state left behind, and to none of another kind", () => {
    const flows = [{ flow: quoteToCash }];
    const outcome = { eventId: "e", rev: 1, status: "delivered", lanes: [] } as const;
    const event: EntityEvent = {
      ...orderEvent({ id: "e" }),
      payload: { at: "inline", data: { opportunityId: "K-1", status: "confirmed" } },
    };
    expect(note(flows, event, outcome)).toMatchObject({ ties: ["order/SO-1", "opportunity/K-1"], begins: [] });
    expect(note(flows, { ...event, flow: { name: "quote-to-cash", run: "r", step: "s", to: [] } }, outcome)).toBeNull();
    expect(note(flows, event, { ...outcome, status: "superseded" })).toBeNull();
    expect(note(flows, { ...event, payload: { at: "inline", data: { status: "confirmed" } } }, outcome)).toBeNull();
    expect(note(flows, { ...event, entity: { ...event.entity, kind: "case" } }, outcome)).toBeNull();
  });

  it("hear of records that another flow has made, once they are there, and begin nothing by them", () => {
    const flows = [{ flow: quoteToCash }, { flow: orderToFulfilment }];
    const outcome = { eventId: "e", rev: 1, status: "delivered", lanes: [] } as const;
    const made = (kind: "entitlement" | "order", name: string): EntityEvent => ({
      ...orderEvent({ id: "e" }),
      entity: { kind, key: "K-1:x", schemaVersion: 1 },
      payload: { at: "inline", data: { orderId: "SO-1", opportunityId: "K-1", status: "confirmed" } },
      flow: { name, run: "r", step: "s", to: [] },
    });
    expect(note(flows, made("entitlement", "quote-to-cash"), outcome)).toMatchObject({
      ties: ["entitlement/K-1:x", "order/SO-1"],
      begins: [],
    });
    expect(note(flows, made("entitlement", "quote-to-cash"), { ...outcome, status: "dead" })).toBeNull();
    // A copy of what a system has told may be older than what that system tells next.
    expect(note(flows, made("order", "quote-to-cash"), outcome)).toBeNull();
  });

  it("know records that one account's ids name by the account too, where ids are each account's own", () => {
    const outcome = { eventId: "e", rev: 1, status: "delivered", lanes: [] } as const;
    const event: EntityEvent = {
      ...orderEvent({ id: "e" }),
      account: "acme",
      entity: { kind: "order", key: "acme:SO-1", schemaVersion: 1 },
      payload: { at: "inline", data: { opportunityId: "K-1", customerId: "C-1", status: "confirmed" } },
    };
    expect(note([{ flow: quoteToCash }], event, outcome)).toMatchObject({
      ties: ["order/acme:SO-1", "opportunity/acme:K-1"],
      fact: { data: { opportunityId: "acme:K-1", customerId: "acme:C-1" } },
    });
    const shared: EntityEvent = { ...event, entity: { ...event.entity, key: "SO-1" } };
    expect(note([{ flow: quoteToCash }], shared, outcome)).toMatchObject({ ties: ["order/SO-1", "opportunity/K-1"] });
  });

  it("send an effect where the step says and nowhere else, past a dead one, and may ask an owner for its record", () => {
    const event: EntityEvent = {
      ...orderEvent({ id: "e", source: "flow:quote-to-cash" }),
      flow: { name: "quote-to-cash", run: "r", step: "s", to: ["erp"] },
    };
    expect(planRoutes(router, event).lanes).toMatchObject([{ destination: "erp", route: "flow:quote-to-cash", afterDead: "continue" }]);
    expect(permit(router, event, "erp", { status: "cancelled" }).ok).toBe(true);
    expect(permit(router, { ...event, flow: undefined }, "erp", { status: "cancelled" }).ok).toBe(false);
  });

  it("are held against what a deployment tells them, each mistake by name", () => {
    const flows = {
      "quote-to-cash": {
        owner: "nobody",
        erp: "sap",
        policy: { acceptWithinHours: -1, colour: "red" },
        when: { "amount.amount": { gt: "x" } },
      },
      "no-such-flow": { owner: "revops" },
    } as unknown as NonNullable<typeof router.flows>;
    const problems = checkConfig({ ...router, flows }, { schemes: {}, modules: {} }).filter(({ section }) => section === "flows");
    expect(problems.map(({ entry, word, message }) => `${entry} ${word}: ${message}`)).toEqual([
      expect.stringContaining('quote-to-cash nobody: flows.quote-to-cash: unknown owner "nobody"'),
      expect.stringContaining('quote-to-cash sap: flows.quote-to-cash: erp: unknown destination "sap"'),
      expect.stringContaining("quote-to-cash acceptWithinHours: flows.quote-to-cash: policy.acceptWithinHours"),
      expect.stringContaining('quote-to-cash policy: flows.quote-to-cash: policy: Unrecognized key: "colour"'),
      expect.stringContaining("quote-to-cash amount.amount: flows.quote-to-cash: when.amount.amount: gt"),
      expect.stringContaining('no-such-flow no-such-flow: flows.no-such-flow: unknown flow "no-such-flow"'),
    ]);
  });
});
