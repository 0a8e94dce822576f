import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { Bench } from "./bench.ts";
import type { Trial } from "./fakes/define.ts";
import { zendeskTrials } from "./fakes/zendesk.ts";
import { delivery } from "./samples.ts";

const trialNamed = (name: string): Trial => {
  const trial = zendeskTrials[name];
  if (trial === undefined) throw new Error(`no trial ${name}`);
  return trial;
};
const trial = trialNamed("zendesk");
const supportCase = (data: Delivery["data"], changes: Partial<Delivery> = {}): Delivery =>
  delivery({ entity: { kind: "case", key: "case-1", schemaVersion: 1 }, data, ...changes });
const idOf = (outcome: unknown): string => (outcome as { remote: { id: string } }).remote.id;

describe("a Zendesk ticket", () => {
  it("is made anew after it was deleted, though its creation is still remembered", async () => {
    const bench = new Bench(trial);
    const made = await bench.deliver(supportCase({ subject: "a", status: "open" }));
    await bench.deliver(supportCase({}, { deleted: true }));
    const again = await bench.deliver(supportCase({ subject: "a", status: "open" }));
    expect(again).toMatchObject({ kind: "applied", duplicate: false });
    expect(idOf(again)).not.toBe(idOf(made));
    expect(bench.fake.held("case", "case-1")).toHaveLength(1);
  });

  it("is one after two creates at once with different content, and has the content of one of them", async () => {
    const bench = new Bench(trial);
    const [first, second] = await Promise.all(["a", "b"].map((subject) => bench.deliver(supportCase({ subject, status: "open" }))));
    expect([first, second]).toMatchObject([{ kind: "applied" }, { kind: "applied" }]);
    expect(idOf(first)).toBe(idOf(second));
    expect(bench.fake.held("case", "case-1")).toHaveLength(1);
  });

  it("is found by its key when its creation is forgotten after two hours", async () => {
    const bench = new Bench(trial);
    await bench.deliver(supportCase({ subject: "a", status: "open" }));
    bench.fake.time.nowMs += 3 * 3_600_000;
    expect(await bench.deliver(supportCase({ subject: "b" }))).toMatchObject({ kind: "applied" });
    expect(bench.fake.held("case", "case-1")).toMatchObject([{ fields: { subject: "b" } }]);
  });

  it("cannot be changed once it is closed, which is no failure where nothing would change", async () => {
    const bench = new Bench(trial);
    await bench.deliver(supportCase({ subject: "a", status: "closed" }));
    expect(await bench.deliver(supportCase({ subject: "a", status: "closed" }))).toMatchObject({ kind: "applied", duplicate: true });
    expect(await bench.deliver(supportCase({ subject: "b", status: "open" }))).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [{ field: "subject" }, { field: "status" }],
    });
  });

  it("that changes under each of three writes is handed back as a conflict", async () => {
    const bench = new Bench(trial);
    await bench.deliver(supportCase({ subject: "a", status: "open" }));
    const session = bench.session();
    const stubborn = {
      ...session,
      send: async (request: Parameters<typeof session.send>[0]) => {
        if (request.method === "PUT") bench.fake.tricks.touch?.("case", "case-1");
        return session.send(request);
      },
    };
    expect(await trial.definition.write(supportCase({ subject: "b" }), stubborn)).toMatchObject({ kind: "failed", class: "conflict" });
    expect(bench.requests.filter(({ method }) => method === "PUT")).toHaveLength(3);
  });

  it.each([
    [{ "ratelimit-reset": "41" }, 41_000],
    [{ "retry-after": "7", "ratelimit-reset": "41" }, 7_000],
    [{ "zendesk-ratelimit-tickets-index": "total=100; remaining=0; resets=53", "ratelimit-reset": "2" }, 53_000],
    [{ "zendesk-ratelimit-tickets-index": "total=100; remaining=9; resets=53", "ratelimit-reset": "2" }, 2_000],
  ])("refused for load with the headers %j waits %i ms, whatever the plain text says", async (headers, retryAfterMs) => {
    const bench = new Bench(trial);
    bench.interfere({
      do: "answer",
      status: 429,
      headers: headers as Record<string, string>,
      body: "Number of allowed API requests per minute exceeded",
    });
    expect(await bench.deliver(supportCase({ subject: "a" }))).toMatchObject({ class: "throttled", retryAfterMs });
  });

  it("says which record to create first, where it names one that is not there", async () => {
    const outcome = await new Bench(trial).deliver(supportCase({ subject: "a", customerId: "no-such" }));
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringContaining("create the customer first") as string }],
    });
  });
});

