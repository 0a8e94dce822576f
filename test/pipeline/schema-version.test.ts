import { afterEach, describe, expect, it, vi } from "vitest";
import { ENTITIES } from "../../src/domain/entities/index.ts";
import { inKnownSchema } from "../../src/pipeline/consume/schema-version.ts";
import { orderEvent } from "../support/world.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const ofVersion = (schemaVersion: number) => {
  const event = orderEvent({ id: "e1" });
  return { ...event, entity: { ...event.entity, schemaVersion } };
};

/** The order's schema a version further, which has the number under another name. */
function nextSchema(): void {
  vi.spyOn(ENTITIES.order, "version", "get").mockReturnValue(2);
  vi.spyOn(ENTITIES.order, "upgrades", "get").mockReturnValue({ 1: ({ number, ...rest }) => ({ ...rest, orderNumber: number ?? null }) });
}

describe("a message of another schema version", () => {
  it("goes on untouched when it is the one that this deployment knows", () => {
    const event = ofVersion(1);
    expect(inKnownSchema(event)).toEqual({ ok: true, value: event });
  });

  it("is refused with words when it is newer, so that it is kept", () => {
    expect(inKnownSchema(ofVersion(2))).toEqual({ ok: false, failure: "order version 2 is newer than this deployment knows (1)" });
  });

  it("is lifted when it is older", () => {
    for (const name of ["version", "upgrades"] as const) {
      const value = ENTITIES.order[name];
      Object.defineProperty(ENTITIES.order, name, { get: () => value, configurable: true });
    }
    nextSchema();
    expect(inKnownSchema(ofVersion(1))).toMatchObject({
      ok: true,
      value: { entity: { schemaVersion: 2 }, payload: { data: { orderNumber: "v0" } } },
    });
  });
});
