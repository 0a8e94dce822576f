import type { AuditRows, EventRow } from "../../src/domain/audit-record.ts";
import type { Chance } from "./chance.ts";
import type { Skies } from "./network.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Outcomes that are ends. */
const FINAL: ReadonlySet<string> = new Set(["delivered", "superseded", "ignored", "dead", "cancelled"]);

export const isFinal = (row: EventRow | undefined): boolean => row !== undefined && FINAL.has(row.status);

/** The cross-entity index: the newest revision of each event's row. Refuses writes in bad weather, or takes them and does not say so. */
export class IndexTable {
  readonly #time: VirtualTime;
  readonly #skies: Skies;
  readonly #chance: Chance;
  readonly #rows = new Map<string, EventRow>();
  refusals = 0;

  constructor(time: VirtualTime, skies: Skies, chance: Chance) {
    this.#time = time;
    this.#skies = skies;
    this.#chance = chance;
  }

  row(eventId: string): EventRow | undefined {
    return this.#rows.get(eventId);
  }

  async record(rows: readonly AuditRows[]): Promise<void> {
    await this.#time.sleep(this.#chance.between(2, 30));
    const weather = this.#skies.over("index", this.#time.nowMs);
    const written = weather !== "down" && weather !== "losingRequests";
    if (written) for (const { event } of rows) if ((this.#rows.get(event.id)?.rev ?? -1) < event.rev) this.#rows.set(event.id, event);
    if (written && weather !== "losingAnswers") return;
    this.refusals++;
    throw new Error("the index did not answer");
  }
}
