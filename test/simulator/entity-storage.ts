import { NO_KIN, type Kin } from "../../src/domain/kin.ts";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { OrderToken } from "../../src/domain/order.ts";
import type { Marks } from "../../src/domain/sequencing.ts";
import { GENESIS, type ChainHead } from "../../src/domain/timeline.ts";
import type { Work } from "../../src/domain/work.ts";
import type { Ledger, LedgerChange, LedgerHit, LedgerState, Owed } from "../../src/pipeline/sequence/ports.ts";

interface Row {
  readonly eventId: string;
  readonly contentHash: string;
  readonly body: string;
  outcome: EventOutcome;
}

const workId = (work: Work): string => `${work.plan.destination}/${work.position}`;

/**
 * What of an entity survives its object. The ledger's contract with a map for an index, for many entities at once; it
 * keeps values that nobody changes, so it need not copy them.
 */
export class EntityStorage implements Ledger {
  readonly #known = new Map<string, Row>();
  readonly work = new Map<string, Work>();
  readonly owed = new Map<string, Owed>();
  #head: ChainHead = GENESIS;
  #marks: Marks = {};
  #kin: Kin = NO_KIN;
  /** The one alarm. */
  alarmAtMs: number | null = null;

  load(): LedgerState {
    return { head: this.#head, marks: this.#marks, work: [...this.work.values()], owed: [...this.owed.values()], kin: this.#kin };
  }

  find(key: string): LedgerHit | null {
    const row = this.#known.get(key);
    if (row === undefined) return null;
    const { order } = JSON.parse(row.body) as { order: OrderToken };
    return { eventId: row.eventId, contentHash: row.contentHash, order, outcome: row.outcome };
  }

  commit(change: LedgerChange): void {
    const outcomes = new Map(change.outcomes.map((item) => [item.key, item.outcome]));
    for (const { known } of change.lines) {
      if (known !== undefined && this.#known.has(known.key)) throw new Error(`the ledger knows ${known.key} already`);
    }
    for (const { entry, known } of change.lines) {
      this.#head = { seq: entry.seq, hash: entry.hash };
      const outcome = known === undefined ? undefined : outcomes.get(known.key);
      if (known === undefined || outcome === undefined) continue;
      this.#known.set(known.key, { eventId: entry.eventId, contentHash: known.contentHash, body: entry.body, outcome });
    }
    for (const [key, outcome] of outcomes) {
      const row = this.#known.get(key);
      if (row !== undefined) row.outcome = outcome;
    }
    this.#kin = change.kin ?? this.#kin;
    for (const work of change.drop) this.work.delete(workId(work));
    for (const work of change.put) this.work.set(workId(work), work);
    for (const owed of change.owe) this.owed.set(owed.event.id, owed);
  }

  saveMarks(marks: Marks): void {
    this.#marks = marks;
  }

  settleOwed(paid: readonly Owed[]): void {
    for (const { event, outcome } of paid) if (this.owed.get(event.id)?.outcome.rev === outcome.rev) this.owed.delete(event.id);
  }
}
