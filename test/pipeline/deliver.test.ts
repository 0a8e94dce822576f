import { describe, expect, it } from "vitest";
import { bareSession } from "../../src/connection/session.ts";
import { http } from "../../src/destinations/http.ts";
import { ok } from "../../src/domain/result.ts";
import { newWork } from "../../src/domain/work.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { orderEvent, planTo, sha256 } from "../support/world.ts";

describe("an attempt", () => {
  it("ends as a config failure, and never rejects, when the destination's secret is malformed", async () => {
    const [plan] = planTo(["crm"]).lanes;
    if (plan === undefined) throw new Error("no plan");
    const connection = { baseUrl: "https://crm.example.com", settings: {}, secrets: { signing: "whsec_not base64!" } };
    const result = await deliver(newWork(orderEvent({ id: "e1", version: 1 }), "d1", { plan, position: 1 }), {
      clock: () => 0,
      sha256,
      target: () => ok({ definition: http, connection, timeoutMs: 1_000 }),
      permit: (_work, data) => ok({ data, withheld: [] }),
      data: async () => ok({ number: "SO-1" }),
      open: () =>
        bareSession(http, connection, {
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
