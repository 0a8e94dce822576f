import type { RetryPolicy } from "./config.ts";
import type { EntityEvent } from "./event.ts";
import type { FailureClass } from "./failure.ts";
import type { JsonObject } from "./json.ts";
import { LIMITS } from "./limits.ts";
import type { AttemptRecord, LaneReport, LaneStatus, Remote } from "./outcome.ts";
import type { Wait } from "./waiting.ts";
import { afterFailure } from "./retry.ts";
import type { LanePlan } from "./routing.ts";

/** `waiting` behind its lane's head, `running` now or when the object died, or as the word says. */
export type WorkState = "waiting" | "running" | "retrying" | "held" | "dead";

/** An event that still owes one destination its effect. Written only when it cannot be finished at once. */
export interface Work {
  readonly event: EntityEvent;
  /** Where the ledger remembers the event. */
  readonly key: string;
  readonly plan: LanePlan;
  /** Place in the entity's order of admission. */
  readonly position: number;
  readonly state: WorkState;
  /** When to act next, in ms since 1970; null while only a person can. */
  readonly dueAtMs: number | null;
  /** Attempts that count against the policy. */
  readonly attempts: number;
  readonly firstAttemptAtMs: number | null;
  /** An effect may exist whose answer was lost: read back before posting again. */
  readonly ambiguous: boolean;
  /** Rises with every retry by an operator, so that no destination mistakes it for the attempt before. */
  readonly nonce: number;
  readonly history: readonly AttemptRecord[];
  readonly class?: FailureClass;
  readonly reason?: string;
  readonly fields?: LaneReport["fields"];
  readonly wasDead: boolean;
  /** Until then, a request for it of which nothing was heard may still come in. */
  readonly lateUntilMs?: number;
  /** Held for its order's sake, not for the destination's: for a missing change, or for late ones. */
  readonly waits?: Wait["for"];
  /** How often its record was read in vain, instead of waiting on. */
  readonly rereads?: number;
}

export const newWork = (event: EntityEvent, key: string, place: { readonly plan: LanePlan; readonly position: number }): Work => ({
  event,
  key,
  ...place,
  state: "waiting",
  dueAtMs: null,
  attempts: 0,
  firstAttemptAtMs: null,
  ambiguous: false,
  nonce: 0,
  history: [],
  wasDead: false,
});

/** Work that is not even tried: a person must decide first. */
export const newDeadWork = (
  event: EntityEvent,
  key: string,
  place: { readonly plan: LanePlan; readonly position: number },
  why: { readonly class: FailureClass; readonly reason: string },
): Work => ({ ...newWork(event, key, place), state: "dead", wasDead: true, ...why });

/** Work that waits for changes before it; its lane goes on with those as they come. */
export const patient = (work: Work, wait: Wait): Work => ({
  ...work,
  state: "held",
  dueAtMs: wait.untilMs,
  reason: wait.reason,
  waits: wait.for,
});

/** Waiting work that may go now: nothing is missing any more, or it has waited long enough. */
export const released = ({ waits: _waits, reason: _reason, rereads: _rereads, ...work }: Work): Work => ({
  ...work,
  state: "waiting",
  dueAtMs: null,
});

/** What one attempt came to, in words that know no HTTP. */
export type AttemptResult =
  | { readonly kind: "applied"; readonly record: AttemptRecord; readonly remote?: Remote }
  | {
      readonly kind: "failed";
      readonly record: AttemptRecord;
      readonly class: FailureClass;
      readonly detail: string;
      readonly retryAfterMs?: number;
      readonly fields?: LaneReport["fields"];
    };

/** The state after an attempt: finished with a report, or still owed. `pauseUntilMs` is set when the destination asked for quiet. */
export type Settled =
  | { readonly done: true; readonly report: LaneReport }
  | { readonly done: false; readonly work: Work; readonly pauseUntilMs: number | null };

/** What must be known of a destination to say what follows an attempt. */
export interface AttemptTerms {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly knowsLateCopies: boolean;
}

/**
 * Applies an attempt's result. Where no clear answer came, the request may still come in: a destination that would not
 * know it for a copy is not asked again before that is over, or the effect could be there twice, or come over a newer one
 * that was sent since. `random` is one draw from [0, 1).
 */
