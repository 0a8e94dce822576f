import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SqlLedger } from "../../src/adapters/ledger-sql.ts";
import { LEDGER_CONTRACT } from "../support/ledger-contract.ts";

const raise = (error: unknown): never => {
  throw error;
};

describe("the ledger in an object's SQLite", () => {
  it.each(Object.entries(LEDGER_CONTRACT))("%s", async (title, holds) => {
    await runInDurableObject(env.ENTITY.getByName(`ledger/${title}`), (_object, state) => {
      const open = (): SqlLedger => {
        const ledger = new SqlLedger(state.storage, raise);
        ledger.load();
        return ledger;
      };
      holds(new SqlLedger(state.storage, raise), open);
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
