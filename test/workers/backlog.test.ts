import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { call, destinations, eventually, ops, signed } from "../support/router.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const board = env.BACKLOG.getByName("all");
const invoice = (id: string) =>
  signed("partner", {
    body: JSON.stringify({ type: "invoice.paid", timestamp: new Date().toISOString(), data: { id, status: "paid", version: Date.now() } }),
  });
const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + ms);
};

describe("back-pressure", () => {
  it("bulk messages stand back while critical ones wait, and are delivered once those have caught up", async () => {
    destinations();
    await board.note("critical", { ageMs: 45_000, atMs: Date.now() });
    const warned = vi.spyOn(console, "warn");
    const id = (await call(invoice("BP-5"))).headers.get("x-signalbox-event-id") ?? "";
    await vi.waitFor(() => expect(warned.mock.calls.map(String).join("\n")).toContain("critical messages wait for 45 s"), 8_000);
    expect((await (await ops(`/events/${id}`)).json<{ status: string }>()).status).toBe("pending");
    await board.note("critical", { ageMs: 0, atMs: Date.now() + 6_000 });
    expect(await eventually(id, undefined, 60_000)).toMatchObject({ status: "delivered" });
  }, 70_000);

  it("bulk is told to come later while what was taken of it waits too long, others are not, and the API shows it", async () => {
    destinations();
    await board.note("bulk", { ageMs: 1_000_000, atMs: Date.now() + 20_000 });
    later(20_000);
    // The first request asks in the background; nobody waits for the answer.
    expect((await call(invoice("BP-0"))).status).toBe(202);
    await vi.waitFor(async () => {
      const refused = await call(invoice("BP-1"));
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    });
    const customer = signed("custom", {
      body: JSON.stringify({
        eventId: "bp",
        type: "customer.updated",
        data: { id: "BP-2", name: "N", updatedAt: new Date().toISOString() },
      }),
    });
    expect((await call(customer)).status).toBe(202);
    const { classes } = await (await ops("/backlog", "viewer")).json<{ classes: readonly { class: string; refused: boolean }[] }>();
    expect(classes.find((each) => each.class === "bulk")).toMatchObject({ refused: true, ageSeconds: 1000 });
    later(70_000);
    await call(invoice("BP-3"));
    await vi.waitFor(async () => expect((await call(invoice("BP-4"))).status).toBe(202));
  });
});
