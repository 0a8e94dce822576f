import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canBothHold, mistakesIn, whyUnmet, type When } from "../../src/domain/conditions.ts";
import type { MigrationConfig, OwnershipMatrix, RouteConfig, RouterConfig } from "../../src/domain/config.ts";
import { permit } from "../../src/domain/ownership.ts";
import { planRoutes } from "../../src/domain/routing.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { orderEvent } from "../support/world.ts";

const destination = { module: "http", owner: "it", url: { env: "X" } };
const configOf = (routes: readonly RouteConfig[], more: Partial<RouterConfig> = {}): RouterConfig => ({
  version: "1",
  owners: { it: { team: "IT", contact: "it@example.com" } },
  sources: { crm: { scheme: "hmac", owner: "it", secrets: [], priority: "standard" } },
  destinations: { "erp-eu": destination, "erp-us": destination, erp: destination },
  routes,
  ...more,
});
const event = (data: JsonObject) => ({ ...orderEvent({ id: "e1", version: 1 }), payload: { at: "inline" as const, data } });
const route = (name: string, to: string, more: Partial<RouteConfig> = {}): RouteConfig => ({
  name,
  owner: "it",
  kind: "order",
  to: [to],
  ...more,
});
const lanesOf = (config: RouterConfig, data: JsonObject) => planRoutes(config, event(data)).lanes.map((lane) => lane.destination);

describe("a routing policy", () => {
  const config = configOf([
    route("large-us", "erp-us", { policy: "region", when: { region: { startsWith: "US" }, "total.amount": { gte: "1000.00" } } }),
    route("europe", "erp-eu", { policy: "region", when: { region: ["EU", "EMEA"] } }),
    route("elsewhere", "erp", { policy: "region" }),
  ]);
  const total = (amount: string) => ({ amount, currency: "USD" });

  it.each([
    [{ region: "US-West", total: total("1000") }, "erp-us"],
    [{ region: "US-West", total: total("999.999999999999999999") }, "erp"],
    [{ region: "EMEA" }, "erp-eu"],
    [{}, "erp"],
  ])("sends %j to %s alone", (data, expected) => expect(lanesOf(config, data)).toEqual([expected]));

  it("says of every route why it did or did not decide", () => {
    expect(planRoutes(config, event({ region: "EU" })).why).toEqual([
      { route: "large-us", matched: false, because: 'region is "EU", it wants {"startsWith":"US"}' },
      { route: "europe", matched: true, because: 'kind order; from crm; region in ["EU","EMEA"]' },
      { route: "elsewhere", matched: false, because: "europe has decided already, under the policy region" },
    ]);
  });
});

describe("conditions", () => {
  it.each<[When, JsonObject, boolean]>([
    [{ a: { not: "x" } }, { a: "y" }, true],
    [{ a: { not: ["x", "y"] } }, { a: "y" }, false],
    [{ a: { exists: true } }, {}, false],
    [{ a: { exists: false } }, {}, true],
    [{ a: { gt: "1", lt: "2" } }, { a: "1.5" }, true],
    [{ a: { gt: "1" } }, { a: "1" }, false],
    [{ a: { gte: "1" } }, { a: "no number" }, false],
    [{ a: { lte: "900719925474099312" } }, { a: "900719925474099313" }, false],
    [{ a: { startsWith: "EU" } }, {}, false],
  ])("%j of %j: %s", (when, data, expected) => expect(whyUnmet(when, data) === null).toBe(expected));

  it("that exclude each other are never both fulfilled", () => {
    const amount = fc.integer({ min: 0, max: 20 }).map(String);
    const bounds = fc
      .record({ gte: amount, gt: amount, lte: amount, lt: amount }, { requiredKeys: [] })
      .filter((each) => Object.keys(each).length > 0);
    const condition = fc.oneof(amount, fc.array(amount, { minLength: 1, maxLength: 3 }), bounds);
    fc.assert(
      fc.property(condition, condition, amount, (left, right, value) => {
        const both = whyUnmet({ a: left }, { a: value }) === null && whyUnmet({ a: right }, { a: value }) === null;
        if (both) expect(canBothHold({ a: left }, { a: right })).toBe(true);
      }),
    );
    expect(canBothHold({ a: { lt: "5" } }, { a: { gte: "5" } })).toBe(false);
    expect(canBothHold({ a: ["1", "9"] }, { a: { gt: "1", lt: "9" } })).toBe(false);
  });

  it("are checked: what is no decimal, what nothing can fulfil, what is no condition", () => {
    expect(
      mistakesIn({ a: { gte: "1,000" }, b: { gt: "5", lt: "5" }, c: { between: "1" }, d: { lte: "3" } }).map(({ field }) => field),
    ).toEqual(["a", "b", "c"]);
  });
});

