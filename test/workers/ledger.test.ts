import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { SqlLedger } from "../../src/adapters/ledger-sql.ts";
import { sha256Hex } from "../../src/adapters/sha256.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import { chain, verifyChain, type ChainHead, type Entry } from "../../src/domain/timeline.ts";
import type { Work } from "../../src/domain/work.ts";
import { LEDGER_CONTRACT } from "../support/ledger-contract.ts";
import { orderEvent, World } from "../support/world.ts";

const raise = (error: unknown): never => {
  throw error;
};

describe("the ledger in an object's SQLite", () => {
  it.each(Object.entries(LEDGER_CONTRACT))("%s", async (title, holds) => {
    await runInDurableObject(env.ENTITY.getByName(`ledger/${title}`), (_object, state) => {
      const open = (): SqlLedger => {
        const ledger = new SqlLedger(state.storage, 30, raise);
        ledger.load();
        return ledger;
      };
      holds(new SqlLedger(state.storage, 30, raise), open);
    });
  });

  it.each([
    ["knows a copy by its key", { deduplicates: true, knowsLateCopies: true }, 2],
    ["puts records by their key", { deduplicates: true, knowsLateCopies: false }, 2],
    ["could not tell a second effect", { deduplicates: false, knowsLateCopies: false }, 4],
  ])("takes of an event to a destination that %s as many rows as are billed for", async (what, traits, rows) => {
    await runInDurableObject(env.ENTITY.getByName(`ledger/rows/${what}`), async (_object, { storage }) => {
      const world = new World({ traits, ledger: new SqlLedger(storage, 30, raise) });
      await world.sequence([orderEvent({ id: "e1", version: 1 })]);
      const cursors: { readonly rowsWritten: number }[] = [];
      const exec = storage.sql.exec.bind(storage.sql);
      const spy = vi.spyOn(storage.sql, "exec").mockImplementation((...args: Parameters<SqlStorage["exec"]>) => {
        const cursor = exec(...args);
        cursors.push(cursor);
        return cursor as never;
      });
      expect(await world.sequence([orderEvent({ id: "e2", version: 2 })])).toMatchObject([{ status: "delivered" }]);
      spy.mockRestore();
      expect(cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)).toBe(rows);
    });
  });

  describe("forgets what is older than it keeps, a bucket at a time", () => {
    const DAY_MS = 86_400_000;
    const START_MS = Date.UTC(2026, 0, 1);
    const write = (ledger: SqlLedger, head: ChainHead, at: { day: number; key: string }): ChainHead => {
      const entry = chain(
        head,
        { atMs: START_MS + at.day * DAY_MS, eventId: `evt_${at.key}`, body: '{"order":{"kind":"none"}}' },
        sha256Hex,
      );
      const outcome = { eventId: entry.eventId, rev: 1, status: "delivered" as const, lanes: [] };
      const line = { entry, known: { key: at.key, contentHash: "h" } };
      ledger.commit({ lines: [line], outcomes: [{ key: at.key, outcome }], put: [], drop: [], owe: [] });
      return { seq: entry.seq, hash: entry.hash };
    };
    const kept = (ledger: SqlLedger): readonly Entry[] => ledger.timeline(0, 1_000);

    it("and the chain of what is left is whole, also after it is opened again", async () => {
      await runInDurableObject(env.ENTITY.getByName("ledger/expiry"), (_object, state) => {
        const ledger = new SqlLedger(state.storage, 30, raise);
        let head: ChainHead = ledger.load().head;
        for (let day = 0; day < 45; day++) head = write(ledger, head, { day, key: `d${day}` });
        const open = new SqlLedger(state.storage, 30, raise);
        expect(open.load()).toMatchObject({ head, marks: {} });
        const lines = kept(open);
        // On day 44 all from day 14 on must be known still.
        expect(lines[0]?.seq).toBe(15);
        expect(open.find("d14")).not.toBeNull();
        expect(open.find("d13")).toBeNull();
        expect(verifyChain(lines, { from: open.base(), to: head }, sha256Hex)).toMatchObject({ intact: true, entries: 31 });
        expect(verifyChain(lines.slice(1), { from: open.base(), to: head }, sha256Hex)).toMatchObject({ intact: false });
      });
    });

    it("but not while work of that time is unfinished, whose outcome is still to be written", async () => {
      await runInDurableObject(env.ENTITY.getByName("ledger/unfinished"), (_object, state) => {
        const ledger = new SqlLedger(state.storage, 30, raise);
        let head: ChainHead = ledger.load().head;
        head = write(ledger, head, { day: 0, key: "dead" });
        const event = { receivedAtMs: START_MS } as unknown as EntityEvent;
        const work = { event, key: "dead", plan: { destination: "erp" }, position: 1 } as unknown as Work;
        ledger.commit({ lines: [], outcomes: [], put: [work], drop: [], owe: [] });
        for (let day = 1; day < 40; day++) head = write(ledger, head, { day, key: `d${day}` });
        expect(ledger.find("dead")).not.toBeNull();
        ledger.commit({ lines: [], outcomes: [], put: [], drop: [work], owe: [] });
        head = write(ledger, head, { day: 41, key: "d41" });
        expect(ledger.find("dead")).toBeNull();
        expect(verifyChain(kept(ledger), { from: ledger.base(), to: head }, sha256Hex)).toMatchObject({ intact: true });
      });
    });
  });

  it("makes no table for an entity that is only looked at", async () => {
    const stub = env.ENTITY.getByName("order/never-seen");
    expect((await stub.state()).head.seq).toBe(0);
    expect(await stub.timeline(0, 10)).toEqual([]);
    await runInDurableObject(stub, (_object, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray()).toEqual([]);
    });
  });
});
