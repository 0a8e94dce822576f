import type { Priority } from "../event.ts";

/** How bad, least first. */
export const ALERT_SEVERITIES = ["info", "warning", "critical"] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

export const RULE_NAMES = [
  "sla-burn",
  "destination-open",
  "destination-paused",
  "dead-letters",
  "backlog-age",
  "drift",
  "flow-waits",
  "source-silent",
  "signature-failures",
  "subscription-ending",
] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** What a deployment may say of a rule. */
export interface RuleSettings {
  readonly off?: true;
  /** What the rule compares with, in the rule's own unit. */
  readonly threshold?: number;
  /** How long it must hold before anybody is told. */
  readonly forMinutes?: number;
}

export const CHANNEL_SHAPES = ["webhook", "slack", "teams", "pagerduty"] as const;
export type ChannelShape = (typeof CHANNEL_SHAPES)[number];

/** Where alerts are told. */
export interface ChannelConfig<Owner extends string = string> {
  readonly shape: ChannelShape;
  /** Name of the variable or secret that holds the address. */
  readonly url: { readonly env: string };
  /** Name of the secret: what a webhook is signed with (`whsec_...`), or PagerDuty's integration key. The others need none. */
  readonly secret?: string;
  /** Only alerts of these owners; absent: of all. */
  readonly owners?: readonly Owner[];
  /** Default `info`: all. */
  readonly minSeverity?: AlertSeverity;
}

export interface AlertsConfig<Owner extends string = string> {
  /** Name of the variable with this router's own address, such as `https://hooks.example.com`: links in messages begin with it. */
  readonly origin?: { readonly env: string };
  /** Where docs/runbooks is published, such as a wiki or a repository's page; absent: messages name the file. */
  readonly runbooksUrl?: string;
  readonly channels?: Readonly<Record<string, ChannelConfig<Owner>>>;
  readonly rules?: Readonly<Partial<Record<RuleName, RuleSettings>>>;
}

/** An objective that is missed faster than it allows: what whoever measures them tells of each. */
export interface SlaBurn {
  readonly name: string;
  readonly title: string;
  readonly owner: string;
  /** How many times faster than allowed its misses use up what may be missed; 1 uses it up just at the window's end. */
  readonly burnRate: number;
  /** In words, such as "7 % of closed-won opportunities have not become orders within 15 minutes". */
  readonly words: string;
}

/** Everything the rules look at, as it was at one moment. */
export interface AlertFacts {
  readonly nowMs: number;
  readonly destinations: readonly {
    readonly name: string;
    readonly title: string;
    readonly owner: string;
    readonly state: string;
    readonly problem: string | null;
    readonly pausedBy: string | null;
  }[];
  readonly deadLetters: readonly { readonly owner: string; readonly class: string; readonly letters: number }[];
  readonly backlog: readonly { readonly priority: Priority; readonly ageSeconds: number }[];
  readonly drift: readonly { readonly reconciliation: string; readonly owner: string; readonly open: number }[];
  /** Flows with runs that have waited for a person beyond their deadline; `sinceMs`: the earliest of those. */
  readonly flows: readonly {
    readonly name: string;
    readonly title: string;
    readonly owner: string;
    readonly runs: number;
    readonly sinceMs: number;
  }[];
  /** Sources that should be heard of every so often, and when they last were. */
  readonly expected: readonly {
    readonly source: string;
    readonly title: string;
    readonly owner: string;
    readonly everyMinutes: number;
    readonly lastAtMs: number;
  }[];
  /** Requests of the last quarter of an hour that could not prove their sender. */
  readonly unproven: readonly { readonly source: string; readonly owner: string; readonly count: number }[];
  readonly subscriptions: readonly {
    readonly source: string;
    readonly owner: string;
    readonly resource: string;
    readonly expiresAtMs: number;
    readonly problem: string | null;
  }[];
  readonly slas: readonly SlaBurn[];
}

/** Something that is not as it should be now: of one rule, one for each subject. */
export interface Condition {
  readonly rule: RuleName;
  /** What it concerns, such as a destination's name. Letters, digits, dots, hyphens and underscores. */
  readonly subject: string;
  readonly owner: string;
  readonly severity: AlertSeverity;
  readonly summary: string;
  /** The dashboard's page that shows it. */
  readonly page: string;
}

/** The key of an alert: seen again, it is the same. */
export const alertId = ({ rule, subject }: Pick<Condition, "rule" | "subject">): string => `${rule}:${subject}`;
