import { describe, expect, it } from "vitest";
import { PRIORITIES, STATUSES } from "../../../src/destinations/freshdesk/resources.ts";
import { Bench } from "./bench.ts";
import { DESCRIPTION, Freshdesk, freshdeskTrial as trial } from "./fakes/freshdesk.ts";
import { delivery } from "./samples.ts";

const customer = (key: string, name: string) => delivery({ entity: { kind: "customer", key, schemaVersion: 1 }, data: { name } });
const supportCase = (key: string, subject = "a") =>
  delivery({ entity: { kind: "case", key, schemaVersion: 1 }, data: { subject, status: "open", requesterEmail: "ada@example.com" } });

describe("what Freshdesk's description says", () => {
  it("has the statuses and priorities that are written, and no others", () => {
    const { properties } = DESCRIPTION.schemas.TicketCreate;
    expect([...new Set(Object.values(STATUSES))].toSorted()).toEqual(properties["status"]?.enum);
    expect(Object.values(PRIORITIES).toSorted()).toEqual(properties["priority"]?.enum);
  });

  it("has every field that is written or read", async () => {
    const bench = new Bench(trial);
    for (const each of Object.values(trial.deliveries)) await bench.deliver(each);
    const writes = bench.requests.filter(({ body }) => body !== undefined);
    expect(writes.length).toBeGreaterThan(3);
    for (const { method, url, body = "{}" } of writes) {
      const schema = url.includes("/companies") ? "CompanyCreate" : method === "POST" ? "TicketCreate" : "TicketUpdate";
      const known = Object.keys(DESCRIPTION.schemas[schema].properties);
      expect(known).toEqual(expect.arrayContaining(Object.keys(JSON.parse(body) as object)));
    }
    const read = ["id", "subject", "status", "priority", "requester_id", "created_at", "updated_at", "custom_fields"];
    expect(Object.keys(DESCRIPTION.schemas.Ticket.properties)).toEqual(expect.arrayContaining(read));
  });
});

describe("a Freshdesk ticket", () => {
  it("is found again by lists while the search index does not know it, and by the index when it is old", async () => {
    const bench = new Bench(trial);
    await bench.deliver(supportCase("K1"));
    expect(await bench.deliver(supportCase("K1", "b"))).toMatchObject({ kind: "applied" });
    bench.fake.time.nowMs += 86_400_000;
    const before = bench.requests.length;
    expect(await bench.deliver(supportCase("K1", "c"))).toMatchObject({ kind: "applied" });
    expect(bench.requests.slice(before).map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "GET /api/v2/search/tickets",
      expect.stringMatching(/^GET \/api\/v2\/tickets\/\d+$/),
      expect.stringMatching(/^PUT \/api\/v2\/tickets\/\d+$/),
    ]);
    expect(bench.fake.held("case", "K1")).toMatchObject([{ fields: { subject: "c" } }]);
  });

  it("that the index still names after its deletion is made anew", async () => {
    const bench = new Bench(trial);
    await bench.deliver(supportCase("K1"));
    bench.fake.time.nowMs += 86_400_000;
    await bench.read("case", "K1");
    await bench.deliver({ ...supportCase("K1"), deleted: true, data: {} });
    expect(await bench.read("case", "K1")).toEqual({ ok: true, value: "absent" });
    await bench.deliver(supportCase("K1"));
    expect(bench.fake.held("case", "K1")).toHaveLength(1);
  });

  it("is refused without anybody who asks, where the settings name nobody", async () => {
    const settings = { ...(trial.connection.settings as object), defaultRequesterEmail: undefined };
    const bench = new Bench(trial, { ...trial.connection, settings });
    const nobody = { ...supportCase("K1"), data: { subject: "a" } };
    expect(await bench.deliver(nobody)).toMatchObject({ class: "business", fields: [{ field: "requesterEmail" }] });
  });
});

describe("a Freshdesk company", () => {
  it.each([true, false])("that carries no key becomes ours by its name, whether the refusal names it (%s) or not", async (namesHolder) => {
    const bench = new Bench({ ...trial, start: () => new Freshdesk(namesHolder) });
    expect(await bench.deliver(customer("001Zz", "unlinked ltd"))).toMatchObject({ kind: "applied" });
    expect(bench.fake.held("customer", "001Zz")).toMatchObject([{ fields: { name: "unlinked ltd" } }]);
  });

  it.each([true, false])("of another key keeps its name for itself (%s)", async (namesHolder) => {
    const bench = new Bench({ ...trial, start: () => new Freshdesk(namesHolder) });
    const outcome = await bench.deliver(customer("001Zz", "Seed Ltd"));
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "name", message: expect.stringContaining("001Ab") as string }] });
    expect(bench.fake.held("customer", "001Zz")).toHaveLength(0);
  });

  it("is told of with all others, as far as it changed within the window", async () => {
    const bench = new Bench(trial);
    const fromMs = bench.fake.time.nowMs + 1000;
    bench.fake.time.nowMs += 5000;
    for (const key of ["C1", "C2", "C3"]) bench.fake.tricks.add?.("customer", key);
    const run = await bench.changes({ kind: "customer", fromMs });
    expect(run.records.map(({ key }) => key)).toEqual(["C1", "C2", "C3"]);
  });
});

describe("changes of many tickets in one second", () => {
  it("are told by page numbers, and no ticket is left out", async () => {
    const bench = new Bench(trial);
    const keys = Array.from({ length: 7 }, (_, index) => `K${index}`);
    for (const key of keys) bench.fake.tricks.add?.("case", key);
    bench.fake.time.nowMs += 5000;
    bench.fake.tricks.add?.("case", "later");
    const run = await bench.changes({ kind: "case", untilMs: bench.fake.time.nowMs + 1000 });
    expect([...new Set(run.records.map(({ key }) => key))].toSorted()).toEqual([...keys, "later"].toSorted());
  });

  it("begin anew from a place that is none", async () => {
    const page = await trial.definition.changes?.page(
      { kind: "case", fromMs: null, untilMs: 1, cursor: "elsewhere", token: null, limit: 10 },
      new Bench(trial).session(),
    );
    expect(page).toEqual({ ok: true, value: "restart" });
  });
});
