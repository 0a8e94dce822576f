import { fail, ok, type Result } from "../result.ts";
import { alertId, type Condition } from "./define.ts";

/**
 * `pending`: its condition holds, and not yet for long enough to tell anybody. `open`: it needs somebody.
 * `acknowledged`: somebody looks after it. `resolved`: its condition has been over for a while.
 */
export const ALERT_STATES = ["pending", "open", "acknowledged", "resolved"] as const;
export type AlertState = (typeof ALERT_STATES)[number];

export interface Alert extends Condition {
  readonly id: string;
  readonly state: AlertState;
  /** How many times it has opened. */
  readonly occurrence: number;
  /** Since when its condition has held. */
  readonly sinceMs: number;
  readonly openedAtMs: number | null;
  /** Since when its condition does not hold any more, of one that is not resolved yet. */
  readonly clearSinceMs: number | null;
  readonly endedAtMs: number | null;
  readonly acknowledged: { readonly by: string; readonly reason: string; readonly atMs: number } | null;
  readonly silenced: { readonly by: string; readonly reason: string; readonly untilMs: number } | null;
}

export interface Patience {
  readonly nowMs: number;
  /** How long a condition must hold without a break before it opens an alert. */
  readonly heldBackMs: number;
  /** How long it must be over without a break before the alert is resolved: one that comes and goes stays one alert. */
  readonly clearMs: number;
}

/** What one look makes of an alert: null if there is nothing to know of it. A condition that is null does not hold. */
export function looked(before: Alert | null, condition: Condition | null, patience: Patience): Alert | null {
  if (condition !== null) return holds(before, condition, patience);
  if (before === null || before.state === "resolved") return before;
  if (before.state === "pending") return before.occurrence === 0 ? null : { ...before, state: "resolved" };
  const clearSinceMs = before.clearSinceMs ?? patience.nowMs;
  return patience.nowMs - clearSinceMs >= patience.clearMs
    ? { ...before, state: "resolved", clearSinceMs: null, endedAtMs: patience.nowMs }
    : { ...before, clearSinceMs };
}

function holds(before: Alert | null, condition: Condition, patience: Patience): Alert {
  const known = before ?? unseen(condition, patience.nowMs);
  if (known.state === "open" || known.state === "acknowledged") return { ...known, ...condition, clearSinceMs: null };
  const sinceMs = known.state === "pending" ? known.sinceMs : patience.nowMs;
  const waiting: Alert = { ...known, ...condition, state: "pending", sinceMs };
  return patience.nowMs - sinceMs >= patience.heldBackMs ? opened(waiting, patience.nowMs) : waiting;
}

const unseen = (condition: Condition, nowMs: number): Alert => ({
  ...condition,
  id: alertId(condition),
  state: "resolved",
  occurrence: 0,
  sinceMs: nowMs,
  openedAtMs: null,
  clearSinceMs: null,
  endedAtMs: null,
  acknowledged: null,
  silenced: null,
});

const opened = (alert: Alert, nowMs: number): Alert => ({
  ...alert,
  state: "open",
  occurrence: alert.occurrence + 1,
  openedAtMs: nowMs,
  endedAtMs: null,
  acknowledged: null,
});

export interface By {
  readonly actor: string;
  readonly reason: string;
  readonly nowMs: number;
}

/** Somebody looks after it. Fails with words if it is not open. */
export const acknowledge = (alert: Alert, { actor, reason, nowMs }: By): Result<Alert, string> =>
  alert.state === "open"
    ? ok({ ...alert, state: "acknowledged", acknowledged: { by: actor, reason, atMs: nowMs } })
    : fail(`it is not open: it is ${alert.state}`);

/** Nothing is told of it until then, whatever becomes of it; null tells again at once. */
export const silence = (alert: Alert, untilMs: number | null, { actor, reason }: By): Alert => ({
  ...alert,
  silenced: untilMs === null ? null : { by: actor, reason, untilMs },
});

export const isSilenced = ({ silenced }: Pick<Alert, "silenced">, nowMs: number): boolean => silenced !== null && silenced.untilMs > nowMs;