export function settle(
  work: Work,
  result: AttemptResult,
  terms: AttemptTerms,
  now: { readonly ms: number; readonly random: number },
): Settled {
  const tried = withAttempt(work, result, now.ms);
  if (result.kind === "applied")
    return { done: true, report: { ...reportOf(tried, "delivered"), ...(result.remote === undefined ? {} : { remote: result.remote }) } };
  const verdict = afterFailure(
    result,
    { attempts: tried.attempts, firstAttemptAtMs: tried.firstAttemptAtMs ?? now.ms, nowMs: now.ms },
    terms.retry,
    now.random,
  );
  const failed: Work = {
    ...tried,
    ...(result.class === "ambiguous" ? { lateUntilMs: now.ms + comesInForMs(terms) } : {}),
    ambiguous: result.class === "ambiguous" || (tried.ambiguous && result.class !== "business"),
    class: result.class,
    reason: result.detail,
    ...(result.fields === undefined ? {} : { fields: result.fields }),
  };
  if (verdict.next === "dead") return { done: false, work: { ...failed, state: "dead", dueAtMs: null, wasDead: true }, pauseUntilMs: null };
  return {
    done: false,
    work: { ...failed, state: "retrying", dueAtMs: terms.knowsLateCopies ? verdict.atMs : Math.max(verdict.atMs, failed.lateUntilMs ?? 0) },
    pauseUntilMs: verdict.pausesDestination ? verdict.atMs : null,
  };
}

function withAttempt(work: Work, result: AttemptResult, nowMs: number): Work {
  const counts = result.kind === "applied" || result.class !== "throttled";
  return {
    ...work,
    attempts: work.attempts + (counts ? 1 : 0),
    firstAttemptAtMs: work.firstAttemptAtMs ?? nowMs,
    history: [...work.history, result.record].slice(-LIMITS.attemptsKept),
  };
}

/** Work that may not start now: the destination is paused, open, or at its limit. */
export const hold = (work: Work, reason: string, dueAtMs: number): Work => ({ ...work, state: "held", reason, dueAtMs });

const LANE_STATUS: Readonly<Record<WorkState, LaneStatus>> = {
  waiting: "pending",
  running: "pending",
  retrying: "retrying",
  held: "held",
  dead: "dead",
};

/** How a piece of work looks from outside, now or at its end. */
export function reportOf(work: Work, end?: LaneStatus): LaneReport {
  const status = end ?? LANE_STATUS[work.state];
  const open = end === undefined || end === "dead";
  return {
    destination: work.plan.destination,
    route: work.plan.route,
    status,
    attempts: work.history,
    ...(open && work.class !== undefined ? { class: work.class } : {}),
    ...(open && work.reason !== undefined ? { reason: work.reason } : {}),
    ...(open && work.fields !== undefined ? { fields: work.fields } : {}),
    ...(open && work.dueAtMs !== null ? { nextAttemptAtMs: work.dueAtMs } : {}),
    ...(work.wasDead ? { wasDead: true } : {}),
  };
}

/**
 * Whether the last of two requests for one record counts, whichever was made first: the second of one key has no effect, but
 * the first may come in late and go over what is newer.
 */
export const putsByKey = (traits: { readonly deduplicates: boolean; readonly knowsLateCopies: boolean }): boolean =>
  traits.deduplicates && !traits.knowsLateCopies;

/**
 * Whether an attempt is written down before it is made: it could have its effect again, or over a newer one, and nobody
 * would expect it. A first attempt, whose event is not stored yet, is known by its departure where the last request counts.
 */
export const isWrittenDown = (
  traits: { readonly deduplicates: boolean; readonly knowsLateCopies: boolean },
  { isStored }: { readonly isStored: boolean },
): boolean => !traits.deduplicates || (isStored && putsByKey(traits));

/** For how long after an attempt without a clear answer its request may come in: as long again as the answer was waited for, and what clocks differ by. */
const comesInForMs = ({ timeoutMs }: { readonly timeoutMs: number }): number => timeoutMs + 1_000;

/** An attempt not heard of for this long after its start is taken as lost with its object, and nothing of it comes in any more. */
export const recoverAfterMs = ({ timeoutMs }: { readonly timeoutMs: number }): number => timeoutMs * 2 + 5_000;

/**
 * A dead piece of work given another life by a person: due at once, or when no request of before can come in any more;
 * its attempts counted anew, under a new nonce unless its effect may already exist.
 */
export const revived = (work: Work): Work => ({
  ...work,
  ...(work.lateUntilMs === undefined ? { state: "waiting", dueAtMs: null } : { state: "retrying", dueAtMs: work.lateUntilMs }),
  attempts: 0,
  firstAttemptAtMs: null,
  nonce: work.ambiguous ? work.nonce : work.nonce + 1,
});

/** A dead piece of work with other data, as a person has mended it, and another life. What was sent by then stays in its history. */
export const mended = (work: Work, data: JsonObject): Work => {
  const again = revived(work);
  // Another content is another effect: an answer that got lost was to the old one.
  return { ...again, nonce: work.nonce + 1, ambiguous: false, event: { ...work.event, payload: { at: "inline", data } } };
};
