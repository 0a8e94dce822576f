import { FINDING_STATES, type FindingState, type FindingType } from "../../src/domain/reconciliation/findings.ts";
import type { Stage } from "../demo/stage.ts";
import { CRON_PATH } from "../local.ts";

export interface FindingSeen {
  readonly id: string;
  readonly reconciliation: string;
  readonly type: FindingType;
  readonly key: string;
  readonly state: FindingState;
  readonly openedAt: string | null;
  readonly endedAt: string | null;
  readonly differences: readonly { readonly field: string }[];
  readonly reason: string | null;
}

export interface RunSeen {
  readonly id: string;
  readonly reconciliation: string;
  readonly mode: "changes" | "full";
  readonly state: "running" | "done" | "failed";
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly progress: { readonly compared: number };
  readonly problem: string | null;
}

/** What anybody has been told: a suspicion is not. */
const TOLD = FINDING_STATES.filter((state) => state !== "suspected");

/** Looks at findings and runs as an operator does, and is the clock that calls the cron. */
export class Watch {
  readonly #stage: Stage;
  readonly runs = new Map<string, RunSeen>();
  /** When each finding was first seen as told, and as what. One that changes its name is seen twice. */
  readonly told = new Map<string, FindingSeen>();
  #clock: ReturnType<typeof setInterval> | null = null;
  #calling: Promise<unknown> = Promise.resolve();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The cron comes once a minute in a deployment; here as often as the shortest period wants. */
  startClock(everyMs: number): void {
    let isCalling = false;
    const call = async (): Promise<void> => {
      if (isCalling) return;
      isCalling = true;
      await fetch(`${this.#stage.local.routerUrl}${CRON_PATH}`).catch(() => undefined);
      isCalling = false;
    };
    this.#clock = setInterval(() => (this.#calling = call()), everyMs);
  }

  async stopClock(): Promise<void> {
    if (this.#clock !== null) clearInterval(this.#clock);
    await this.#calling;
  }

  async look(): Promise<readonly FindingSeen[]> {
    const { items } = await this.#stage.ops<{ items: readonly { readonly lastRun: RunSeen | null }[] }>("/reconciliations");
    for (const { lastRun } of items) if (lastRun !== null) this.runs.set(lastRun.id, lastRun);
    const found = (await Promise.all(TOLD.map((state) => this.#inState(state)))).flat();
    for (const finding of found) {
      const first = this.told.get(finding.id);
      this.told.set(finding.id, first === undefined ? finding : { ...finding, openedAt: first.openedAt });
    }
    return found;
  }

  async #inState(state: FindingState): Promise<readonly FindingSeen[]> {
    const found: FindingSeen[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: readonly FindingSeen[]; nextCursor: string | null } = await this.#stage.ops(
        `/drift?state=${state}&limit=200${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  /** Runs of each reconciliation that began after a moment and are over. */
  endedSince(sinceMs: number, mode: RunSeen["mode"]): readonly RunSeen[] {
    return [...this.runs.values()].filter((run) => run.mode === mode && run.state === "done" && Date.parse(run.startedAt) >= sinceMs);
  }
}
