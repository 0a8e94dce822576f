import type { Priority } from "../event.ts";

/**
 * One key of one class while there is contention: what it was granted, and how many refused askers are expected back.
 * They were told to come from about `headMs` to `tailMs`, at even distances.
 */
export interface Flow {
  readonly priority: Priority;
  readonly key: string;
  /** Grants on the class's clock: since contention began, or as many as the least served had when this key joined. */
  readonly served: number;
  readonly waiting: number;
  readonly headMs: number;
  readonly tailMs: number;
  readonly askedMs: number;
}

/** What was told to come and is this late has lost its place: tokens are kept for it no longer than this. */
export const GRACE_MS = 1_000;
/** Nobody is told to come later than this after the next token. */
const AHEAD_MS = 30_000;

export const newFlow = (priority: Priority, key: string, served: number, askedMs: number): Flow => ({
  priority,
  key,
  served,
  waiting: 0,
  headMs: 0,
  tailMs: 0,
  askedMs,
});

/** How many of a flow's refused askers were due by then. */
function dueBy(flow: Flow, atMs: number): number {
  if (flow.waiting === 0 || flow.headMs > atMs) return 0;
  const stepMs = (flow.tailMs - flow.headMs) / flow.waiting;
  return stepMs === 0 ? flow.waiting : Math.min(flow.waiting, Math.floor((atMs - flow.headMs) / stepMs) + 1);
}

/** True once nothing of what was due has come for the grace time, and nothing else either. */
export const isSilent = (flow: Flow, nowMs: number): boolean => flow.headMs < nowMs - GRACE_MS && flow.askedMs < nowMs - GRACE_MS;

/**
 * This flow asks: with `again`, one of those that were told to come is back; undefined: it is if any was due by now. Who is
 * too late is given up.
 */
export function cameBack(flow: Flow, again: boolean | undefined, nowMs: number): Flow {
  const back = again ?? flow.headMs <= nowMs;
  const late = dueBy(flow, nowMs - GRACE_MS);
  const stepMs = late === 0 ? 0 : (flow.tailMs - flow.headMs) / flow.waiting;
  const waiting = flow.waiting - Math.min(flow.waiting, Math.max(late, back ? 1 : 0));
  return { ...flow, waiting, headMs: flow.headMs + late * stepMs, askedMs: nowMs };
}

/**
 * Tells refused askers when to come: from the next token on, after those of the same flow that were told before, each
 * `everyMs` after the one before it, so that they do not all come for one token. From now on the flow is expected at the
 * next token, or the next such step if that is later: it is silent only if nobody of it comes then.
 */
export function tell(
  flow: Flow,
  askers: number,
  when: { readonly soonestMs: number; readonly everyMs: number },
): { readonly flow: Flow; readonly untilMs: number } {
  const latestMs = when.soonestMs + AHEAD_MS;
  const startMs = flow.waiting === 0 ? when.soonestMs : Math.min(latestMs, Math.max(when.soonestMs, flow.tailMs));
  const tailMs = Math.max(startMs, Math.min(latestMs, startMs + askers * when.everyMs));
  const headMs = Math.min(tailMs, Math.max(when.soonestMs, flow.askedMs + when.everyMs));
  return { flow: { ...flow, waiting: flow.waiting + askers, headMs, tailMs }, untilMs: Math.ceil(startMs) };
}

/**
 * Divides `room` among flows so that the least served come first and none gets more than it asks for or goes beyond `level`
 * on its clock. Returns the grants in the order of `flows`.
 */
export function fill(flows: readonly { readonly served: number; readonly wanted: number }[], room: number, level: number): number[] {
  const most = flows.map(({ served, wanted }) => Math.max(0, Math.min(wanted, level - served)));
  const total = most.reduce((sum, count) => sum + count, 0);
  if (total <= room) return most;
  const [only] = most;
  if (flows.length === 1 && only !== undefined) return [Math.min(only, room)];
  return pour(
    flows.map(({ served }, index) => ({ served, most: most[index] ?? 0 })),
    room,
  );
}

/** The highest common level that `room` reaches, found by halving; what is left over goes one by one to the least served. */
function pour(flows: readonly { readonly served: number; readonly most: number }[], room: number): number[] {
  const upTo = (level: number): number[] => flows.map(({ served, most }) => Math.max(0, Math.min(most, level - served)));
  let low = flows.reduce((least, { served }) => Math.min(least, served), Number.POSITIVE_INFINITY);
  let high = flows.reduce((top, { served, most }) => Math.max(top, served + most), low);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (upTo(middle).reduce((sum, count) => sum + count, 0) <= room) low = middle;
    else high = middle;
  }
  const grants = upTo(low);
  let left = room - grants.reduce((sum, count) => sum + count, 0);
  const order = flows.map(({ served }, index) => ({ served, index })).toSorted((a, b) => a.served - b.served);
  for (const { index } of order) {
    const granted = grants[index] ?? 0;
    if (left === 0 || granted >= (flows[index]?.most ?? 0)) continue;
    grants[index] = granted + 1;
    left--;
  }
  return grants;
}
