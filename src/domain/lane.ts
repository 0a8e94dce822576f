import { streamOf, tellsAll } from "./event.ts";
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
