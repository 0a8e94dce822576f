import type { RouterConfig } from "../domain/config.ts";
import { acknowledge, silence } from "../domain/alerts/life.ts";
import { runbookOf } from "../domain/alerts/message.ts";
import { RULES } from "../domain/alerts/rules.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { AnswerOf, QueryOf } from "./operations.ts";
import type { AlertView } from "./operations-signals.ts";
import type { Call, Handlers, KnownAlert, OpsPorts, Refused } from "./ops-ports.ts";
import { iso, type Owner } from "./views.ts";

type SignalHandlers = Pick<Handlers, "getMetrics" | "listAlerts" | "acknowledgeAlert" | "silenceAlert">;
type Named = (name: string) => Owner;

const SILENCE_MAX_MS = 30 * 86_400_000;

/** The ops API's calls about metrics and alerts. */
export const signalHandlers = (ports: OpsPorts, ownerNamed: Named): SignalHandlers => {
  const view = (known: KnownAlert): AlertView => alertView(ports.config, known, ownerNamed);
  const viewed = (changed: Result<KnownAlert, Refused>): Result<AlertView, Refused> => (changed.ok ? ok(view(changed.value)) : changed);
  return {
    getMetrics: () => getMetrics(ports),
    listAlerts: ({ query }) => listAlerts(ports, query, view),
    acknowledgeAlert: async ({ params, actor, body }) => {
      const by = { actor: actor.name, reason: body.reason };
      const change = (alert: KnownAlert["alert"]) => acknowledge(alert, { ...by, nowMs: ports.clock() });
      return viewed(await ports.alerts.change(params["id"] ?? "", "acknowledge alert", { by, change }));
    },
    silenceAlert: async (call) => viewed(await silenceAlert(ports, call)),
  };
};

async function getMetrics(ports: OpsPorts): Promise<Result<AnswerOf<"getMetrics">, Refused>> {
  const metrics = await ports.metrics();
  return ok({
    at: iso(ports.clock()),
    metrics: metrics.map(({ name, unit, samples, ...family }) => ({
      ...family,
      name,
      unit: unit ?? null,
      samples: samples.map(({ suffix = "", labels, value }) => ({ name: `${name}${suffix}`, labels: { ...labels }, value })),
    })),
  });
}

async function listAlerts(
  ports: OpsPorts,
  { cursor, limit, ...filter }: QueryOf<"listAlerts">,
  view: (known: KnownAlert) => AlertView,
): Promise<Result<AnswerOf<"listAlerts">, Refused>> {
  const found = await ports.alerts.list({ ...filter, afterId: cursor, limit: limit + 1 });
  const items = found.slice(0, limit);
  return ok({ items: items.map(view), nextCursor: found.length > limit ? (items.at(-1)?.alert.id ?? null) : null });
}

async function silenceAlert(ports: OpsPorts, { params, actor, body }: Call<"silenceAlert">): Promise<Result<KnownAlert, Refused>> {
  const nowMs = ports.clock();
  const untilMs = body.until === null ? null : Date.parse(body.until);
  if (untilMs !== null && !(untilMs > nowMs && untilMs <= nowMs + SILENCE_MAX_MS))
    return fail({ code: "invalid_request", detail: "until: must be ahead, by 30 days at most" });
  const by = { actor: actor.name, reason: body.reason };
  return ports.alerts.change(params["id"] ?? "", untilMs === null ? "tell alert again" : "silence alert", {
    by,
    change: (alert) => ok(silence(alert, untilMs, { ...by, nowMs })),
  });
}

function alertView(config: RouterConfig, { alert, told }: KnownAlert, ownerNamed: Named): AlertView {
  const { title, nextStep } = RULES[alert.rule];
  const at = (ms: number | null): string | null => (ms === null ? null : iso(ms));
  return {
    id: alert.id,
    rule: alert.rule,
    title,
    subject: alert.subject,
    severity: alert.severity,
    state: alert.state,
    summary: alert.summary,
    nextStep,
    owner: ownerNamed(alert.owner),
    runbook: runbookOf(alert.rule, alert.owner, config),
    page: alert.page,
    occurrence: alert.occurrence,
    since: iso(alert.sinceMs),
    openedAt: at(alert.openedAtMs),
    endedAt: at(alert.endedAtMs),
    acknowledged:
      alert.acknowledged === null
        ? null
        : { by: alert.acknowledged.by, reason: alert.acknowledged.reason, at: iso(alert.acknowledged.atMs) },
    silenced: alert.silenced === null ? null : { by: alert.silenced.by, reason: alert.silenced.reason, until: iso(alert.silenced.untilMs) },
    channels: Object.entries(told).map(([channel, heard]) => ({
      channel,
      told: heard.occurrence === alert.occurrence ? heard.tidings : null,
      at: at(heard.atMs),
      problem: heard.problem,
    })),
  };
}
