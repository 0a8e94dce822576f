import type { Result } from "../../../domain/result.ts";
import type { Refused } from "../../ops-ports.ts";
import type { Form } from "../form.ts";
import { driftPage } from "../pages/drift.tsx";
import { findingPage } from "../pages/finding.tsx";
import { PATHS } from "../paths.ts";
import type { Visit } from "../visit.ts";
import { done, momentOf, type Acted, type Action } from "./action.ts";

async function compareNow(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const body = { mode: form.text("mode"), reason: form.text("reason") };
  const begun = await visit.ask("runReconciliation", { params: visit.params, body });
  return begun.ok ? done(PATHS.drift, "The comparison has begun; its findings appear here as it goes.") : begun;
}

async function repairFinding(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const body = { how: form.text("how"), dryRun: false, reason: form.text("reason") };
  const repaired = await visit.ask("repairDrift", { params: visit.params, body });
  return repaired.ok ? done(PATHS.finding(visit.params["id"] ?? ""), `It is being repaired: ${repaired.value.would}.`) : repaired;
}

async function acceptFinding(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const accepted = await visit.ask("acceptDrift", {
    params: visit.params,
    body: { until: momentOf(form.text("until")), reason: form.text("reason") },
  });
  return accepted.ok ? done(PATHS.finding(visit.params["id"] ?? ""), "It is accepted until then.") : accepted;
}

/** What can be done about drift. */
export const DRIFT_ACTIONS: readonly Action[] = [
  { path: "/ops/drift/run/:name", act: compareNow, page: driftPage },
  { path: "/ops/drift/:id/repair", act: repairFinding, page: findingPage },
  { path: "/ops/drift/:id/accept", act: acceptFinding, page: findingPage },
];