describe("what a repair has read from a system", () => {
  const config = configOf([{ ...route("all", "erp"), to: ["erp", "erp-us"] }], {
    sources: { books: { scheme: "hmac", owner: "it", system: "erp", secrets: [], priority: "standard" } },
  });

  it("goes to every other one, and not back", () => {
    const told = { ...event({}), sourceName: "books" };
    expect(planRoutes(config, told).lanes.map(({ destination: to }) => to)).toEqual(["erp", "erp-us"]);
    const { lanes, why } = planRoutes(config, { ...told, repairOf: "orders:mismatch:order/1" });
    expect(lanes.map(({ destination: to }) => to)).toEqual(["erp-us"]);
    expect(why).toContainEqual({ route: "all", matched: true, because: "not to erp, which it was read from" });
  });
});

describe("a migration", () => {
  const config = (phase: MigrationConfig["phase"]) =>
    configOf([route("orders", "erp-eu")], { migrations: { "leave-eu": { kind: "order", from: "erp-eu", to: "erp", phase } } });

  it.each([
    ["old", ["erp-eu"]],
    ["dual", ["erp-eu", "erp"]],
    ["new", ["erp"]],
  ] as const)("in the phase %s writes to %j, whatever the senders know of it", (phase, expected) => {
    expect(lanesOf(config(phase), {})).toEqual(expected);
  });

  it("is named as the reason, and moves only its own kind", () => {
    expect(planRoutes(config("new"), event({})).why.at(-1)).toMatchObject({
      because: "migration leave-eu is in the phase new: to erp instead of erp-eu",
    });
    const other = configOf([route("customers", "erp-eu", { kind: "customer" })], {
      migrations: { m: { kind: "order", from: "erp-eu", to: "erp", phase: "new" } },
    });
    const customer = { ...event({}), entity: { kind: "customer" as const, key: "1", schemaVersion: 1 } };
    expect(planRoutes(other, customer).lanes.map((lane) => lane.destination)).toEqual(["erp-eu"]);
  });
});

describe("ownership", () => {
  const config = (matrix: OwnershipMatrix) => configOf([route("orders", "erp")], { ownership: matrix });
  const asked = (matrix: OwnershipMatrix, data: JsonObject) => permit(config(matrix), event(data), "erp", data);

  it("refuses a write to the owner by another system, with the row", () => {
    expect(asked({ order: { system: "erp" } }, { status: "draft" })).toEqual({
      ok: false,
      failure: 'order is owned by erp (ownership.order: {"system":"erp"}); crm may not write it',
    });
  });

  it("leaves out single fields that the destination owns, and lets through those that it does not", () => {
    expect(asked({ order: { system: "crm", fields: { status: "erp" } } }, { status: "draft", region: "EU" })).toEqual({
      ok: true,
      value: { data: { region: "EU" }, withheld: ["status"] },
    });
    expect(asked({ order: { system: "erp", fields: { region: "crm" } } }, { status: "draft", region: "EU", extra: {} })).toEqual({
      ok: true,
      value: { data: { region: "EU" }, withheld: ["status", "extra"] },
    });
  });

  it("says nothing of what no row names, of third systems, and of an owner's own word", () => {
    const free = { ok: true, value: { data: { status: "draft" }, withheld: [] } };
    expect(asked({}, { status: "draft" })).toEqual(free);
    expect(asked({ order: { system: "billing" } }, { status: "draft" })).toEqual(free);
    expect(asked({ order: { system: "crm" } }, { status: "draft" })).toEqual(free);
  });
});
