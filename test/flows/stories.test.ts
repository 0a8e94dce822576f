import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { FlowRun } from "../../src/domain/flows/run.ts";
import { post, sale, systems, told, until, writeOf, type SystemName } from "../support/flow-story.ts";
import type { Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** What one system was told of records whose key or content names this, as `order confirmed`; the runs' own records aside. */
const heard = (posts: readonly Post[], system: SystemName, named: string): readonly string[] =>
  posts
    .filter((each) => `${each.url}${each.body}`.includes(named))
    .map(writeOf)
    .filter((write) => write.system === system && write.kind !== "activity")
    .map(({ kind, key, data }) => `${kind} ${key} ${String(data["status"] ?? data["priority"])}`);

/** The states of a run as the CRM was told of them. */
const writtenBack = (posts: readonly Post[], { id }: FlowRun): readonly unknown[] =>
  posts
    .map(writeOf)
    .flatMap(({ system, kind, key, data }) => (system === "crm" && kind === "activity" && key === id ? [data["statusRaw"]] : []));

const sold = (key: string, status: string) => told("sandbox-erp", "order", key, { customerId: `C-${key}`, region: "EMEA", status });

describe("every flow over real queues, D1 and Workflows", () => {
  it("tells CRM and support of an order's shipments until it is fulfilled, each once, and keeps a record of the run in the CRM", async () => {
    const posts = systems();
    await post(sold("OF-1", "confirmed"));
    await until("OF-1", ({ steps }) => steps[0]?.memory["support order OF-1"] === "confirmed", "order-to-fulfilment");
    await post(told("sandbox-erp", "shipment", "OF-1-S1", { orderId: "OF-1", status: "shipped" }));
    await post(sold("OF-1", "fulfilled"));
    const run = await until("OF-1", ({ state }) => state === "done", "order-to-fulfilment");
    const all = ["order OF-1 confirmed", "order OF-1 fulfilled", "shipment OF-1-S1 shipped"];
    expect(heard(posts, "crm", "OF-1").toSorted()).toEqual(all);
    expect(heard(posts, "support", "OF-1").toSorted()).toEqual(all);
    expect(heard(posts, "erp", "OF-1")).toEqual([]);
    await vi.waitUntil(() => writtenBack(posts, run).includes("done"), { timeout: 9_000 });
    expect(writtenBack(posts, run)).toEqual(["running", "done"]);
  });

  it("gives a case the priority its customer is entitled to, makes its return order, and tells the CRM of its resolution", async () => {
    const posts = systems();
    const opened = { customerId: "CR-1-C", status: "new", priority: "low", custom: { type: "warranty" } };
    await post(told("custom", "entitlement", "CR-1-E", { customerId: "CR-1-C", status: "active", serviceLevel: "premium" }));
    await vi.waitUntil(async () => (await env.DB.prepare("SELECT 1 FROM flow_facts WHERE record_key = 'CR-1-E'").first()) !== null, {
      timeout: 9_000,
    });
    await post(told("zendesk", "case", "CR-1", opened));
    await until("CR-1", ({ steps }) => steps[2]?.state === "waiting", "case-to-resolution");
    await post(told("zendesk", "case", "CR-1", { ...opened, status: "resolved", priority: "high" }));
    const run = await until("CR-1", ({ state }) => state === "done", "case-to-resolution");
    expect(run.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
      "priority done",
      "return done",
      "first-answer done",
      "escalation skipped",
      "resolution done",
      "crm done",
    ]);
    expect(heard(posts, "support", "CR-1")).toContain("case CR-1 high");
    expect(heard(posts, "erp", "CR-1")).toEqual(["orders CR-1:return confirmed"]);
    expect(heard(posts, "crm", "CR-1")).toEqual(["case CR-1 resolved"]);
    await vi.waitUntil(() => writtenBack(posts, run).includes("done"), { timeout: 9_000 });
  });

  it("reverses on cancellation what another flow had entitled the customer to", async () => {
    const posts = systems();
    await post(sale("XF-1"));
    await post(told("sandbox-erp", "order", "ord-XF-1", { opportunityId: "XF-1", region: "EMEA", status: "confirmed" }));
    await until("XF-1", ({ steps }) => steps.at(-1)?.state === "waiting");
    await post(told("sandbox-erp", "order", "ord-XF-1", { opportunityId: "XF-1", region: "EMEA", status: "cancelled" }));
    const run = await until("ord-XF-1", ({ state }) => state === "done", "order-to-fulfilment");
    expect(run.steps.slice(-2).map(({ name, state }) => `${name} ${state}`)).toEqual(["provisioned done", "entitlements done"]);
    for (const [system, kind] of [
      ["erp", "entitlements"],
      ["support", "entitlement"],
    ] as const)
      for (const part of ["service", "support"])
        expect(heard(posts, system, "XF-1").filter((what) => what === `${kind} XF-1:${part} cancelled`)).toHaveLength(1);
  });
});
