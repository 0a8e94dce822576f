import { duration } from "./words.ts";
import type { AlertFacts, AlertSeverity, AlertsConfig, Condition, RuleName } from "./define.ts";

export interface Rule {
  readonly title: string;
  /** What it looks at, and when it is true, for people. */
  readonly when: string;
  /** What its threshold counts; null where there is none. */
  readonly unit: string | null;
  readonly threshold: number;
  /** How long it must hold before anybody is told: what passes by itself is nobody's business. */
  readonly forMinutes: number;
  readonly nextStep: string;
  readonly find: (facts: AlertFacts, threshold: number) => readonly Found[];
}

type Found = Omit<Condition, "rule">;

const graver = (is: boolean): AlertSeverity => (is ? "critical" : "warning");
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Every rule, with what holds unless configuration says otherwise. Each has a page in docs/runbooks. */
export const RULES: Readonly<Record<RuleName, Rule>> = {
  "sla-burn": {
    title: "An objective is being missed",
    when: "an SLA's misses use up its allowance at the threshold's multiple of the allowed rate, or faster",
    unit: "times the allowed rate",
    threshold: 2,
    forMinutes: 0,
    nextStep: "Open the list of what is late, and find the step at which it waits.",
    find: ({ slas }, threshold) =>
      slas
        .filter(({ burnRate }) => burnRate >= threshold)
        .map(({ name, title, owner, burnRate, words }) => ({
          subject: name,
          owner,
          severity: graver(burnRate >= threshold * 5),
          summary: `${title}: ${words}`,
          page: `/ops/slas/${name}`,
        })),
  },
  "destination-open": {
    title: "A system takes no deliveries",
    when: "a destination's breaker is open, or the destination is misconfigured; what goes there is held, in order",
    unit: null,
    threshold: 0,
    forMinutes: 2,
    nextStep: "Find out whether the system is down or refuses us. When it works again, held events go on by themselves.",
    find: ({ destinations }) =>
      destinations
        .filter(({ state }) => state === "open" || state === "misconfigured")
        .map(({ name, title, owner, problem }) => ({
          subject: name,
          owner,
          severity: "critical",
          summary: `${title} takes no deliveries: ${problem ?? "its attempts keep failing, so nothing more is sent for now"}`,
          page: "/ops/destinations",
        })),
  },
  "destination-paused": {
    title: "A system is paused",
    when: "somebody has paused a destination",
    unit: null,
    threshold: 0,
    forMinutes: 15,
    nextStep: "Ask who paused it whether it can be resumed; what is held goes on then, in order.",
    find: ({ destinations }) =>
      destinations
        .filter(({ state }) => state === "paused")
        .map(({ name, title, owner, pausedBy }) => ({
          subject: name,
          owner,
          severity: "warning",
          summary: `${title} was paused${pausedBy === null ? "" : ` by ${pausedBy}`} and has not been resumed`,
          page: "/ops/destinations",
        })),
  },
  "dead-letters": {
    title: "Dead letters wait for somebody",
    when: "an owner has as many open dead letters as the threshold, or more",
    unit: "open dead letters of one owner",
    threshold: 1,
    forMinutes: 5,
    nextStep: "Look at them by class: mend the data, the rights or the mapping, then retry or skip.",
    find: ({ deadLetters }, threshold) =>
      [...Map.groupBy(deadLetters, ({ owner }) => owner)]
        .map(([owner, letters]) => ({ owner, letters, count: letters.reduce((sum, each) => sum + each.letters, 0) }))
        .filter(({ count }) => count >= threshold)
        .map(({ owner, letters, count }) => ({
          subject: owner,
          owner,
          severity: graver(count >= threshold * 100),
          summary: `${count} open dead ${count === 1 ? "letter" : "letters"} (${[...new Set(letters.map((each) => each.class))].join(", ")})`,
          page: `/ops/dead-letters?owner=${encodeURIComponent(owner)}`,
        })),
  },
  "backlog-age": {
    title: "Events wait in the queue",
    when: "the oldest event of a class waits for longer than the threshold; for bulk, ten times as long",
    unit: "seconds",
    threshold: 120,
    forMinutes: 3,
    nextStep: "Look which system is slow or which source floods; pause a replay, or raise the destination's limits.",
    find: ({ backlog }, threshold) =>
      backlog
        .filter(({ priority, ageSeconds }) => ageSeconds > threshold * (priority === "bulk" ? 10 : 1))
        .map(({ priority, ageSeconds }) => ({
          subject: priority,
          owner: "platform",
          severity: graver(priority === "critical"),
          summary: `${priority} events wait for ${duration(ageSeconds * 1000)}`,
          page: "/ops",
        })),
  },
  drift: {
    title: "Records differ between systems",
    when: "a reconciliation has as many open findings as the threshold, or more",
    unit: "open findings of one reconciliation",
    threshold: 1,
    forMinutes: 0,
    nextStep: "Look at each finding's fields, then repair it from the system that owns the record, or accept it.",
    find: ({ drift }, threshold) =>
      drift
        .filter(({ open }) => open >= threshold)
        .map(({ reconciliation, owner, open }) => ({
          subject: reconciliation,
          owner,
          severity: graver(open >= threshold * 100),
          summary: `${open} ${open === 1 ? "record differs" : "records differ"} between systems: ${reconciliation}`,
          page: `/ops/drift?reconciliation=${encodeURIComponent(reconciliation)}`,
        })),
  },
  "flow-waits": {
    title: "Runs of a flow wait for a person",
    when: "as many runs of a flow as the threshold wait for a person beyond the flow's `personWithinHours`",
    unit: "runs of one flow",
    threshold: 1,
    forMinutes: 0,
    nextStep: "Read where each run stands and why, mend that, then retry; or go past the step, or cancel with everything taken back.",
    find: ({ flows, nowMs }, threshold) =>
      flows
        .filter(({ runs }) => runs >= threshold)
        .map(({ name, title, owner, runs, sinceMs }) => ({
          subject: name,
          owner,
          severity: graver(nowMs - sinceMs > DAY_MS),
          summary: `${title}: ${runs} ${runs === 1 ? "run waits" : "runs wait"} for a person, the first for ${duration(nowMs - sinceMs)} longer than it should`,
          page: `/ops/flows?flow=${encodeURIComponent(name)}&state=blocked`,
        })),
  },
  "source-silent": {
    title: "A source has gone silent",
    when: "a source with `expectEveryMinutes` has sent nothing for that long; the threshold multiplies the time",
    unit: "times the expected interval",
    threshold: 1,
    forMinutes: 2,
    nextStep: "Send a test from the sender's own page; look whether it is refused here, or its subscription has ended there.",
    find: ({ expected, nowMs }, threshold) =>
      expected
        .filter(({ everyMinutes, lastAtMs }) => nowMs - lastAtMs > everyMinutes * MINUTE_MS * threshold)
        .map(({ source, title, owner, everyMinutes, lastAtMs }) => ({
          subject: source,
          owner,
          severity: graver(nowMs - lastAtMs > everyMinutes * MINUTE_MS * threshold * 4),
          summary: `${title} has sent nothing for ${duration(nowMs - lastAtMs)}; something every ${duration(everyMinutes * MINUTE_MS)} is expected`,
          page: `/ops/sources/${encodeURIComponent(source)}`,
        })),
  },
  "signature-failures": {
    title: "Requests fail their proof",
    when: "in a quarter of an hour a source has had more requests than the threshold that could not prove their sender",
    unit: "requests in 15 minutes",
    threshold: 20,
    forMinutes: 0,
    nextStep: "Read the precise reasons: a rotated secret is mended by its new value, a stranger by nothing at all.",
    find: ({ unproven }, threshold) =>
      unproven
        .filter(({ count }) => count > threshold)
        .map(({ source, owner, count }) => ({
          subject: source,
          owner,
          severity: graver(count > threshold * 50),
          summary: `${count} requests to ${source} in 15 minutes could not prove their sender`,
          page: `/ops/sources/${encodeURIComponent(source)}`,
        })),
  },
  "subscription-ending": {
    title: "A subscription ends",
    when: "a subscription at a sender ends within the threshold's hours, or could not be renewed",
    unit: "hours left",
    threshold: 12,
    forMinutes: 0,
    nextStep: "Read why it could not be renewed; renew the credentials, or subscribe anew on the sender's page.",
    find: ({ subscriptions, nowMs }, threshold) =>
      [...Map.groupBy(subscriptions, ({ source }) => source)].flatMap(([source, all]) => {
        const ending = all.filter(({ expiresAtMs, problem }) => problem !== null || expiresAtMs - nowMs < threshold * (DAY_MS / 24));
        const [first] = ending.toSorted((left, right) => left.expiresAtMs - right.expiresAtMs);
        if (first === undefined) return [];
        const left = first.expiresAtMs - nowMs;
        return [
          {
            subject: source,
            owner: first.owner,
            severity: graver(left < 0),
            summary: `${first.resource} of ${source} ${left < 0 ? "has ended" : `ends in ${duration(left)}`}${first.problem === null ? "" : `: ${first.problem}`}`,
            page: `/ops/sources/${encodeURIComponent(source)}`,
          },
        ];
      }),
  },
};

/** Reads every rule over one snapshot of facts, as this deployment has set them. */
export function conditionsIn(facts: AlertFacts, settings: AlertsConfig["rules"] = {}): readonly Condition[] {
  return (Object.entries(RULES) as readonly (readonly [RuleName, Rule])[]).flatMap(([rule, { find, threshold }]) => {
    const set = settings[rule];
    return set?.off === true ? [] : find(facts, set?.threshold ?? threshold).map((found) => ({ rule, ...found }));
  });
}

/** How long a rule's condition must hold before anybody is told, in milliseconds. */
export const heldBackMs = (rule: RuleName, settings: AlertsConfig["rules"] = {}): number =>
  (settings[rule]?.forMinutes ?? RULES[rule].forMinutes) * MINUTE_MS;
