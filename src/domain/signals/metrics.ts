import { ARRIVAL_BOUNDS_SECONDS, series, wordsOf, type Measures } from "./measures.ts";
import type { Family, Sample } from "./open-metrics.ts";

/** Everything the metrics are made of, as it was at one moment: bounded reads, and what consumers have counted. */
export interface MetricFacts {
  readonly nowMs: number;
  readonly environment: string;
  readonly configVersion: string;
  readonly waiting: readonly { readonly status: string; readonly events: number; readonly oldestAtMs: number | null }[];
  readonly deadLetters: readonly { readonly list: string; readonly owner: string; readonly class: string; readonly letters: number }[];
  readonly backlog: readonly { readonly priority: string; readonly ageSeconds: number }[];
  readonly destinations: readonly { readonly name: string; readonly state: string; readonly running: number }[];
  /** Of the newest events; null if none arrived. */
  readonly recent: { readonly medianMs: number | null; readonly p95Ms: number | null };
  /** Requests of the last hour that were not let in. */
  readonly rejections: readonly { readonly source: string; readonly reason: string; readonly count: number }[];
  readonly drift: readonly { readonly reconciliation: string; readonly open: number }[];
  readonly alerts: readonly { readonly rule: string; readonly severity: string; readonly state: string }[];
  readonly subscriptions: readonly { readonly source: string; readonly expiresAtMs: number }[];
  readonly measures: Measures;
}

/** The states that a destination is always in one of. */
const DESTINATION_STATES = ["closed", "halfOpen", "open", "quiet", "paused", "misconfigured"] as const;

interface Metric extends Omit<Family, "name" | "samples"> {
  readonly read: (facts: MetricFacts) => readonly Sample[];
}

const COUNTED = "Consumers add what they counted once a minute; what one counted that ended before that is missing, and it never falls.";

const sample = (value: number, labels: Sample["labels"] = {}, suffix?: Sample["suffix"]): Sample =>
  suffix === undefined ? { labels, value } : { suffix, labels, value };
const of = (ms: number | null, quantile: string): readonly Sample[] => (ms === null ? [] : [sample(ms / 1000, { quantile })]);

/** The counted series of one kind, by their other words. */
const counted = (measures: Measures, kind: string): readonly (readonly [readonly string[], number])[] =>
  Object.entries(measures)
    .map(([name, value]) => [wordsOf(name), value] as const)
    .filter(([[first]]) => first === kind)
    .map(([[, ...words], value]) => [words, value] as const);

