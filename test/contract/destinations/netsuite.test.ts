import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Connection, Delivery } from "../../../src/destinations/define.ts";
import { externalIdOf, keyOf } from "../../../src/destinations/netsuite/external-id.ts";
import { Bench } from "./bench.ts";
import { Account, netsuiteJobsTrial, netsuiteTokenTrial, netsuiteTrial } from "./fakes/netsuite.ts";
import type { Trial } from "./fakes/define.ts";
import { delivery } from "./samples.ts";

const sampleOf = (name: string): Delivery => {
  const sample = netsuiteTrial.deliveries[name];
  if (sample === undefined) throw new Error(`the trial has no sample ${name}`);
  return sample;
};
const [opportunity, order, customer, invoice, supportCase] = ["opportunity", "order", "customer", "invoice", "case"].map(sampleOf) as [
  Delivery,
  Delivery,
  Delivery,
  Delivery,
  Delivery,
];

const withSettings = (settings: object): Connection<unknown> => ({
  ...netsuiteTrial.connection,
  settings: { ...(netsuiteTrial.connection.settings as object), ...settings },
});

const sent = (bench: Bench) =>
  bench.requests
    .filter(
      ({ method, reads, headers }) => method !== "GET" && reads !== true && headers["content-type"] !== "application/x-www-form-urlencoded",
    )
    .map(({ method, url, body }) => ({ method, path: url.replace(/^.*\/record\/v1/, ""), body: JSON.parse(body ?? "null") as unknown }));

const deliverAll = async (what: Delivery, connection?: Connection<unknown>) => {
  const bench = new Bench(netsuiteTrial, connection);
  const outcome = await bench.deliver(what);
  return { bench, outcome, requests: sent(bench) };
};

describe("an external id", () => {
  it("is a key again, holds only what NetSuite takes, and is no other key's", async () => {
    const keys = fc.string({
      unit: fc.oneof(fc.constantFrom("_", "__", "_5f", "a", "-"), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 })),
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(keys, keys, async (one, other) => {
        const [first, second] = [await externalIdOf(one, 1000), await externalIdOf(other, 1000)];
        expect(first).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(keyOf(first)).toBe(one);
        expect(first === second).toBe(one === other);
      }),
    );
  });

  it("of a plain key is the key itself", async () => {
    expect(await externalIdOf("0062400000Zz1aBAAR", 100)).toBe("0062400000Zz1aBAAR");
    expect(await externalIdOf("CID_002-x", 100)).toBe("CID_002-x");
    expect(await externalIdOf("a|b", 100)).toBe("a__7cb");
  });

  it("of a key that is too long is a hash, which is found again by the key", async () => {
    const long = "ä".repeat(40);
    const externalId = await externalIdOf(long, 100);
    expect(externalId).toMatch(/^__h[0-9a-f]{64}$/);
    expect(keyOf(externalId)).toBeNull();
    const { bench } = await deliverAll({ ...customer, entity: { ...customer.entity, key: long } });
    expect(await bench.read("customer", long)).toMatchObject({ ok: true, value: { key: long, data: { name: "Größe GmbH" } } });
  });
});

