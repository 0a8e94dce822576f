import { expect, it, vi } from "vitest";
import { BacklogWatch } from "../../src/adapters/backlog-watch.ts";
import { NO_BACKLOG } from "../../src/domain/backlog.ts";

const reading = { ageMs: 1, atMs: 1_000_000 };

it("a batch does not wait for a board that hangs, and takes one that fails for no backlog at all", async () => {
  vi.useFakeTimers();
  try {
    const hangs = new BacklogWatch().tell({ note: () => new Promise(() => undefined), read: async () => NO_BACKLOG }, "bulk", reading);
    await vi.advanceTimersByTimeAsync(500);
    expect(await hangs).toEqual(NO_BACKLOG);
    const fails = { note: () => Promise.reject(new Error("unreachable")), read: async () => NO_BACKLOG };
    expect(await new BacklogWatch().tell(fails, "bulk", reading)).toEqual(NO_BACKLOG);
  } finally {
    vi.useRealTimers();
  }
});