/** Every metric by its name. A gauge says how things are when it is read; only counts kept for good are counters. */
export const METRICS: Readonly<Record<string, Metric>> = {
  signalbox_configuration: {
    type: "info",
    help: "What this deployment runs by.",
    read: ({ environment, configVersion }) => [sample(1, { environment, version: configVersion }, "_info")],
  },
  signalbox_events: {
    type: "counter",
    help: `Events by source and by what their first outcome was. ${COUNTED}`,
    read: ({ measures }) =>
      counted(measures, "events").map(([[source = "", status = ""], value]) => sample(value, { source, status }, "_total")),
  },
  signalbox_attempts: {
    type: "counter",
    help: `Attempts that consumers saw, by destination and result; later retries of a record's own are not among them. ${COUNTED}`,
    read: ({ measures }) =>
      counted(measures, "attempts").map(([[destination = "", result = ""], value]) => sample(value, { destination, result }, "_total")),
  },
  signalbox_arrival_seconds: {
    type: "histogram",
    unit: "seconds",
    help: `Time from receipt to the last destination's effect, of events that arrived at the first try. ${COUNTED}`,
    read: ({ measures }) => counted(measures, "seconds").flatMap(([[priority = ""], sum]) => histogram(measures, priority, sum)),
  },
  signalbox_recent_arrival_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Median and 95th percentile of that time, over the newest events in the index.",
    read: ({ recent }) => [...of(recent.medianMs, "0.5"), ...of(recent.p95Ms, "0.95")],
  },
  signalbox_waiting_events: {
    type: "gauge",
    help: "Unfinished events by status; counted up to a bound, so a very large value means at least so many.",
    read: ({ waiting }) => waiting.map(({ status, events }) => sample(events, { status })),
  },
  signalbox_waiting_oldest_age_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Age of the oldest unfinished event by status; absent where none waits.",
    read: ({ waiting, nowMs }) =>
      waiting.flatMap(({ status, oldestAtMs }) =>
        oldestAtMs === null ? [] : [sample(Math.max(0, nowMs - oldestAtMs) / 1000, { status })],
      ),
  },
  signalbox_backlog_age_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "Age of the oldest event that a consumer took lately, by class of traffic.",
    read: ({ backlog }) => backlog.map(({ priority, ageSeconds }) => sample(ageSeconds, { class: priority })),
  },
  signalbox_dead_letters: {
    type: "gauge",
    help: "Open dead letters by list, owner and failure class; counted up to a bound.",
    read: ({ deadLetters }) => deadLetters.map(({ letters, ...labels }) => sample(letters, { ...labels })),
  },
  signalbox_destination_state: {
    type: "stateset",
    help: "What each destination does: closed takes deliveries, open keeps failing.",
    read: ({ destinations }) =>
      destinations.flatMap(({ name, state }) =>
        DESTINATION_STATES.map((each) => sample(each === state ? 1 : 0, { destination: name, signalbox_destination_state: each })),
      ),
  },
  signalbox_destination_running: {
    type: "gauge",
    help: "Attempts under way at each destination.",
    read: ({ destinations }) => destinations.map(({ name, running }) => sample(running, { destination: name })),
  },
  signalbox_rejections_last_hour: {
    type: "gauge",
    help: "Requests of the last hour that were not let in, by source and precise reason. It falls again: older counts leave it.",
    read: ({ rejections }) => rejections.map(({ count, ...labels }) => sample(count, { ...labels })),
  },
  signalbox_drift_findings: {
    type: "gauge",
    help: "Open findings of each reconciliation.",
    read: ({ drift }) => drift.map(({ reconciliation, open }) => sample(open, { reconciliation })),
  },
  signalbox_alerts: {
    type: "gauge",
    help: "Alerts that are open or acknowledged, by rule, severity and state.",
    read: ({ alerts }) =>
      [...Map.groupBy(alerts, ({ rule, severity, state }) => series(rule, severity, state))].map(([name, all]) => {
        const [rule = "", severity = "", state = ""] = wordsOf(name);
        return sample(all.length, { rule, severity, state });
      }),
  },
  signalbox_source_last_event_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "When the newest event of each source was received, as Unix time; a minute late at most.",
    read: ({ measures }) => counted(measures, "last").map(([[source = ""], ms]) => sample(ms / 1000, { source })),
  },
  signalbox_subscription_end_timestamp_seconds: {
    type: "gauge",
    unit: "seconds",
    help: "When the first subscription of each source ends unless it is renewed, as Unix time.",
    read: ({ subscriptions }) =>
      [...Map.groupBy(subscriptions, ({ source }) => source)].map(([source, all]) =>
        sample(Math.min(...all.map(({ expiresAtMs }) => expiresAtMs)) / 1000, { source }),
      ),
  },
};

/** Buckets count all that took up to their bound, so each holds those before it. */
function histogram(measures: Measures, priority: string, sum: number): readonly Sample[] {
  const labels = { class: priority };
  let upTo = 0;
  const buckets = [...ARRIVAL_BOUNDS_SECONDS.map(String), "+Inf"].map((bound) => {
    upTo += measures[series("arrivals", priority, bound)] ?? 0;
    // A bound is a float in the text: 1 is written 1.0.
    return sample(upTo, { ...labels, le: /^\d+$/.test(bound) ? `${bound}.0` : bound }, "_bucket");
  });
  return [...buckets, sample(upTo, labels, "_count"), sample(sum, labels, "_sum")];
}

export const metricsOf = (facts: MetricFacts): readonly Family[] =>
  Object.entries(METRICS).map(([name, { read, ...metric }]) => ({ name, ...metric, samples: read(facts) }));
