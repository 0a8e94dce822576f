import type { OperatorAction } from "../../src/pipeline/sequence/ports.ts";
import type { Tally } from "./breach.ts";
import type { Chance } from "./chance.ts";
import type { EntityHost } from "./entity-host.ts";
import type { Governors } from "./governors.ts";
import type { IndexTable } from "./index-table.ts";
import { REMOTE_NAMES } from "./senders.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Witness } from "./witness.ts";

export interface OperatorPorts {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly governors: Governors;
  readonly index: IndexTable;
  readonly hosts: ReadonlyMap<string, EntityHost>;
  readonly witnesses: ReadonlyMap<string, Witness>;
  readonly tally: Tally;
}

const VERBS = ["retry", "retry", "edit", "edit", "skip"] as const;

/** People: they pause destinations and let them go on, and try dead letters again or give them up, sometimes twice at once. */
export class Operators {
  readonly #ports: OperatorPorts;

  constructor(ports: OperatorPorts) {
    this.#ports = ports;
  }

  /** Puts pauses and restarts of governors on the calendar; some destinations stay paused at the end. */
  plan(startMs: number, endMs: number): void {
    const { time, chance, governors } = this.#ports;
    for (const destination of REMOTE_NAMES) {
      for (let atMs = startMs + chance.below(120_000); atMs < endMs; atMs += chance.between(60_000, 240_000)) {
        const untilMs = atMs + chance.between(5_000, 40_000);
        time.after(atMs - startMs, () => governors.pause(destination));
        if (untilMs < endMs || chance.happens(0.5)) time.after(untilMs - startMs, () => this.#resume(destination));
        time.after(atMs - startMs + chance.below(60_000), () => governors.restart(destination));
      }
    }
  }

  /** Lets a destination go on, and wakes the entities that the index knows to wait for it. */
  #resume(destination: string): void {
    const { governors, hosts, witnesses, index } = this.#ports;
    governors.resume(destination);
    for (const [key, witness] of witnesses) {
      const held = [...witness.told.keys()].some((id) =>
        index.row(id)?.detail.lanes.some((lane) => lane.destination === destination && lane.status === "held"),
      );
      if (held)
        hosts
          .get(key)
          ?.resume(destination)
          .catch(() => undefined);
    }
  }

  lookAt(key: string): void {
    const { chance } = this.#ports;
    for (const letter of this.#letters(key)) {
      if (chance.happens(0.3)) continue;
      const verb = chance.pick(VERBS);
      this.#act(key, letter, { verb, force: verb === "retry" && chance.happens(0.05) });
      if (chance.happens(0.1)) this.#act(key, letter, { verb, force: false });
    }
  }

  /** Lets all destinations go on and deals with every dead letter: tried again where it may be, else given up. */
  settleAll(): void {
    for (const destination of REMOTE_NAMES) this.#resume(destination);
    for (const key of this.#ports.hosts.keys())
      for (const letter of this.#letters(key)) this.#act(key, letter, { verb: "retry", force: false, orSkip: true });
  }

  /** What the index shows as dead. */
  #letters(key: string): readonly { readonly eventId: string; readonly destination: string }[] {
    const told = this.#ports.witnesses.get(key)?.told ?? new Map();
    return [...told.keys()].flatMap((eventId: string) => {
      const lanes = this.#ports.index.row(eventId)?.detail.lanes ?? [];
      return lanes.filter((lane) => lane.status === "dead").map(({ destination }) => ({ eventId, destination }));
    });
  }

  #act(
    key: string,
    letter: { readonly eventId: string; readonly destination: string },
    how: { readonly verb: OperatorAction["verb"]; readonly force: boolean; readonly orSkip?: true },
  ): void {
    const { hosts, witnesses, tally } = this.#ports;
    tally.operatorActions++;
    if (how.verb !== "skip") witnesses.get(key)?.retried.add(letter.eventId);
    if (how.force) witnesses.get(key)?.forced.add(letter.eventId);
    const mended = how.verb === "edit" ? `${witnesses.get(key)?.saidTo(letter) ?? ""}, mended` : null;
    const patch = mended === null ? {} : { patch: { number: mended } };
    const action = { ...letter, ...patch, verb: how.verb, force: how.force, actor: "operator", reason: "looked at it" };
    hosts
      .get(key)
      ?.operate(action)
      .then((answer) => {
        if (answer.ok && mended !== null) this.#mended(key, letter, mended);
        if (!answer.ok && answer.code === "moved_on" && how.orSkip) this.#act(key, letter, { verb: "skip", force: false });
      })
      .catch(() => undefined);
  }

  #mended(key: string, letter: { readonly eventId: string; readonly destination: string }, content: string): void {
    this.#ports.tally.edits++;
    this.#ports.witnesses.get(key)?.mended(letter, content);
  }
}
