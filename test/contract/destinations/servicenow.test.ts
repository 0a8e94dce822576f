import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { refusalOf } from "../../../src/destinations/servicenow/errors.ts";
import { tableOf } from "../../../src/destinations/servicenow/tables.ts";
import { servicenow } from "../../../src/destinations/servicenow/index.ts";
import { Bench } from "./bench.ts";
import {
  BASE_URL,
  SETTINGS,
  ServiceNow,
  caseDelivery,
  servicenowImportTrial,
  servicenowJwtTrial,
  servicenowTrial,
} from "./fakes/servicenow.ts";
import type { Trial } from "./fakes/define.ts";
import { delivery } from "./samples.ts";

const benchOf = (instance = new ServiceNow(), trial: Trial = servicenowTrial) => ({
  instance,
  bench: new Bench({ ...trial, start: () => instance }),
});
const withSettings = (settings: object): Trial => ({
  ...servicenowTrial,
  connection: { ...servicenowTrial.connection, settings: { ...SETTINGS, ...settings } },
});
const again = (changes: Partial<Delivery>): Delivery => ({ ...caseDelivery, idempotencyKey: "again", ...changes });
const caseRow = (instance: ServiceNow) => instance.rows("sn_customerservice_case")[0] ?? {};

describe("a deletion in ServiceNow", () => {
  it.each([
    ["cancels a case", caseDelivery, "sn_customerservice_case", { state: "7" }],
    ["deactivates an entitlement", servicenowTrial.deliveries["entitlement"], "service_entitlement", { active: "false" }],
  ])("%s", async (_what, made, table, expected) => {
    if (made === undefined) throw new Error("no such sample");
    const { instance, bench } = benchOf();
    await bench.deliver(made);
    expect(await bench.deliver({ ...made, deleted: true, data: {} })).toMatchObject({ kind: "applied", duplicate: false });
    expect(instance.rows(table)).toMatchObject([expected]);
  });

  it("takes the row of a team's own table away, and is there already the second time", async () => {
    const made = servicenowTrial.deliveries["order"];
    if (made === undefined) throw new Error("no such sample");
    const { instance, bench } = benchOf();
    await bench.deliver(made);
    await bench.deliver({ ...made, deleted: true, data: {} });
    expect(instance.held("order", made.entity.key)).toEqual([]);
    expect(await bench.deliver({ ...made, deleted: true, data: {} })).toMatchObject({ kind: "applied", duplicate: true });
  });
});

describe("a key in ServiceNow", () => {
  const wrongColumn = withSettings({ tables: { case: { keyField: "u_no_such_column" } } });

  it("whose column does not exist is found out before anything is written, where the table has rows", async () => {
    const { instance, bench } = benchOf(undefined, wrongColumn);
    instance.insert("sn_customerservice_case", { short_description: "another's" });
    expect(await bench.deliver(caseDelivery)).toMatchObject({ class: "config", detail: expect.stringContaining("was ignored") as string });
    expect(instance.rows("sn_customerservice_case")).toHaveLength(1);
  });

  it("whose column does not exist leaves no record behind, where the table is empty", async () => {
    const { instance, bench } = benchOf(undefined, wrongColumn);
    expect(await bench.deliver(caseDelivery)).toMatchObject({
      class: "config",
      detail: expect.stringContaining("taken away again") as string,
    });
    expect(instance.rows("sn_customerservice_case")).toEqual([]);
  });

  it("is another than one that differs only in case, which the database takes for the same", async () => {
    const { instance, bench } = benchOf();
    for (const key of ["500aB", "500Ab", "500AB"]) await bench.deliver(again({ entity: { ...caseDelivery.entity, key } }));
    expect(instance.rows("sn_customerservice_case").map((row) => row["correlation_id"])).toEqual(["500aB", "500Ab", "500AB"]);
  });

  it("can be no condition, nor a script: whatever it is, it finds its own record or is refused", async () => {
    const part = fc.constantFrom("^", "^^", "^OR", "^NQ", "sys_id!=x", "javascript:gs.sleep(1)", "a", "=", " ", "\n");
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const { instance, bench } = benchOf();
        instance.insert("sn_customerservice_case", { correlation_id: "another", short_description: "another's" });
        const outcome = await bench.deliver(again({ entity: { ...caseDelivery.entity, key: parts.join("") } }));
        if (outcome.kind === "failed") expect(outcome.class).toBe("business");
        expect(instance.held("case", "another")).toMatchObject([{ fields: { short_description: "another's" } }]);
      }),
    );
  });
});

