import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s4hana } from "../../src/destinations/s4hana/index.ts";
import type { Delivery } from "../../src/destinations/define.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { Bench } from "../contract/destinations/bench.ts";
import type { Trial } from "../contract/destinations/fakes/define.ts";
import { delivery } from "../contract/destinations/samples.ts";

const FOLDER = path.join(import.meta.dirname, "cap");
const INSTALL_MS = 90_000;
const START_MS = 30_000;

let server: ChildProcess | undefined;
let origin = "";

/** SAP's server is 53 MB, so it is installed when this test first runs, as the lock file says. */
function install(): void {
  const lock = readFileSync(path.join(FOLDER, "package-lock.json"), "utf8");
  const installed = path.join(FOLDER, "node_modules", ".package-lock.json");
  const wanted = (JSON.parse(lock) as { packages: Record<string, { version?: string }> }).packages["node_modules/@sap/cds"]?.version;
  if (existsSync(installed) && readFileSync(installed, "utf8").includes(`"version": "${wanted}"`)) return;
  const done = spawnSync("npm", ["ci", "--prefix", FOLDER, "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"], {
    encoding: "utf8",
    timeout: INSTALL_MS,
  });
  if (done.status !== 0)
    throw new Error(
      `SAP's CAP server could not be installed with npm (test/erp/cap); is a registry in reach?\n${done.error ?? ""}${done.stdout}${done.stderr}`,
    );
}

async function start(): Promise<string> {
  const child = spawn(process.execPath, ["server.js"], {
    cwd: FOLDER,
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  server = child;
  let said = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`CAP did not start within ${START_MS} ms:\n${said}`)), START_MS);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const port = /listening on (\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => reject(new Error(`CAP ended with ${code}:\n${said}`)));
  });
}

beforeAll(async () => {
  install();
  origin = await start();
}, INSTALL_MS + START_MS);

afterAll(() => {
  server?.kill();
});

const DIALECTS = [
  { dialect: "v2", auth: "basic", secrets: { user: "CAP_USER", password: "cap-password" } },
  { dialect: "v4", auth: "oauth", secrets: { clientId: "cap-client", clientSecret: "cap-secret" } },
] as const;

/** The module against the running server, with a network in between that can lose answers. */
function benchFor({ dialect, auth, secrets }: (typeof DIALECTS)[number], changes: object = {}): Bench {
  const trial: Trial = {
    definition: s4hana,
    connection: {
      baseUrl: origin,
      settings: s4hana.settings.parse({
        dialect,
        auth,
        salesOrder: { salesOrganization: "1010", distributionChannel: "10", division: "00" },
        ...changes,
      }),
      secrets,
    },
    start: () => ({
      answer: (request) => fetch(request),
      held: () => [],
      time: {
        get nowMs() {
          return Date.now();
        },
      },
      tricks: {},
    }),
    deliveries: {},
    cannotHappen: {},
  };
  return new Bench(trial);
}

const CUSTOMER = delivery({
  entity: { kind: "customer", key: "001Cap", schemaVersion: 1 },
  data: { name: "Größte Weichen- und Signalbau Gesellschaft mbH & Co. KG", status: "active" },
});

const orderOf = (key: string, data: JsonObject = {}, changes: Partial<Delivery> = {}): Delivery =>
  delivery({
    entity: { kind: "order", key, schemaVersion: 1 },
    data: {
      customerId: CUSTOMER.entity.key,
      status: "confirmed",
      total: { amount: "0", currency: "EUR" },
      lines: [
        { sku: "TG11", description: "O'Hare & Söhne", quantity: "5" },
        { sku: "TG12", description: "Signal", quantity: "1.5" },
      ],
      ...data,
    },
    ...changes,
  });

const matching = (pattern: RegExp): string => expect.stringMatching(pattern) as string;

const countOf = async (bench: Bench, key: string): Promise<number> => {
  const all = await bench.changes({ kind: "order", limit: 50 });
  return all.records.filter((record) => record.key === key).length;
};

