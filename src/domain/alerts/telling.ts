import type { Result } from "../result.ts";
import { ALERT_SEVERITIES, type AlertSeverity, type ChannelConfig } from "./define.ts";
import { isSilenced, type Alert } from "./life.ts";

/** What can be told of an alert. */
export type Tidings = "open" | "acknowledged" | "resolved";

/** What one channel has been told of an alert. */
export interface Told {
  readonly occurrence: number;
  /** The last that it took; null if it has not taken anything. */
  readonly tidings: Tidings | null;
  readonly atMs: number | null;
  /** Attempts in a row that it did not take, with the words of the last. */
  readonly failures: number;
  readonly nextAtMs: number;
  readonly problem: string | null;
}

const NOTHING: Told = { occurrence: 0, tidings: null, atMs: null, failures: 0, nextAtMs: 0, problem: null };

const RETRY_MS = 60_000;
const RETRY_MAX_MS = 3_600_000;

const gravity = (severity: AlertSeverity): number => ALERT_SEVERITIES.indexOf(severity);

/** Whether an alert concerns a channel's readers. */
const concerns = (channel: ChannelConfig, { owner, severity }: Alert): boolean =>
  (channel.owners?.includes(owner) ?? true) && gravity(severity) >= gravity(channel.minSeverity ?? "info");

/**
 * What a channel has still to be told of an alert now; null if nothing. Each occurrence is told once as open, once as
 * acknowledged and once as resolved, and never the latter two to whoever has not heard that it opened. Whoever heard only
 * of an earlier occurrence, and not of its end, hears of that once this one has ended.
 */
export function owed(alert: Alert, channel: ChannelConfig, told: Told = NOTHING, nowMs: number): Tidings | null {
  const { state } = alert;
  if (isSilenced(alert, nowMs) || told.nextAtMs > nowMs || state === "pending") return null;
  const heard = told.occurrence === alert.occurrence ? told.tidings : null;
  const waits = told.tidings === "open" || told.tidings === "acknowledged";
  switch (state) {
    case "open":
      return heard === null && concerns(channel, alert) ? "open" : null;
    case "acknowledged":
      return heard === "open" ? "acknowledged" : null;
    case "resolved":
      return waits ? "resolved" : null;
  }
}

/** After an attempt to tell: the next one comes with a later look, ever more rarely, an hour apart at most. */
export function afterTelling(
  told: Told = NOTHING,
  { occurrence }: Alert,
  tidings: Tidings,
  { result, nowMs }: { readonly result: Result<null, string>; readonly nowMs: number },
): Told {
  if (result.ok) return { ...NOTHING, occurrence, tidings, atMs: nowMs };
  const failures = told.failures + 1;
  const waitMs = Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MAX_MS);
  return { ...told, failures, nextAtMs: nowMs + waitMs, problem: result.failure };
}

/** Names one message over all attempts to send it, so that whoever gets it twice can tell. */
export const messageId = ({ id, occurrence, openedAtMs }: Alert, tidings: Tidings): string =>
  `${id}:${openedAtMs ?? 0}:${occurrence}:${tidings}`;