describe("what is written", () => {
  it("of a sale is its order, with the amount as one line and the currency's internal id", async () => {
    const { requests } = await deliverAll(opportunity);
    expect(requests).toEqual([
      {
        method: "PUT",
        path: "/salesOrder/eid:006Ab00000XyZ?replace=item",
        body: {
          entity: { externalId: "001Ab" },
          otherRefNum: "006Ab00000XyZ",
          orderStatus: { id: "B" },
          custbody_margin: "0.10",
          currency: { id: "4" },
          item: { items: [{ item: { id: "77" }, quantity: 1, rate: 1200.5 }] },
        },
      },
    ]);
  });

  it("of a part of a sale leaves its status alone, and empties what was cleared", async () => {
    const { requests } = await deliverAll(sampleOf("part of an opportunity"));
    expect(requests[0]?.body).not.toHaveProperty("orderStatus");
    expect(requests[0]?.body).toMatchObject({ custbody_margin: null });
    const cleared = await deliverAll({ ...supportCase, nature: "delta", data: { subject: "x" }, cleared: ["customerId", "priority"] });
    expect(cleared.requests[0]?.body).toEqual({ title: "x", company: null, priority: null });
  });

  it("of lines replaces them all, so that a repetition adds none", async () => {
    const { bench } = await deliverAll(order);
    await bench.deliver({ ...order, attempt: 2 });
    expect(bench.held(order)).toMatchObject([{ fields: { item: { items: [{ quantity: 2, rate: 10.1, description: "Weiche" }] } } }]);
  });

  it.each(["partially_fulfilled", "fulfilled", "partially_invoiced", "invoiced", "on_hold"])(
    "of an order never says that it is %s, which NetSuite finds out by itself",
    async (status) => {
      const { requests, outcome } = await deliverAll({ ...order, data: { ...order.data, status } });
      expect(outcome).toMatchObject({ kind: "applied" });
      expect(requests[0]?.body).not.toHaveProperty("orderStatus");
    },
  );

  it("of a checkbox is a boolean, and constants come with it", async () => {
    const { requests } = await deliverAll({ ...customer, data: { ...customer.data, status: "inactive" } });
    expect(requests[0]?.body).toMatchObject({ isInactive: true, subsidiary: { id: "1" } });
  });

  it("of a kind that NetSuite owns is an update by internal id, and so are references to it", async () => {
    const connection = withSettings({ ownKinds: ["customer"] });
    const bench = new Bench(netsuiteTrial, connection);
    const own = { ...customer, entity: { ...customer.entity, key: "1001" }, data: { phone: "+49 1" } };
    expect(await bench.deliver(own)).toMatchObject({ kind: "applied", remote: { id: "1001" } });
    expect(await bench.deliver({ ...opportunity, data: { ...opportunity.data, customerId: "1001" } })).toMatchObject({ kind: "applied" });
    expect(sent(bench)).toMatchObject([
      { method: "PATCH", path: "/customer/1001" },
      { method: "PUT", body: { entity: { id: "1001" } } },
    ]);
    expect(await bench.read("opportunity", opportunity.entity.key)).toMatchObject({ ok: true, value: { data: { customerId: "1001" } } });
    expect(await bench.deliver({ ...own, entity: { ...own.entity, key: "9999" } })).toMatchObject({ kind: "failed", class: "business" });
  });
});

it("writes and reads amounts without a currency's id where the account has one currency", async () => {
  const { bench, requests } = await deliverAll(opportunity, withSettings({ currencies: "EUR" }));
  expect(requests[0]?.body).not.toHaveProperty("currency");
  const read = await bench.read("order", opportunity.entity.key);
  expect(read).toMatchObject({ ok: true, value: { data: { total: { amount: "1200.50", currency: "EUR" } } } });
  expect(bench.requests.at(-1)?.body).not.toContain("JOIN currency");
  const other = { ...opportunity, data: { ...opportunity.data, amount: { amount: "1", currency: "USD" } } };
  expect((await deliverAll(other, withSettings({ currencies: "EUR" }))).outcome).toMatchObject({ class: "business" });
});

it("writes a reference where the team has put it, by external id still", async () => {
  const connection = withSettings({ fields: { case: { fields: { customerId: "custevent_payer.externalId" } } } });
  const { requests } = await deliverAll({ ...supportCase, data: { customerId: "a b" } }, connection);
  expect(requests[0]?.body).toEqual({ custevent_payer: { externalId: "a__20b" } });
});