describe.each(DIALECTS)("SAP's own OData server, $dialect with $auth", (kind) => {
  const { dialect } = kind;
  const key = (name: string): string => `${dialect}-${name}`;

  beforeAll(async () => {
    expect(await benchFor(kind).deliver(CUSTOMER)).toMatchObject({ kind: "applied" });
  });

  it("makes a business partner with our key and customer's role, once, and reads it back", async () => {
    const bench = benchFor(kind);
    expect(await bench.deliver({ ...CUSTOMER, attempt: 2 })).toMatchObject({ kind: "applied" });
    const { records } = await bench.changes({ kind: "customer", fromMs: Date.now() - 60_000, limit: 50 });
    expect(records.filter((record) => record.key === "001Cap")).toMatchObject([{ data: CUSTOMER.data, deleted: false }]);
  });

  it("makes an order with its items in one request, and reads it as it was written", async () => {
    const bench = benchFor(kind);
    const order = orderOf(key("made"));
    const outcome = await bench.deliver(order);
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: "applied", remote: { id: matching(/^\d+$/) } });
    expect(await bench.read("order", order.entity.key)).toMatchObject({
      ok: true,
      value: {
        key: order.entity.key,
        data: { customerId: "001Cap", status: "confirmed", lines: [{ sku: "TG11", description: "O'Hare & Söhne" }, { sku: "TG12" }] },
      },
    });
    const sent = bench.requests.length;
    // After a lost answer, the read-back finds all of it, and nothing is sent that changes anything.
    expect(await bench.deliver(order, true)).toMatchObject({ kind: "applied" });
    expect(bench.requests.slice(sent).every(({ method }) => method === "GET")).toBe(true);
  });

  it("finds the order again when the answer to its making was lost", async () => {
    const bench = benchFor(kind);
    bench.interfere({ do: "loseAnswer" });
    expect(await bench.deliver(orderOf(key("lost")))).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await bench.deliver(orderOf(key("lost")), true)).toMatchObject({ kind: "applied" });
    expect(await bench.deliver(orderOf(key("lost")))).toMatchObject({ kind: "applied" });
    expect(await countOf(bench, key("lost"))).toBe(1);
  });

  it("changes, adds and removes the items that differ", async () => {
    const bench = benchFor(kind);
    await bench.deliver(orderOf(key("items")));
    const lines = [
      { sku: "TG12", quantity: "7" },
      { sku: "TG12", description: "Signal", quantity: "1.5" },
      { sku: "TG11", quantity: "2" },
    ];
    expect(await bench.deliver(orderOf(key("items"), { lines }))).toMatchObject({ kind: "applied" });
    expect(await bench.read("order", key("items"))).toMatchObject({
      value: { data: { lines: [{ sku: "TG12", quantity: matching(/^7(\.0+)?$/) }, { sku: "TG12" }, { sku: "TG11" }] } },
    });
    const one = [{ sku: "TG12", quantity: "7" }];
    expect(await bench.deliver(orderOf(key("items"), { lines: one }))).toMatchObject({ kind: "applied" });
    const left = await bench.read("order", key("items"));
    expect(left.ok && left.value !== "absent" ? left.value.data["lines"] : null).toHaveLength(1);
  });

  it("cancels by rejecting every item, and takes that back", async () => {
    const bench = benchFor(kind);
    await bench.deliver(orderOf(key("cancelled")));
    expect(await bench.deliver(orderOf(key("cancelled"), { status: "cancelled" }))).toMatchObject({ kind: "applied" });
    expect(await bench.read("order", key("cancelled"))).toMatchObject({ value: { data: { status: "cancelled" } } });
    expect(await bench.deliver(orderOf(key("cancelled")))).toMatchObject({ kind: "applied" });
    expect(await bench.read("order", key("cancelled"))).toMatchObject({ value: { data: { status: "confirmed" } } });
  });

  it("is refused a change by a stale ETag, reads anew, and goes through", async () => {
    const bench = benchFor(kind);
    await bench.deliver(orderOf(key("raced")));
    // Both have read the same state before either has changed it: one of the two is refused, and reads it again.
    const outcomes = await Promise.all([bench, benchFor(kind)].map((each) => each.deliver(orderOf(key("raced")))));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(["applied", "applied"]);
    expect(await countOf(bench, key("raced"))).toBe(1);
  });

  it("hands back a conflict where the order changes under every try", async () => {
    const bench = benchFor(kind);
    await bench.deliver(orderOf(key("contested")));
    const stale = bench.session();
    const outcome = await s4hana.write(orderOf(key("contested")), {
      ...stale,
      send: (request) =>
        stale.send(
          "if-match" in request.headers
            ? { ...request, headers: { ...request.headers, "if-match": 'W/"1970-01-01T00:00:00.000Z"' } }
            : request,
        ),
    });
    expect(outcome).toMatchObject({ kind: "failed", class: "conflict", detail: matching(/412/) });
    expect(bench.requests.filter(({ method }) => method === "PATCH")).toHaveLength(3);
  });

  it("names the field that is refused in canonical words", async () => {
    const bench = benchFor(kind);
    const outcome = await bench.deliver(orderOf(key("refused"), { lines: [{ sku: "NO-SUCH", quantity: "1" }] }));
    expect(outcome, JSON.stringify(outcome)).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [{ field: "lines.sku" }],
      detail: matching(/V1\/382.*NO-SUCH/),
    });
    expect(await bench.deliver(orderOf(key("refused"), { customerId: "nobody" }))).toMatchObject({
      kind: "failed",
      class: "business",
      fields: [{ field: "customerId" }],
    });
    expect(await bench.read("order", key("refused"))).toEqual({ ok: true, value: "absent" });
  });

  it("tries a locked document again, and calls an unknown property a mistake of the configuration", async () => {
    const locked = benchFor(kind, { fields: { order: { fields: { "custom.block": "DeliveryBlockReason" } } } });
    const outcome = await locked.deliver(orderOf(key("locked"), { custom: { block: "99" } }));
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: "failed", class: "transient", detail: matching(/V1\/042/) });
    const unknown = benchFor(kind, { fields: { order: { fields: { "custom.block": "NoSuchField" } } } });
    expect(await unknown.deliver(orderOf(key("unknown"), { custom: { block: "99" } }))).toMatchObject({
      kind: "failed",
      class: "config",
      detail: matching(/NoSuchField/),
    });
  });

  it("renews a refused CSRF token and credential by itself", async () => {
    const bench = benchFor(kind);
    await bench.deliver(orderOf(key("renewed")));
    await fetch(`${origin}/test/expire`);
    expect(await bench.deliver(orderOf(key("renewed"), { status: "confirmed" }))).toMatchObject({ kind: "applied" });
  });

  it("misses no order that changes between two pages, though the server's own pages shift", async () => {
    const bench = benchFor(kind);
    const keys = ["p1", "p2", "p3", "p4", "p5", "p6", "p7"].map(key);
    const fromMs = Date.now();
    for (const each of keys) await bench.deliver(orderOf(each));
    const untilMs = Date.now() + 1;
    const query = { kind: "order", fromMs, untilMs, limit: 3, token: null } as const;
    const first = await s4hana.changes?.page({ ...query, cursor: null }, bench.session());
    if (first?.ok !== true || first.value === "restart") throw new Error("the first page failed");
    expect(first.value.records.map((record) => record.key)).toEqual(keys.slice(0, 3));
    await bench.deliver(orderOf(key("p1"), { status: "cancelled" }));
    const rest: (string | null)[] = [];
    for (let cursor = first.value.nextCursor; cursor !== null;) {
      const page = await s4hana.changes?.page({ ...query, cursor }, bench.session());
      if (page?.ok !== true || page.value === "restart") throw new Error("a page failed");
      rest.push(...page.value.records.map((record) => record.key));
      cursor = page.value.nextCursor;
    }
    expect(rest).toEqual(keys.slice(3));
    const next = await bench.changes({ kind: "order", fromMs: untilMs, limit: 3, untilMs: Date.now() + 1 });
    expect(next.records).toMatchObject([{ key: key("p1"), data: { status: "cancelled" } }]);
  });

  it("keeps a key that is too long findable, by its hash and whole in a field of the team's own", async () => {
    const long = key(`${"x".repeat(40)}-ä`);
    const plain = benchFor(kind);
    expect(await plain.deliver(orderOf(long))).toMatchObject({ kind: "applied" });
    expect(await plain.deliver(orderOf(long))).toMatchObject({ kind: "applied" });
    expect(await plain.read("order", long)).toMatchObject({ value: { key: long } });
    const whole = benchFor(kind, { keyField: "IncotermsLocation1" });
    expect(await whole.deliver(orderOf(`${long}2`))).toMatchObject({ kind: "applied" });
    expect(await countOf(whole, `${long}2`)).toBe(1);
  });

  it("reads bills page by page, with their status and the order that they are for, and makes none", async () => {
    const bench = benchFor(kind);
    const { records } = await bench.changes({ kind: "invoice", fromMs: Date.now() - 3_600_000, limit: 50 });
    expect(records.map(({ key: number, data }) => [number, data["status"], data["orderId"]])).toEqual([
      ["70000001", "open", "ord-1"],
      ["70000002", "paid", "ord-1"],
      ["70000003", "void", "ord-1"],
      ["70000004", "open", "ord-1"],
      ["70000005", "open", "ord-1"],
    ]);
    expect(records[0]).toMatchObject({ data: { total: { amount: "119.000", currency: "EUR" } } });
    const bill = delivery({ entity: { kind: "invoice", key: "1", schemaVersion: 1 }, data: {} });
    expect(await bench.deliver(bill)).toMatchObject({ kind: "failed", class: "business", detail: matching(/creates none/) });
  });
});