describe("a change in ServiceNow", () => {
  it("writes only what differs, and clears what a delta clears", async () => {
    const { instance, bench } = benchOf();
    await bench.deliver(caseDelivery);
    await bench.deliver(again({ nature: "delta", data: { status: "resolved" }, cleared: ["description", "customerId"] }));
    expect(caseRow(instance)).toMatchObject({ state: "6", description: "", account: "", short_description: "Weiche klemmt 🚂" });
    expect(JSON.parse(bench.requests.at(-1)?.body ?? "")).toEqual({ state: "6", description: "", account: "" });
  });

  it("clears through an import set as well, which gets the whole record", async () => {
    const { instance, bench } = benchOf(undefined, servicenowImportTrial);
    await bench.deliver(caseDelivery);
    expect(await bench.deliver(again({ nature: "delta", data: { status: "resolved" }, cleared: ["description"] }))).toMatchObject({
      kind: "applied",
    });
    expect(caseRow(instance)).toMatchObject({ state: "6", description: "", short_description: "Weiche klemmt 🚂", priority: "2" });
  });

  it("that meets another's is read again and merged", async () => {
    const { instance, bench } = benchOf();
    await bench.deliver(caseDelivery);
    instance.tricks.touchBeforeNextWrite("case", caseDelivery.entity.key);
    expect(await bench.deliver(again({}))).toMatchObject({ kind: "applied", duplicate: false });
    expect(caseRow(instance)).toMatchObject({ short_description: "Weiche klemmt 🚂", description: "seit gestern" });
  });

  it("that a field's ACL drops is told with the canonical field", async () => {
    const { instance, bench } = benchOf();
    await bench.deliver(caseDelivery);
    instance.tricks.ignoreNextWrite();
    const outcome = await bench.deliver(again({ data: { ...caseDelivery.data, priority: "urgent" } }));
    expect(outcome).toMatchObject({ kind: "failed", class: "business", fields: [{ field: "priority" }] });
  });

  it("that refers to a record which is not there says which to deliver first", async () => {
    const outcome = await benchOf().bench.deliver(again({ data: { ...caseDelivery.data, customerId: "001Zz" } }));
    expect(outcome).toMatchObject({
      class: "business",
      fields: [{ field: "customerId", message: expect.stringContaining("001Zz") as string }],
    });
  });

  it("of an order is refused where no table is configured for orders", async () => {
    const trial = withSettings({ tables: {} });
    const order = servicenowTrial.deliveries["order"] ?? caseDelivery;
    expect(await benchOf(undefined, trial).bench.deliver(order)).toMatchObject({
      class: "config",
      detail: expect.stringContaining("order") as string,
    });
  });
});

describe("changes in ServiceNow", () => {
  it("are each told once and in order, whatever shares a second and whatever the user may not see", async () => {
    const row = fc.record({ second: fc.integer({ min: 0, max: 4 }), hidden: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), async (rows, limit) => {
        const { instance, bench } = benchOf();
        rows.forEach(({ second, hidden }, index) => {
          const key = `K${index}`;
          instance.tricks.add("case", key, instance.time.nowMs - 60_000 + second * 1000);
          if (hidden) instance.hidden.add(instance.held("case", key)[0]?.id ?? "");
        });
        const run = await bench.changes({ kind: "case", fromMs: instance.time.nowMs - 58_000, limit });
        const expected = rows.flatMap(({ second, hidden }, index) => (hidden || second < 2 ? [] : [{ second, index }]));
        expected.sort((a, b) => a.second - b.second || a.index - b.index);
        expect(run.records.map(({ key }) => key)).toEqual(expected.map(({ index }) => `K${index}`));
      }),
      { numRuns: 60 },
    );
  });

  it.each([-8, 5.5])("are not read by a user whose time zone is %d hours off, who would miss some unseen", async (zoneHours) => {
    const { instance, bench } = benchOf(new ServiceNow({ zoneHours }));
    instance.tricks.add("case", "K1", instance.time.nowMs - 60_000);
    await expect(bench.changes({ kind: "case" })).rejects.toThrow(/time zone to GMT/);
  });

  it("begin anew after a cursor that is none of ours", async () => {
    const page = await servicenow.changes?.page(
      { kind: "case", fromMs: null, untilMs: 1, cursor: "1|2", token: null, limit: 1 },
      benchOf().bench.session(),
    );
    expect(page).toEqual({ ok: true, value: "restart" });
  });
});