describe("Zendesk's other records", () => {
  it("refuse a key that a list of keys could not hold", async () => {
    const order = delivery({ entity: { kind: "order", key: "a,b", schemaVersion: 1 }, data: { number: "1" } });
    expect(await new Bench(trial).deliver(order)).toMatchObject({ class: "business", fields: [{ field: "key" }] });
  });

  it("are no longer there for who reads them, once they are deleted", async () => {
    for (const name of Object.keys(zendeskTrials)) {
      const bench = new Bench(trialNamed(name));
      const customer = Object.values(bench.trial.deliveries).find(({ entity }) => entity.kind === "customer");
      if (customer === undefined) throw new Error("no customer");
      await bench.deliver(customer);
      expect(await bench.deliver({ ...customer, deleted: true, data: {} })).toMatchObject({ kind: "applied" });
      expect(await bench.read("customer", customer.entity.key)).toEqual({ ok: true, value: "absent" });
    }
  });

  it.each(["zendesk", "zendesk, customers as users, OAuth"])(
    "tell their changes by the second or by a pointer, each once (%s)",
    async (name) => {
      const bench = new Bench(trialNamed(name));
      bench.fake.tricks.add?.("customer", "C1");
      bench.fake.time.nowMs += 120_000;
      const first = await bench.changes({ kind: "customer" });
      expect(first.records.map(({ key }) => key)).toEqual(["001Ab", "C1"]);
      bench.fake.tricks.touch?.("customer", "001Ab");
      bench.fake.tricks.add?.("customer", "C2");
      bench.fake.time.nowMs += 120_000;
      const next = await bench.changes({ kind: "customer", token: first.token });
      expect(next.records.map(({ key }) => key).filter((key) => key !== "C1")).toEqual(["001Ab", "C2"]);
    },
  );

  it("tell nothing of the last minute, and are not asked for it", async () => {
    const bench = new Bench(trial);
    bench.fake.time.nowMs += 120_000;
    bench.fake.tricks.add?.("case", "young");
    const run = await bench.changes({ kind: "case", fromMs: bench.fake.time.nowMs });
    expect(run.records).toEqual([]);
  });
});

/** Paths and methods as published; see descriptions/README.md. */
const { paths } = JSON.parse(readFileSync(`${import.meta.dirname}/descriptions/zendesk.json`, "utf8")) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
};

/** The most exact path first: one without placeholders. */
const described = Object.entries(paths)
  .toSorted(([left], [right]) => left.split("{").length - right.split("{").length)
  .map(([path, methods]) => ({
    path,
    methods,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+_id\}/g, String.raw`(?:01HX)?\d+`).replaceAll(/\{\w+\}/g, "[^/]+")}$`),
  }));

it("Zendesk's description has every path and method that is used, but for what it does not cover", async () => {
  const bench = new Bench(trial);
  for (const each of Object.values(trial.deliveries)) {
    await bench.deliver(each);
    await bench.read(each.entity.kind, each.entity.key);
  }
  bench.fake.time.nowMs += 120_000;
  for (const kind of ["case", "order", "customer"] as const) await bench.changes({ kind });
  const used = bench.requests.map(({ method, url }) => ({
    method: method.toLowerCase(),
    path: new URL(url).pathname,
    query: [...new URL(url).searchParams.keys()],
  }));
  const unknown = used.filter(({ path, method }) => described.find(({ pattern }) => pattern.test(path))?.methods[method] === undefined);
  expect([...new Set(unknown.map(({ method, path }) => `${method} ${path}`))].toSorted()).toEqual([
    "get /api/v2/incremental/custom_objects/order/cursor",
    "get /api/v2/incremental/organizations",
    "get /api/v2/organizations/search",
  ]);
  const filters = used.filter(({ path, method }) => method === "get" && /\/(tickets|records)$/.test(path));
  expect(filters.length).toBeGreaterThan(3);
  for (const { path, query } of filters)
    expect(described.find(({ pattern }) => pattern.test(path))?.methods["get"]).toEqual(expect.arrayContaining(query));
});
