import type { OwnerConfig } from "../config.ts";
import type { AlertsConfig, RuleName } from "./define.ts";
import type { Alert } from "./life.ts";
import { RULES } from "./rules.ts";
import type { AlertMessage } from "./shapes.ts";
import type { Tidings } from "./telling.ts";

export interface Surroundings {
  readonly owners: Readonly<Record<string, OwnerConfig>>;
  readonly alerts?: AlertsConfig | undefined;
  readonly environment: string;
  /** This router's own address, without a path; "" if it is not known. */
  readonly origin: string;
}

/** What to read about an alert: what its owner keeps, else the page of its rule. */
export const runbookOf = (rule: RuleName, owner: string, { owners, alerts }: Pick<Surroundings, "owners" | "alerts">): string =>
  owners[owner]?.runbook ?? `${alerts?.runbooksUrl ?? "docs/runbooks"}/${rule}.md`;

/** A message about an alert. The same at every attempt to send it. */
export function messageOf(alert: Alert, tidings: Tidings, around: Surroundings): AlertMessage {
  const owner = around.owners[alert.owner];
  const { title, nextStep } = RULES[alert.rule];
  const openedAtMs = alert.openedAtMs ?? alert.sinceMs;
  const atMs = { open: openedAtMs, acknowledged: alert.acknowledged?.atMs ?? openedAtMs, resolved: alert.endedAtMs ?? openedAtMs }[tidings];
  return {
    id: alert.id,
    rule: alert.rule,
    subject: alert.subject,
    tidings,
    severity: alert.severity,
    title,
    summary: alert.summary,
    nextStep,
    owner: { name: alert.owner, team: owner?.team ?? alert.owner, contact: owner?.contact ?? "no contact" },
    runbook: runbookOf(alert.rule, alert.owner, around),
    page: `${around.origin}${alert.page}`,
    environment: around.environment,
    openedAt: new Date(openedAtMs).toISOString(),
    at: new Date(atMs).toISOString(),
    acknowledgedBy: alert.acknowledged?.by ?? null,
  };
}
