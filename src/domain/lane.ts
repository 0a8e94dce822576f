import { streamOf, tellsAll, type EntityEvent } from "./event.ts";
import { compareTokens, type Comparison } from "./order.ts";
import type { Work } from "./work.ts";

/**
 * The earliest moment at which some lane can go on, or null. Only a lane's head counts: what waits behind it is not
 * due before it, and a head that still waits is due at once. One alarm at this time serves all.
 */
export function nextDueMs(work: Iterable<Work>, nowMs: number): number | null {
  const heads = new Map<string, Work>();
  for (const item of work) {
    if (letsBy(item, nowMs)) continue;
    const head = heads.get(item.plan.destination);
    if (head === undefined || item.position < head.position) heads.set(item.plan.destination, item);
  }
  const due = [...heads.values()].map(dueMs).filter((ms) => ms !== null);
  return due.length === 0 ? null : Math.min(...due);
}

function dueMs(head: Work): number | null {
  if (head.state === "waiting") return 0;
  return head.state === "dead" && head.plan.afterDead === "continue" ? (head.lateUntilMs ?? null) : head.dueAtMs;
}

/** The piece of work that a destination's lane must finish first. */
export function headOf(work: Iterable<Work>, destination: string, nowMs: number): Work | null {
  let head: Work | null = null;
  for (const item of work) {
    if (item.plan.destination !== destination || letsBy(item, nowMs)) continue;
    if (head === null || item.position < head.position) head = item;
  }
  return head;
}

/**
 * Whether newer work may go by this: it was given up, its route does not halt, and no request for it can come in any
 * more, which would put the older state over the newer one.
 */
export const letsBy = ({ state, plan, lateUntilMs }: Work, nowMs: number): boolean =>
  state === "dead" && plan.afterDead === "continue" && (lateUntilMs ?? 0) <= nowMs;

/**
 * The place of an event that must not go last: before everything of its stream that is newer and still waits for its
 * order's sake. One that comes again after its object died of it goes before all that waits for its request, too, but not
 * before `ahead`, the keys of what went out before it. Never before what is older. Null where the next place is the right
 * one, or none is left in between: after some fifty late ones in one gap there is no number any more, and arrival counts.
 */
export function placeBetween(
  event: EntityEvent,
  {
    work,
    underWay,
    ahead,
  }: { readonly work: readonly Work[]; readonly underWay: readonly number[]; readonly ahead: ReadonlySet<string> | null },
): number | null {
  const inStream = (than: Comparison): readonly Work[] =>
    work.filter(({ event: other }) => streamOf(other) === streamOf(event) && compareTokens(event.order, other.order) === than);
  const forOrder = inStream("older").filter(({ waits }) => waits !== undefined);
  const forRequest = ahead === null ? [] : work.filter(({ waits }) => waits === "stray");
  const first = [...inStream("newer"), ...forRequest.filter(({ key }) => ahead?.has(key))];
  const last = Math.max(0, ...first.map(({ position }) => position));
  const later = [...forOrder, ...forRequest].filter(({ position }) => position > last);
  if (later.length === 0) return null;
  const after = Math.min(...later.map(({ position }) => position));
  const taken = [...work.map(({ position }) => position), ...underWay];
  const before = Math.max(0, ...taken.filter((position) => position < after));
  const between = (before + after) / 2;
  return between > before && between < after ? between : null;
}

/** Pending snapshots that a newer one in the same lane makes unnecessary, where the route collapses. Never one that has been tried. */
export const collapsible = (work: Iterable<Work>, newer: Work): readonly Work[] =>
  [...work].filter(
    (item) =>
      newer.plan.collapse &&
      item.plan.collapse &&
      item.plan.destination === newer.plan.destination &&
      tellsAll(newer.event) &&
      streamOf(item.event) === streamOf(newer.event) &&
      item.position < newer.position &&
      (item.state === "waiting" || item.state === "held") &&
      item.attempts === 0 &&
      !item.ambiguous,
  );

/** Whether a run that waits in the same lane carries a newer snapshot, so that the older need not be sent. */
export const supersedesInLine = (other: Work, work: Work): boolean =>
  other.plan.collapse &&
  work.plan.collapse &&
  other.plan.destination === work.plan.destination &&
  tellsAll(other.event) &&
  streamOf(other.event) === streamOf(work.event) &&
  other.position > work.position;