describe("a refusal for load", () => {
  const table = tableOf("case", SETTINGS);
  it.each([
    ["a rate rule with Retry-After", { "retry-after": "17", "x-ratelimit-rule": "r" }, 17_000],
    ["a rate rule that names its end", { "x-ratelimit-reset": "1000", "x-ratelimit-rule": "r" }, 40_000],
    ["a node whose workers are all busy", {}, 5_000],
  ])("by %s says how long to wait", (_by, headers: Record<string, string>, retryAfterMs) => {
    if (!table.ok) throw new Error("no table");
    const response = { status: 429, headers: new Headers(headers), body: "", nowMs: 960_000 };
    expect(refusalOf(response, table.value)).toMatchObject({ class: "throttled", retryAfterMs });
  });
});

interface Description {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters: readonly {
              name: string;
              in: string;
              schema: { type: string; enum?: readonly string[]; pattern?: string };
            }[];
            readonly responses: readonly string[];
          }
        >
      >
    >
  >;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>> }>>;
  };
}
const DESCRIPTION = JSON.parse(readFileSync(`${import.meta.dirname}/descriptions/servicenow.openapi.json`, "utf8")) as Description;

describe("the published description of the Table and Import Set APIs", () => {
  it.each([servicenowTrial, servicenowJwtTrial, servicenowImportTrial])("knows every request that is sent", async (trial) => {
    const { bench } = benchOf(undefined, trial);
    for (const each of Object.values(trial.deliveries)) {
      await bench.deliver(each);
      await bench.deliver({ ...each, data: { ...each.data, status: each.entity.kind === "case" ? "open" : "active" } });
      await bench.deliver({ ...each, deleted: true });
    }
    await bench.changes({ kind: "case" });
    const sent = bench.requests.filter(({ url }) => url.startsWith(BASE_URL));
    expect(new Set(sent.map(({ method }) => method))).toContain("GET");
    for (const { url, method, body } of sent) {
      const address = new URL(url);
      const [area = "", , id] = address.pathname.slice(new URL(BASE_URL).pathname.length + 1).split("/");
      const path = area === "import" ? "/import/{stagingTableName}" : `/table/{tableName}${id === undefined ? "" : "/{sys_id}"}`;
      const operation = DESCRIPTION.paths[path]?.[method.toLowerCase()];
      if (operation === undefined) throw new Error(`no ${method} ${path}`);
      for (const [name, value] of address.searchParams) {
        const known = operation.parameters.find((parameter) => parameter.name === name && parameter.in === "query");
        if (known === undefined) throw new Error(`${method} ${path} knows no ${name}`);
        if (known.schema.enum !== undefined) expect(known.schema.enum).toContain(value);
        if (known.schema.type === "boolean") expect(["true", "false"]).toContain(value);
        if (known.schema.type === "integer") expect(value).toMatch(/^\d+$/);
      }
      const pattern = operation.parameters.find(({ name }) => name === "sys_id")?.schema.pattern;
      if (pattern !== undefined) expect(id).toMatch(new RegExp(pattern));
      // A staging row is a map of texts.
      if (area === "import")
        expect(Object.values(JSON.parse(body ?? "{}") as object).every((value) => typeof value === "string")).toBe(true);
    }
  });

  it("has the system columns that are read, and the outcomes of a staging row that are told apart", async () => {
    const { Record: record, ImportSetResult: result } = DESCRIPTION.components.schemas;
    expect(Object.keys(record?.properties ?? {})).toEqual(expect.arrayContaining(["sys_id", "sys_mod_count", "sys_updated_on"]));
    expect(Object.keys(result?.properties ?? {})).toEqual(
      expect.arrayContaining(["status", "status_message", "target_sys_id", "record_link"]),
    );
    const outcomes: Record<string, string> = {};
    for (const status of result?.properties["status"]?.enum ?? []) {
      const { bench } = benchOf(undefined, servicenowImportTrial);
      bench.interfere({
        do: "answer",
        status: 201,
        body: JSON.stringify({ result: [{ status, status_message: "why", target_sys_id: "f".repeat(32) }] }),
      });
      const outcome = await bench.deliver(delivery({ ...caseDelivery, data: { subject: "x" } }));
      outcomes[status] = outcome.kind === "failed" ? outcome.class : outcome.kind;
    }
    expect(outcomes).toEqual({ inserted: "applied", updated: "applied", error: "business", ignored: "business" });
  });
});
