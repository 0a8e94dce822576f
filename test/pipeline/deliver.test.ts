import { describe, expect, it } from "vitest";
import { bareSession } from "../../src/connection/session.ts";
import type { DestinationDefinition } from "../../src/destinations/define.ts";
import { http } from "../../src/destinations/http/index.ts";
import { ok } from "../../src/domain/result.ts";
import { newWork } from "../../src/domain/work.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { orderEvent, planTo, sha256 } from "../support/world.ts";

const throwing: DestinationDefinition = {
  ...http,
  write: async () => {
    throw new Error("signing is not possible");
  },
};

describe("an attempt", () => {
  it.each([
    ["the destination's secret is malformed", http],
    ["the destination's module throws", throwing],
  ])("ends as a config failure, and never rejects, when %s", async (_why, definition) => {
    const [plan] = planTo(["crm"]).lanes;
    if (plan === undefined) throw new Error("no plan");
    const connection = { baseUrl: "https://crm.example.com", settings: http.settings.parse({}), secrets: { signing: "whsec_not base64!" } };
    const result = await deliver(newWork(orderEvent({ id: "e1", version: 1 }), "d1", { plan, position: 1 }), {
      clock: () => 0,
      sha256,
      target: () => ok({ definition, connection, timeoutMs: 1_000 }),
      permit: (_work, data) => ok({ data, withheld: [] }),
      data: async () => ok({ number: "SO-1" }),
      open: () =>
        bareSession(definition, connection, {
          clock: () => 0,
          send: async () => {
            throw new Error("nothing may be sent");
          },
        }),
    });
    expect(result).toMatchObject({ kind: "failed", class: "config", detail: expect.stringContaining("signing") as string });
    expect(JSON.stringify(result)).not.toContain("not base64!");
  });
});
