import { describe, it } from "vitest";
import { LEDGER_CONTRACT } from "../support/ledger-contract.ts";
import { MemoryLedger, MemoryStorage } from "../support/memory-ledger.ts";

describe("the ledger in memory", () => {
  it.each(Object.entries(LEDGER_CONTRACT))("%s", (_title, holds) => {
    const storage = new MemoryStorage();
    holds(new MemoryLedger(storage), () => new MemoryLedger(storage));
  });
});
