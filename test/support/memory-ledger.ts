import { GENESIS, type Entry } from "../../src/domain/timeline.ts";
import type { Marks } from "../../src/domain/sequencing.ts";
import { NO_KIN, type Kin } from "../../src/domain/kin.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { OrderToken } from "../../src/domain/order.ts";
import type { Work } from "../../src/domain/work.ts";
import type { Ledger, LedgerChange, LedgerHit, LedgerState, Owed } from "../../src/pipeline/sequence/ports.ts";

/** What survives an eviction. JSON text, as SQLite would keep it, so that no reference is shared by accident. */
export class MemoryStorage {
  readonly entries: { entry: Entry; key: string | null; contentHash: string | null; outcome: string | null }[] = [];
  readonly work = new Map<string, string>();
  readonly owed = new Map<string, string>();
  marks = "{}";
  kin = JSON.stringify(NO_KIN);
  commits = 0;
}

/** The ledger's contract in memory; held to the same suite as the SQLite one. */
export class MemoryLedger implements Ledger {
  readonly #storage: MemoryStorage;

  constructor(storage: MemoryStorage) {
    this.#storage = storage;
  }

  load(): LedgerState {
    const last = this.#storage.entries.at(-1)?.entry;
    return {
      head: last === undefined ? GENESIS : { seq: last.seq, hash: last.hash },
      marks: JSON.parse(this.#storage.marks) as Marks,
      work: [...this.#storage.work.values()].map((text) => JSON.parse(text) as Work),
      owed: [...this.#storage.owed.values()].map((text) => JSON.parse(text) as Owed),
      kin: JSON.parse(this.#storage.kin) as Kin,
    };
  }

  find(key: string): LedgerHit | null {
    const row = this.#storage.entries.find((item) => item.key === key);
    if (row === undefined || row.outcome === null) return null;
    const { order } = JSON.parse(row.entry.body) as { order: OrderToken };
    return { eventId: row.entry.eventId, contentHash: row.contentHash ?? "", order, outcome: JSON.parse(row.outcome) as EventOutcome };
  }

  commit(change: LedgerChange): void {
    const storage = this.#storage;
    storage.commits++;
    const outcomes = new Map(change.outcomes.map((item) => [item.key, JSON.stringify(item.outcome)]));
    for (const { entry, known } of change.lines) {
      if (known !== undefined && storage.entries.some((row) => row.key === known.key))
        throw new Error(`the ledger knows ${known.key} already`);
      storage.entries.push({
        entry,
        key: known?.key ?? null,
        contentHash: known?.contentHash ?? null,
        outcome: known === undefined ? null : (outcomes.get(known.key) ?? null),
      });
    }
    for (const [key, outcome] of outcomes) {
      const row = storage.entries.find((item) => item.key === key);
      if (row !== undefined) row.outcome = outcome;
    }
    const id = (work: Work): string => `${work.plan.destination}/${work.position}`;
    for (const work of change.drop) storage.work.delete(id(work));
    for (const work of change.put) storage.work.set(id(work), JSON.stringify(work));
    if (change.kin !== undefined) storage.kin = JSON.stringify(change.kin);
    for (const owed of change.owe) storage.owed.set(owed.event.id, JSON.stringify(owed));
  }

  saveMarks(marks: Marks): void {
    this.#storage.marks = JSON.stringify(marks);
  }

  settleOwed(paid: readonly Owed[]): void {
    for (const { event, outcome } of paid) {
      const kept = this.#storage.owed.get(event.id);
      if (kept !== undefined && (JSON.parse(kept) as Owed).outcome.rev === outcome.rev) this.#storage.owed.delete(event.id);
    }
  }
}
