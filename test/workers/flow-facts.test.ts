import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { factsOf, keepFacts } from "../../src/adapters/flow-facts.ts";
import { eventId } from "../../src/domain/event-id.ts";
import type { Noted } from "../../src/domain/flows/listening.ts";
import { sortable } from "../../src/domain/order.ts";

interface Told {
  readonly version: number;
  readonly arrivedMs: number;
  readonly stream: "shop" | "erp";
}

const noted = (key: string, { version, arrivedMs, stream }: Told): Noted => ({
  fact: {
    kind: "invoice",
    key,
    data: { status: `v${version}` },
    deleted: false,
    eventId: eventId(1_800_000_000_000 + arrivedMs, new Uint8Array(16)),
    atMs: arrivedMs,
    partial: false,
    stream: `${stream}/int`,
    token: sortable({ kind: "int", value: String(version) }),
  },
  ties: [`order/of-${key}`],
  begins: [],
  correlationId: "c",
});

const known = async (key: string): Promise<unknown> => (await factsOf(env.DB, [`order/of-${key}`]))[0]?.data["status"];

describe("what flows know of a record", () => {
  it("is the newest version of its source, in whatever order its versions arrived, were recorded and were told again", async () => {
    const versions = fc.uniqueArray(
      fc.record({ version: fc.integer({ min: 1, max: 200 }), arrivedMs: fc.integer({ min: 1, max: 10_000 }) }),
      {
        minLength: 1,
        maxLength: 6,
        selector: ({ version }) => version,
      },
    );
    let serial = 0;
    await fc.assert(
      fc.asyncProperty(versions, fc.array(fc.nat(5), { maxLength: 4 }), async (told, again) => {
        const key = `F-${serial++}`;
        const all = [...told, ...again.map((index) => told[index % told.length] as (typeof told)[number])];
        for (const each of all) await env.DB.batch([...keepFacts(env.DB, [noted(key, { ...each, stream: "shop" })])]);
        expect(await known(key)).toBe(`v${Math.max(...told.map(({ version }) => version))}`);
      }),
      { numRuns: 40 },
    );
  });

  it("is what arrived last where two sources tell of it, whose versions say nothing of each other's", async () => {
    for (const each of [
      { version: 90, arrivedMs: 1, stream: "shop" },
      { version: 2, arrivedMs: 2, stream: "erp" },
    ] as const)
      await env.DB.batch([...keepFacts(env.DB, [noted("F-two", each)])]);
    expect(await known("F-two")).toBe("v2");
  });
});