describe("what cannot be written", () => {
  it("is an amount in a currency that the account is not said to have", async () => {
    const { outcome, requests } = await deliverAll({
      ...opportunity,
      data: { ...opportunity.data, amount: { amount: "1", currency: "USD" } },
    });
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "total.currency", message: expect.stringContaining("USD") as string }],
    });
    expect(requests).toEqual([]);
  });

  it("is a line without an item, named with the line", async () => {
    const { outcome } = await deliverAll({ ...order, data: { ...order.data, lines: [{ quantity: "1" }] } });
    expect(outcome).toMatchObject({ class: "business", fields: [{ field: "lines.0.sku" }] });
  });

  it("is what refers to a record that is not there, and the record is named", async () => {
    const { outcome } = await deliverAll({ ...opportunity, data: { ...opportunity.data, customerId: "C-9" } });
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringMatching(/no such customer.*C-9/) as string }],
    });
    const line = await deliverAll({ ...order, data: { ...order.data, lines: [{ sku: "none", quantity: "1" }] } });
    expect(line.outcome).toMatchObject({ class: "business", fields: [{ field: "lines.0" }] });
  });

  it.each([
    ["account-wide concurrency", 429, "CONCURRENCY_LIMIT_EXCEEDED", "", "throttled"],
    ["a RESTlet's concurrency", 400, "SSS_REQUEST_LIMIT_EXCEEDED", "", "throttled"],
    ["another's change", 400, "RCRD_HAS_BEEN_CHANGED", "", "conflict"],
    ["another first write of the key", 400, "DUP_RCRD", "This external ID already exists", "conflict"],
    ["a doubled name", 400, "DUP_ENTITY", "A customer record with this ID already exists", "business"],
    ["an unexpected error", 400, "UNEXPECTED_ERROR", "", "transient"],
    ["a missing right", 403, "INSUFFICIENT_PERMISSION", "", "config"],
    ["an unknown field", 400, "INVALID_CONTENT", "Unknown field name 'x'", "config"],
    ["a closed period", 400, "USER_ERROR", "the period is closed", "business"],
  ])("for %s is classed by the code", async (_what, status, code, detail, expected) => {
    const bench = new Bench(netsuiteTrial);
    bench.interfere({ do: "answer", status, body: JSON.stringify({ status, "o:errorDetails": [{ detail, "o:errorCode": code }] }) });
    expect(await bench.deliver(opportunity)).toMatchObject({ kind: "failed", class: expected });
  });
});

describe("a deletion", () => {
  it.each([
    ["cancels an order", order, { orderStatus: { id: "C" } }],
    ["cancels a sale's order", opportunity, { orderStatus: { id: "C" } }],
    ["makes a customer inactive", customer, { isInactive: true }],
    ["closes a case", supportCase, { status: { id: "5" } }],
  ])("%s", async (_what, sample, fields) => {
    const bench = new Bench(netsuiteTrial);
    await bench.deliver(sample);
    expect(await bench.deliver({ ...sample, deleted: true, data: {} })).toMatchObject({ kind: "applied" });
    expect(bench.held(sample)).toMatchObject([{ fields }]);
  });

  it("deletes an invoice, and makes nothing of what is not there", async () => {
    const bench = new Bench(netsuiteTrial);
    await bench.deliver(invoice);
    for (const sample of [invoice, invoice, customer]) {
      expect(await bench.deliver({ ...sample, deleted: true, data: {} })).toMatchObject({ kind: "applied" });
      expect(bench.held(sample)).toEqual([]);
    }
  });
});

