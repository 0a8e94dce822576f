import { PRIORITIES, type EntityEvent, type Nature, type Priority } from "../../src/domain/event.ts";
import { eventId } from "../../src/domain/event-id.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../../src/domain/order.ts";
import type { LanePlan } from "../../src/domain/routing.ts";
import type { Chance } from "./chance.ts";
import { REMOTES, type RemoteName } from "./remote-systems.ts";

/** How a stream's sender tells which of its states is the newer one. */
const ORDERS = ["version", "second", "text", "arrival", "delta", "counted", "hint"] as const;
type Order = (typeof ORDERS)[number];

/** One state as its sender tells it; its copies are told again with the same delivery id under other event ids. */
export interface State {
  readonly atMs: number;
  readonly source: string;
  readonly order: Order;
  readonly deliveryId: string;
  readonly content: string;
  /** What says which state is newer; of a hint, only its owner tells it, when asked. */
  readonly token: OrderToken;
  readonly rank: number;
  /** When it is told again: the sender heard no answer, or asked twice. */
  readonly copiesAtMs: readonly number[];
  /** When somebody puts it in again, and whether over a newer state. */
  readonly replays: readonly { readonly atMs: number; readonly force: boolean }[];
}

/** An entity's part in a run: where its events go, and what its senders tell of it. */
export interface EntityScript {
  readonly key: string;
  readonly priority: Priority;
  /** Whether the ERP tells of what is written to it, as of changes of its own. */
  readonly echoes: boolean;
  readonly lanes: readonly LanePlan[];
  readonly states: readonly State[];
  /** When an operator looks at its dead letters. */
  readonly looksAtMs: readonly number[];
}

const LANE_SETS: readonly [readonly RemoteName[], ...(readonly RemoteName[])[]] = [
  ["erp", "crm"],
  ["erp"],
  ["crm"],
  ["erp", "hook"],
  ["crm", "hook"],
  ["erp", "crm", "hook"],
  ["erp", "mail"],
  ["desk"],
  ["desk", "hook"],
];
const SOURCES = ["shop", "billing"] as const;
/** Ends the name of a source that tells only that something changed: its states are read back from it. */
const HINTS = "-hints";
export const readerOf = (source: string): string | null => (source.endsWith(HINTS) ? source : null);
/** The ERP as a source: what it tells comes from what was written to it. */
export const ECHO = { source: "erp-tells", of: "erp" } as const;
/** Two machines of one sender differ by at most this. */
const SENDER_SKEW_MS = 1_500;

/** Writes the part of one entity, with as many states as are asked for, from its own lots alone. */
export function scriptOf(key: string, events: number, startMs: number, chance: Chance): EntityScript {
  const sources = SOURCES.slice(0, chance.happens(0.3) ? 2 : 1).map((name) => {
    const order = chance.pick(ORDERS);
    return { name: order === "hint" ? `${name}${HINTS}` : name, order, told: 0 };
  });
  const names = chance.pick(LANE_SETS);
  const lanes = names.map((destination): LanePlan => {
    const collapse = chance.happens(0.3);
    return { destination, route: "r", collapse, afterDead: chance.happens(0.3) ? "halt" : "continue" };
  });
  const priority = chance.pick(PRIORITIES);
  const busy = chance.pick([100, 1_000, 4_000, 8_000]);
  const states: State[] = [];
  for (let i = 0, atMs = startMs + chance.below(20_000); i < events; i++) {
    const source = chance.pick([sources[0] ?? { name: "shop", order: "version" as const, told: 0 }, ...sources]);
    states.push(stateOf(source.name, source.order, { version: ++source.told, atMs }, chance));
    atMs += chance.happens(0.03) ? 30_000 : chance.below(2 * busy);
  }
  const endMs = (states.at(-1)?.atMs ?? startMs) + 30_000;
  const looksAtMs = Array.from({ length: Math.ceil((endMs - startMs) / 45_000) }, () => startMs + chance.below(endMs - startMs));
  const echoes = names.includes(ECHO.of) && chance.happens(0.3);
  return { key, priority, echoes, lanes, states, looksAtMs };
}

