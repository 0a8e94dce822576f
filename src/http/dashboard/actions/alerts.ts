import { fail, type Result } from "../../../domain/result.ts";
import type { Refused } from "../../ops-ports.ts";
import type { Form } from "../form.ts";
import { alertsPage } from "../pages/alerts.tsx";
import { PATHS } from "../paths.ts";
import type { Visit } from "../visit.ts";
import { done, type Acted, type Action } from "./action.ts";

async function acknowledgeAlert(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const changed = await visit.ask("acknowledgeAlert", { params: visit.params, body: { reason: form.text("reason") } });
  return changed.ok ? done(PATHS.alerts, `Acknowledged: ${changed.value.summary}.`) : changed;
}

async function silenceAlert(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const minutes = Number(form.text("minutes"));
  if (!(minutes >= 0)) return fail({ code: "invalid_request", detail: "choose for how long" });
  const until = minutes === 0 ? null : new Date(Date.now() + minutes * 60_000).toISOString();
  const changed = await visit.ask("silenceAlert", { params: visit.params, body: { reason: form.text("reason"), until } });
  return changed.ok ? done(PATHS.alerts, until === null ? "It is told again." : `Silenced: ${changed.value.summary}.`) : changed;
}

/** What can be done about alerts. */
export const ALERT_ACTIONS: readonly Action[] = [
  { path: "/ops/alerts/:id/acknowledge", act: acknowledgeAlert, page: alertsPage },
  { path: "/ops/alerts/:id/silence", act: silenceAlert, page: alertsPage },
];
