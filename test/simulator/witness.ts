import type { EntityEvent } from "../../src/domain/event.ts";
import { compareTokens } from "../../src/domain/order.ts";
import type { Breach, BreachKind } from "./breach.ts";
import { isFinal, type IndexTable } from "./index-table.ts";
import type { RemoteSystem } from "./remote-systems.ts";
import { isOrdered, type EntityScript, type State } from "./senders.ts";

/** What a sender was told is taken, or what may have been taken although its answer was lost. */
export interface Told {
  readonly event: EntityEvent;
  readonly state: State;
  acked: boolean;
}

/** Who saw all that happened to one entity, and says afterwards which promises were broken. */
export class Witness {
  readonly script: EntityScript;
  readonly told = new Map<string, Told>();
  /** Effects that an operator forced over a newer state: order does not hold for them. */
  readonly forced = new Set<string>();

  constructor(script: EntityScript) {
    this.script = script;
  }

  note(event: EntityEvent, state: State): Told {
    const told = { event, state, acked: false };
    this.told.set(event.id, told);
    if (event.replay?.force === true) this.forced.add(event.id);
    return told;
  }

  /** Judges the end of a run, when nothing is left to happen. */
  *judge(index: IndexTable, remotes: ReadonlyMap<string, RemoteSystem>): Generator<Breach> {
    yield* this.#lost(index);
    for (const { destination } of this.script.lanes) {
      const remote = remotes.get(destination);
      if (remote === undefined) continue;
      yield* this.#unfounded(index, remote);
      yield* this.#duplicates(remote);
      yield* this.#backwards(remote);
      yield* this.#newestMissing(index, destination);
    }
  }

  #breach(kind: BreachKind, what: string): Breach {
    return { kind, entity: this.script.key, what };
  }

  /** Every event that was taken has come to an end that the index knows; a copy's first one is known there too. */
  *#lost(index: IndexTable): Generator<Breach> {
    for (const { event, acked } of this.told.values()) {
      const row = index.row(event.id);
      if (row === undefined && !acked) continue;
      if (!isFinal(row)) yield this.#breach("lost", `${event.id} was taken and the index says ${row?.status ?? "nothing"}`);
      const of = row?.detail.of;
      if (of !== undefined && index.row(of) === undefined) yield this.#breach("lost", `${event.id} points at ${of}, which nobody knows`);
    }
  }

  /** What is called delivered is there. */
  *#unfounded(index: IndexTable, remote: RemoteSystem): Generator<Breach> {
    const there = new Set(remote.effectsOn(this.script.key).map((effect) => this.#delivery(effect.eventId)));
    for (const { event } of this.told.values()) {
      const lane = index.row(event.id)?.detail.lanes.find((each) => each.destination === remote.traits.name);
      if (lane?.status === "delivered" && !there.has(this.#delivery(event.id)))
        yield this.#breach("lost", `${event.id} is called delivered, ${remote.traits.name} does not have it`);
    }
  }

  /** One effect for one delivery, whatever event ids its copies got, and one more for each time an operator tried it anew. */
  *#duplicates(remote: RemoteSystem): Generator<Breach> {
    if (!remote.traits.deduplicates && !remote.traits.lookup) return;
    const seen = new Set<string>();
    for (const { key, eventId } of remote.effectsOn(this.script.key)) {
      const effect = `${this.#delivery(eventId)}${/_r\d+$/.exec(key)?.[0] ?? ""}`;
      if (seen.has(effect)) yield this.#breach("duplicateEffects", `${effect} has a second effect in ${remote.traits.name}`);
      seen.add(effect);
    }
  }

  /** States of one stream come in order, except where someone forced an older one. */
  *#backwards(remote: RemoteSystem): Generator<Breach> {
    const newest = new Map<string, Told>();
    for (const { eventId } of remote.effectsOn(this.script.key)) {
      const told = this.told.get(eventId);
      if (told === undefined || !isOrdered(told.state.order) || this.forced.has(eventId)) continue;
      const before = newest.get(told.state.source);
      if (before !== undefined && isOlder(told.state, before.state))
        yield this.#breach("orderViolations", `${remote.traits.name} got ${nameOf(told)} after ${nameOf(before)}`);
      else newest.set(told.state.source, told);
    }
  }

  /** The newest state of a stream was delivered, or someone knows why not. */
  *#newestMissing(index: IndexTable, destination: string): Generator<Breach> {
    for (const source of new Set(this.script.states.map((state) => state.source))) {
      const all = [...this.told.values()].filter(
        ({ state, event }) => state.source === source && isOrdered(state.order) && index.row(event.id),
      );
      const newest = all.reduce<Told | null>((best, each) => (best === null || isOlder(best.state, each.state) ? each : best), null);
      if (newest === null) continue;
      const settled = all.some(({ state, event }) => {
        const lane = index.row(event.id)?.detail.lanes.find((each) => each.destination === destination);
        if (lane === undefined || isOlder(state, newest.state)) return false;
        return lane.status === "superseded" ? this.#madeWayForForced(lane.reason) : /^(delivered|dead|cancelled)$/.test(lane.status);
      });
      if (!settled) yield this.#breach("orderViolations", `${destination} never got ${nameOf(newest)}, the newest of its stream`);
    }
  }

  /** Whether the state was still waiting when somebody forced an older one over it. */
  #madeWayForForced(reason: string | undefined): boolean {
    return this.forced.has(reason?.split(" ").at(-1) ?? "");
  }

  #delivery(eventId: string): string {
    const event = this.told.get(eventId)?.event;
    if (event === undefined) return eventId;
    return `${event.sourceName} ${event.deliveryId} ${event.contentHash}${event.replayOf === undefined ? "" : ` ${event.id}`}`;
  }
}

const isOlder = (state: State, than: State): boolean => {
  const compared = compareTokens(state.token, than.token);
  return compared === "older" || (compared === "equal" && state.rank < than.rank);
};

const nameOf = ({ event, state }: Told): string =>
  `${state.source} ${state.content} (${event.order.kind === "none" ? "no token" : event.order.value}, rank ${state.rank}, ${event.id})`;