function stateOf(source: string, order: Order, told: { readonly version: number; readonly atMs: number }, chance: Chance): State {
  const { version, atMs } = told;
  const copies = chance.happens(0.15) ? 1 + chance.below(2) : chance.happens(0.002) ? 30 : 0;
  // A sender that bungles a version: another body under the same number.
  const bungled = version > 1 && order !== "hint" && chance.happens(0.003);
  const number = bungled ? version - 1 : version;
  return {
    atMs,
    source,
    order,
    deliveryId: `d${version}`,
    content: bungled ? `v${number}, bungled` : `v${number}`,
    token: tokenOf(order, number, atMs + chance.between(-SENDER_SKEW_MS, SENDER_SKEW_MS)),
    rank: order === "second" ? Math.min(version, 6) : 0,
    copiesAtMs: Array.from({ length: copies }, () => atMs + (copies > 2 ? chance.below(50) : chance.below(30_000))),
    replays: chance.happens(0.01) ? [{ atMs: atMs + chance.below(120_000), force: isWhole(order) && chance.happens(0.2) }] : [],
  };
}

function tokenOf(order: Order, version: number, atMs: number): OrderToken {
  switch (order) {
    case "version":
    case "delta":
    case "counted":
    case "hint":
      return { kind: "int", value: String(version) };
    case "text":
      return { kind: "lex", value: `T${String(version).padStart(6, "0")}` };
    case "second":
      return timeToken(Math.floor(atMs / 1_000) * 1_000);
    case "arrival":
      return NO_ORDER;
  }
}

const natureOf = (order: Order): Nature => (order === "delta" || order === "counted" ? "delta" : order === "hint" ? "hint" : "snapshot");

/** Whether such a sender tells whole states, not changes. */
const isWhole = (order: Order): boolean => natureOf(order) === "snapshot";

/** Whether it can be told afterwards which of two such states had to come last. */
export const isOrdered = (order: Order): boolean => isWhole(order) && order !== "arrival";

/** What a state says of its entity. */
export const saysOf = (state: Pick<State, "source" | "content">): string => `${state.source} ${state.content}`;

/** What the ERP tells once something was written to it: the same, as the `number`th state of its own. */
export const echoOf = (written: string, number: number, atMs: number): State => ({
  atMs,
  source: ECHO.source,
  order: "version",
  deliveryId: `echo${number}`,
  content: written,
  token: { kind: "int", value: String(number) },
  rank: 0,
  copiesAtMs: [],
  replays: [],
});

export interface Telling {
  readonly id: string;
  readonly nowMs: number;
  readonly replay?: { readonly of: string; readonly force: boolean };
}

/** A state as an event on its way to the queue. */
export function eventOf(script: EntityScript, state: State, { id, nowMs, replay }: Telling): EntityEvent {
  return {
    v: 1,
    specversion: "1.0",
    id,
    source: `/in/${state.source}`,
    type: "order.changed",
    correlationid: `cor_${id.slice("evt_".length)}`,
    traceparent: "00-00000000000000000000000000000001-0000000000000001-01",
    sourceName: state.source,
    receivedAtMs: nowMs,
    priority: script.priority,
    verdict: "verified",
    secretId: "S",
    configVersion: "1",
    deliveryId: state.deliveryId,
    synthetic: false,
    contentHash: state.content,
    contentType: "application/json",
    raw: { at: "text", text: "{}" },
    what: "entity",
    entity: { kind: "order", key: script.key, schemaVersion: 1 },
    nature: natureOf(state.order),
    deleted: false,
    order: state.order === "hint" ? NO_ORDER : state.token,
    ...(state.order === "counted" ? { consecutive: true } : {}),
    rank: state.rank,
    payload: { at: "inline", data: { number: carriedBy(state) } },
    ...(replay === undefined ? {} : { replayOf: replay.of, replay: { id: "rp_1", force: replay.force } }),
  };
}

/** What an event carries of its state: a hint nothing of it. */
export const carriedBy = (state: State): string =>
  state.order === "hint" ? "something changed" : state.source === ECHO.source ? state.content : saysOf(state);

/** An id as ingest makes it. */
export const newEventId = (nowMs: number, chance: Chance): string =>
  eventId(
    nowMs,
    Uint8Array.from({ length: 16 }, () => chance.below(256)),
  );

export const REMOTE_NAMES = REMOTES.map((remote) => remote.name);