describe("what is read", () => {
  it("of an order are its words, total and customer in ours", async () => {
    const { bench } = await deliverAll(order);
    expect(await bench.read("order", order.entity.key)).toMatchObject({
      ok: true,
      value: {
        key: order.entity.key,
        order: { kind: "time" },
        data: {
          status: "confirmed",
          statusRaw: "B",
          customerId: "001Ab",
          total: { amount: "20.20", currency: "EUR" },
          orderedAt: "2026-11-24T00:00:00.000Z",
        },
      },
    });
  });

  it("of changes begins and ends by the integration user's clock", async () => {
    const bench = new Bench(netsuiteTrial, withSettings({ timeZoneOffsetMinutes: 60 }));
    bench.fake.tricks.add?.("customer", "K1", bench.fake.time.nowMs + 3_600_000);
    const query = { kind: "customer" as const, fromMs: bench.fake.time.nowMs, untilMs: bench.fake.time.nowMs + 1 };
    const { records } = await bench.changes(query);
    expect(records).toMatchObject([{ key: "K1", modifiedAtMs: bench.fake.time.nowMs }]);
  });

  it("with a field that the account does not have is a matter of configuration", async () => {
    const connection = withSettings({ fields: { customer: { fields: { taxId: "vatRegNumber" } } } });
    expect(await new Bench(netsuiteTrial, connection).read("customer", "001Ab")).toMatchObject({ ok: false, failure: { class: "config" } });
  });

  it("begins anew where a cursor is not its own", async () => {
    const bench = new Bench(netsuiteTrial);
    const query = { kind: "order" as const, fromMs: null, untilMs: bench.fake.time.nowMs, token: null, limit: 10, cursor: "1' OR '1'='1" };
    expect(await netsuiteTrial.definition.changes?.page(query, bench.session())).toEqual({ ok: true, value: "restart" });
  });
});

it("signs every attempt with a nonce of its own", async () => {
  const bench = new Bench(netsuiteTokenTrial);
  for (const attempt of [1, 2, 3]) expect(await bench.deliver({ ...opportunity, attempt })).toMatchObject({ kind: "applied" });
  const nonces = bench.requests.map(({ headers }) => /oauth_nonce="([^"]+)"/.exec(headers["authorization"] ?? "")?.[1]);
  expect(new Set(nonces).size).toBe(3);
});

describe("a write as a job", () => {
  const withAccount = (): { readonly account: Account; readonly trial: Trial } => {
    const account = new Account();
    const fake = { time: account.time, tricks: account.tricks, held: account.held.bind(account), answer: account.answer.bind(account) };
    return { account, trial: { ...netsuiteJobsTrial, start: () => fake } };
  };
  const keysOf = (bench: Bench) => bench.requests.flatMap(({ headers }) => headers["x-netsuite-idempotency-key"] ?? []);

  it("that has not ended is not known, and is found by the next attempt", async () => {
    const { account, trial } = withAccount();
    account.jobsEnd = false;
    const bench = new Bench(trial);
    expect(await bench.deliver(opportunity)).toMatchObject({ kind: "failed", class: "ambiguous", retryAfterMs: 5000 });
    expect(await bench.deliver({ ...opportunity, attempt: 2 }, true)).toMatchObject({ kind: "applied" });
    expect(keysOf(bench)).toHaveLength(1);
  });

  it("that is sent again leads to the first job", async () => {
    const bench = new Bench(netsuiteJobsTrial);
    expect(await bench.deliver(opportunity)).toMatchObject({ kind: "applied", duplicate: false });
    expect(await bench.deliver({ ...opportunity, attempt: 2 })).toMatchObject({ kind: "applied", duplicate: true });
    expect(new Set(keysOf(bench)).size).toBe(1);
  });

  it("whose job failed is sent under another key by the next attempt", async () => {
    const { account, trial } = withAccount();
    account.tricks.lockNext();
    const bench = new Bench(trial);
    expect(await bench.deliver(opportunity)).toMatchObject({ kind: "failed", class: "conflict" });
    expect(await bench.deliver({ ...opportunity, attempt: 2 })).toMatchObject({ kind: "applied" });
    expect(new Set(keysOf(bench)).size).toBe(2);
  });

  it("follows no address but a job's", async () => {
    const bench = new Bench(netsuiteJobsTrial);
    bench.interfere({ do: "answer", status: 202, headers: { location: "https://elsewhere.example/services/rest/async/v1/job/1" } });
    expect(await bench.deliver(delivery({ data: opportunity.data }))).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(bench.requests.filter(({ url }) => url.includes("elsewhere"))).toEqual([]);
  });
});
