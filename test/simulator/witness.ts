import type { EntityEvent } from "../../src/domain/event.ts";
import type { EventRow } from "../../src/domain/audit-record.ts";
import { compareTokens, type OrderToken } from "../../src/domain/order.ts";
import type { Breach, BreachKind } from "./breach.ts";
import { isFinal, type IndexTable } from "./index-table.ts";
import { LAG_MS } from "./owners.ts";
import type { Effect, RemoteSystem } from "./remote-systems.ts";
import { carriedBy, isOrdered, saysOf, type EntityScript, type State } from "./senders.ts";

/** What a sender was told is taken, or what may have been taken although its answer was lost. */
export interface Told {
  readonly event: EntityEvent;
  readonly state: State;
  /** Of an echo: what was written first. */
  readonly origin?: Told;
  acked: boolean;
}

/**
 * What has no order, or another source's, waits no longer than that for a record's last request whose object died. Whose
 * message comes again only after that is put over what went by, since it may not be there yet.
 */
const GONE_BY_MS = 15_000;

interface Letter {
  readonly eventId: string;
  readonly destination: string;
}

/** Who saw all that happened to one entity, and says afterwards which promises were broken. */
export class Witness {
  readonly script: EntityScript;
  readonly told = new Map<string, Told>();
  /** Effects that an operator forced over a newer state: order does not hold for them. */
  readonly forced = new Set<string>();
  /** Events that an operator had tried again, as they were or mended. */
  readonly retried = new Set<string>();

  constructor(script: EntityScript) {
    this.script = script;
  }

  /** What people have made of dead letters, by event and destination. */
  readonly #mended = new Map<string, string>();

  note(event: EntityEvent, state: State, origin?: Told): Told {
    const told = { event, state, acked: false, ...(origin === undefined ? {} : { origin }) };
    this.told.set(event.id, told);
    if (event.replay?.force === true) this.forced.add(event.id);
    return told;
  }

  /** What an event first came from: itself, unless it is an echo. */
  originOf(eventId: string): Told | undefined {
    const told = this.told.get(eventId);
    return told?.origin ?? told;
  }

  /** What a letter says, as far as people know. */
  saidTo({ eventId, destination }: Letter): string {
    const state = this.told.get(eventId)?.state;
    return this.#mended.get(`${eventId} ${destination}`) ?? (state === undefined ? "" : carriedBy(state));
  }

  mended({ eventId, destination }: Letter, content: string): void {
    this.#mended.set(`${eventId} ${destination}`, content);
  }

  /** Judges the end of a run, when nothing is left to happen. */
  *judge(index: IndexTable, remotes: ReadonlyMap<string, RemoteSystem>): Generator<Breach> {
    yield* this.#lost(index);
    yield* this.#unread(index);
    for (const { destination } of this.script.lanes) {
      const remote = remotes.get(destination);
      if (remote === undefined) continue;
      yield* this.#unfounded(index, remote);
      yield* this.#mendedInVain(index, remote);
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
      if (of === event.id) yield this.#breach("lost", `${event.id} is said to be made unnecessary by itself`);
      else if (of !== undefined && index.row(of) === undefined)
        yield this.#breach("lost", `${event.id} points at ${of}, which nobody knows`);
    }
  }

  /** A hint is sent on as it came only where its owner can have had no record yet. */
  *#unread(index: IndexTable): Generator<Breach> {
    for (const { event, state } of this.told.values()) {
      const first = this.script.states.find(({ source }) => source === state.source);
      const wasThere = first !== undefined && first.atMs + LAG_MS < event.receivedAtMs;
      if (state.order === "hint" && wasThere && index.row(event.id)?.detail.nature === "hint")
        yield this.#breach("lost", `what ${event.id} hinted at was never read`);
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

  /** What a person has mended is what is sent from then on. */
  *#mendedInVain(index: IndexTable, remote: RemoteSystem): Generator<Breach> {
    for (const [letter, content] of this.#mended) {
      const [eventId = "", destination = ""] = letter.split(" ");
      const lane = index.row(eventId)?.detail.lanes.find((each) => each.destination === destination);
      if (destination !== remote.traits.name || lane?.status !== "delivered") continue;
      // Mended once more by someone who heard no answer, it begins the same.
      const there = remote.effectsOn(this.script.key).some((effect) => effect.eventId === eventId && effect.content.startsWith(content));
      if (!there) yield this.#breach("lost", `${destination} has ${eventId}, but not as it was mended: ${content}`);
    }
  }

