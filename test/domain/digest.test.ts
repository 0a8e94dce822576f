import { describe, expect, it } from "vitest";
import type { RouteConfig, RouterConfig } from "../../src/domain/config.ts";
import { digestOf } from "../../src/domain/digest/content.ts";
import { digestDay, digestMistakes } from "../../src/domain/digest/due.ts";
import { parseEntity } from "../../src/domain/entities/index.ts";
import { planRoutes } from "../../src/domain/routing.ts";
import { orderEvent } from "../support/world.ts";

const MINUTE = 60_000;
const at = (iso: string): number => Date.parse(iso);
const BERLIN = { owner: "it", at: "07:00", timezone: "Europe/Berlin" };

describe("the day of a digest", () => {
  it.each([
    ["2026-11-27T05:59:00Z", null],
    ["2026-11-27T06:00:00Z", "2026-11-27"],
    ["2026-11-27T22:59:00Z", "2026-11-27"],
    // Midnight in Berlin: the next one is not due yet.
    ["2026-11-27T23:00:00Z", null],
    ["2026-07-01T05:00:00Z", "2026-07-01"],
  ])("at %s is %s", (now, day) => expect(digestDay(BERLIN, at(now))).toBe(day));

  it("comes on the day on which clocks skip its time", () => {
    const skipped = { ...BERLIN, at: "02:30" };
    expect(digestDay(skipped, at("2026-03-29T00:59:00Z"))).toBeNull();
    expect(digestDay(skipped, at("2026-03-29T01:00:00Z"))).toBe("2026-03-29");
  });
});

const NOTHING = { nowMs: at("2026-11-27T06:00:00Z"), slas: [], deadLetters: [], expected: [], drift: [] };

describe("a digest", () => {
  it("tells each owner what is theirs, and is a whole activity", () => {
    const sla = { name: "s", title: "Won opportunities become orders", owner: "revops", words: "7 % have not" };
    const source = { source: "stripe", title: "Stripe", owner: "finance", everyMinutes: 60 };
    const data = digestOf(
      "2026-11-27",
      {
        ...NOTHING,
        slas: [
          { ...sla, burnRate: 2 },
          { ...sla, title: "Kept", burnRate: 0.5 },
        ],
        deadLetters: [
          { owner: "finance", class: "business", letters: 2 },
          { owner: "finance", class: "config", letters: 1 },
        ],
        expected: [
          { ...source, lastAtMs: NOTHING.nowMs - 61 * MINUTE },
          { ...source, title: "Heard", lastAtMs: NOTHING.nowMs - 59 * MINUTE },
        ],
        drift: [{ owner: "finance", found: 5, repaired: 4, open: 1 }],
      },
      (owner) => (owner === "finance" ? "Finance systems" : owner),
    );
    expect(parseEntity("activity", data).ok).toBe(true);
    expect(data["body"]).toBe(
      [
        "Finance systems:",
        "- drift: 5 found, 4 repaired or healed, 1 open",
        "- dead letters open: 3",
        "- nothing was heard from Stripe for longer than it should take",
        "",
        "revops:",
        "- Won opportunities become orders: 7 % have not",
      ].join("\n"),
    );
    expect(data["custom"]).toMatchObject({ day: "2026-11-27", owners: [{ owner: "finance", deadLetters: 3 }, { owner: "revops" }] });
  });

  it("says so when nothing needs anybody", () => {
    expect(digestOf("2026-11-27", NOTHING, String)).toMatchObject({ subject: "2026-11-27: nothing needs anybody", custom: { owners: [] } });
  });
});

const route = (more: Partial<RouteConfig> = {}): RouteConfig => ({ name: "all", owner: "it", kind: "activity", to: ["chat"], ...more });
const configWith = (more: Partial<RouterConfig>): RouterConfig => ({
  version: "1",
  owners: { it: { team: "IT", contact: "it@example.com" } },
  sources: {},
  destinations: { chat: { module: "http", owner: "it", url: { env: "X" } } },
  routes: [route({ from: ["digest"] })],
  digest: BERLIN,
  ...more,
});

describe("a declared digest", () => {
  it.each<[string, Partial<RouterConfig>, readonly string[]]>([
    ["is fine", {}, []],
    ["names an owner", { digest: { ...BERLIN, owner: "nobody" } }, ['digest: unknown owner "nobody"; declared are it']],
    ["has a time of day", { digest: { ...BERLIN, at: "7 am" } }, ['digest: at: "7 am" is no time of day; write HH:MM, such as 07:00']],
    [
      "has a time zone",
      { digest: { ...BERLIN, timezone: "Berlin" } },
      ['digest: timezone: "Berlin" is unknown; name one such as Europe/Berlin'],
    ],
    ["goes somewhere", { routes: [route()] }, ['digest: it goes nowhere; add a route of kind activity with from: ["digest"]']],
    [
      "keeps its name to itself",
      { sources: { digest: { scheme: "hmac", owner: "it", secrets: [], priority: "standard" } } },
      ["sources.digest: this name is the daily digest's"],
    ],
  ])("%s", (_what, more, messages) => expect(digestMistakes(configWith(more)).map(({ message }) => message)).toEqual(messages));

  it("goes where a route asks for it by name, and by no other route", () => {
    const event = {
      ...orderEvent({ id: "e1", version: 1, source: "digest" }),
      entity: { kind: "activity" as const, key: "d", schemaVersion: 1 },
    };
    const lanes = (routes: readonly RouteConfig[]) => planRoutes(configWith({ routes }), event).lanes.map((lane) => lane.route);
    expect(lanes([route({ name: "any" }), route({ name: "own", from: ["digest"] })])).toEqual(["own"]);
    expect(lanes([route({ name: "any" })])).toEqual([]);
  });
});