  /** One effect for one delivery, whatever event ids its copies got, and one more for each time an operator tried it anew. */
  *#duplicates(remote: RemoteSystem): Generator<Breach> {
    if (!remote.deduplicates && !remote.traits.lookup) return;
    const seen = new Map<string, number>();
    const effects = remote.effectsOn(this.script.key);
    for (const [index, { key, eventId, content, atMs }] of effects.entries()) {
      // Copies of a hint may each have been read back as another state.
      const read = this.told.get(eventId)?.state.order === "hint" ? ` ${content}` : "";
      const effect = `${this.#delivery(eventId)}${read}${/_r\d+$/.exec(key)?.[0] ?? ""}`;
      const before = seen.get(effect) ?? index;
      const since = effects.slice(before + 1, index);
      const isLate = atMs - (effects[before]?.atMs ?? atMs) > GONE_BY_MS;
      const isPutRight = remote.traits.knows === "lastKey" && (isLate || since.every((other) => this.#givesWay(other, eventId)));
      if (seen.has(effect) && !isPutRight) yield this.#breach("duplicateEffects", `${effect} has a second effect in ${remote.traits.name}`);
      seen.set(effect, index);
    }
  }

  /** Whether an event that stood in a record already may be put over this one: it is newer, or a person had a hand in it. */
  #givesWay(effect: Effect, eventId: string): boolean {
    const [other, own] = [this.originOf(effect.eventId), this.originOf(eventId)];
    if (this.retried.has(effect.eventId) || this.retried.has(eventId)) return true;
    if (other === undefined || own?.state.source !== other.state.source) return false;
    return compareTokens(other.state.token, own.state.token) === "older";
  }

  /** States of one stream come in order, except where someone forced an older one; an echo counts as what was written. */
  *#backwards(remote: RemoteSystem): Generator<Breach> {
    const newest = new Map<string, Seen>();
    for (const { eventId, content } of remote.effectsOn(this.script.key)) {
      const told = this.originOf(eventId);
      const seen = told === undefined ? null : seenIn(told, content);
      if (told === undefined || seen === null || this.forced.has(eventId) || this.forced.has(told.event.id)) continue;
      const before = newest.get(told.state.source);
      if (before !== undefined && isOlder(seen, before))
        yield this.#breach("orderViolations", `${remote.traits.name} got ${nameOf(seen)} by ${eventId} after ${nameOf(before)}`);
      else newest.set(told.state.source, seen);
    }
  }

  /** The newest state of a stream, of hints the newest that was read and taken, was delivered, or someone knows why not. */
  *#newestMissing(index: IndexTable, destination: string): Generator<Breach> {
    for (const source of new Set(this.script.states.map((state) => state.source))) {
      const all = [...this.told.values()].flatMap((told) => {
        const row = index.row(told.event.id);
        const seen = told.state.source !== source || row === undefined ? null : seenAs(told, row);
        return seen === null || row === undefined ? [] : [{ seen, row }];
      });
      const newest = all.reduce<Seen | null>((best, { seen }) => (best === null || isOlder(best, seen) ? seen : best), null);
      if (newest === null) continue;
      const settled = all.some(({ seen, row }) => {
        const lane = row.detail.lanes.find((each) => each.destination === destination);
        if (lane === undefined || isOlder(seen, newest)) return false;
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

/** A state as far as its place in its stream goes. */
interface Seen {
  readonly token: OrderToken;
  readonly rank: number;
  readonly says: string;
}

/** The state that an effect has brought; null where its order is not known. */
function seenIn({ state }: Told, content: string): Seen | null {
  if (isOrdered(state.order)) return { token: state.token, rank: state.rank, says: content };
  const version = state.order === "hint" ? / v(\d+)/.exec(content)?.[1] : undefined;
  return version === undefined ? null : { token: { kind: "int", value: version }, rank: 0, says: content };
}

/** The state that an event stands for in the index: of a hint, the one that was read. */
function seenAs({ state }: Told, row: EventRow): Seen | null {
  if (isOrdered(state.order)) return { token: state.token, rank: state.rank, says: saysOf(state) };
  const token = row.detail.order as OrderToken;
  // One that ended at once may have been read anew since, when its message came again.
  return state.order === "hint" && token.kind === "int" && row.detail.lanes.length > 0
    ? { token, rank: 0, says: `${state.source} v${token.value}` }
    : null;
}

const isOlder = (state: Seen, than: Seen): boolean => {
  const compared = compareTokens(state.token, than.token);
  return compared === "older" || (compared === "equal" && state.rank < than.rank);
};

const nameOf = ({ says, token, rank }: Seen): string => `${says} (${token.kind === "none" ? "no token" : token.value}, rank ${rank})`;
