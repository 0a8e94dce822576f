import { fail, ok, type Result } from "../../domain/result.ts";
import type { OperationName } from "../operations.ts";
import type { Refused } from "../ops-ports.ts";
import type { Form } from "./form.ts";
import { alertsPage } from "./pages/alerts.tsx";
import { deadLetterPage } from "./pages/dead-letter.tsx";
import { deadLettersPage } from "./pages/dead-letters.tsx";
import { destinationsPage } from "./pages/destinations.tsx";
import { driftPage, findingPage } from "./pages/drift.tsx";
import { newReplayPage, plannedView } from "./pages/new-replay.tsx";
import { replayPage } from "./pages/replay.tsx";
import { PATHS } from "./paths.ts";
import type { Page, View, Visit } from "./visit.ts";
import { counted } from "./words.ts";

/** Done, with where to go on and what to say there; or a page that asks for more. */
export type Acted = { readonly kind: "done"; readonly to: string; readonly said: string } | { readonly kind: "shown"; readonly view: View };

export interface Action {
  readonly path: string;
  readonly act: (visit: Visit, form: Form) => Promise<Result<Acted, Refused>>;
  /** The page whose form it is: shown again, with what was typed, if the action is refused. */
  readonly page: Page;
}

const done = (to: string, said: string): Result<Acted, Refused> => ok({ kind: "done", to, said });

type LetterVerb = "retryDeadLetter" | "skipDeadLetter";

const onLetter =
  (name: LetterVerb, said: string): Action["act"] =>
  async (visit, form) => {
    const body = { reason: form.text("reason"), force: form.text("force") === "on" };
    const acted = await visit.ask(name, { params: visit.params, body });
    return acted.ok ? done(PATHS.deadLetter(visit.params["id"] ?? ""), `${said} Its event is ${acted.value.status} now.`) : acted;
  };

async function editLetter(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const patch = form.all("patch").length === 0 ? null : parsedPatch(form.text("patch"));
  if (patch?.ok === false) return patch;
  const change = patch === null ? { body: form.text("body") } : { patch: patch.value };
  const acted = await visit.ask("editDeadLetter", { params: visit.params, body: { reason: form.text("reason"), ...change } });
  return acted.ok
    ? done(PATHS.deadLetter(visit.params["id"] ?? ""), `It was edited and tried again. Its event is ${acted.value.status} now.`)
    : acted;
}

function parsedPatch(text: string): Result<unknown, Refused> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return fail({ code: "invalid_request", detail: "the changes are not valid JSON" });
  }
}

const BULK: Readonly<Record<string, { readonly name: LetterVerb; readonly said: string }>> = {
  retry: { name: "retryDeadLetter", said: "retried" },
  skip: { name: "skipDeadLetter", said: "skipped" },
};

/** One by one, so that what cannot be done does not stop the rest. */
async function bulk(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const verb = BULK[form.text("verb")];
  const ids = form.all("id");
  if (verb === undefined || ids.length === 0) return fail({ code: "invalid_request", detail: "tick the dead letters first" });
  const refused: Refused[] = [];
  for (const id of ids) {
    const acted = await visit.ask(verb.name, { params: { id }, body: { reason: form.text("reason") } });
    if (!acted.ok) refused.push(acted.failure);
  }
  const [first] = refused;
  if (first !== undefined && refused.length === ids.length) return fail(first);
  const rest = first === undefined ? "" : ` ${counted(refused.length, "was", "were")} refused: ${first.detail}.`;
  return done(PATHS.deadLetters, `${counted(ids.length - refused.length, "dead letter")} ${verb.said}.${rest}`);
}

const steer =
  (name: "pauseDestination" | "resumeDestination", said: string): Action["act"] =>
  async (visit, form) => {
    const steered = await visit.ask(name, { params: visit.params, body: { reason: form.text("reason") } });
    return steered.ok ? done(PATHS.destinations, `${steered.value.title} is ${said}.`) : steered;
  };

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

/** What a field for a time holds, which has no zone, in UTC. */
const momentOf = (text: string): string => (/T\d\d:\d\d$/.test(text) ? `${text}:00Z` : `${text}Z`);

/** What the plan's form says, as the API takes it. */
function replayOf(form: Form, dryRun: boolean): object {
  const given = (name: string): Record<string, string> => (form.text(name) === "" ? {} : { [name]: form.text(name) });
  const moment = (name: string): string => momentOf(form.text(name));
  const rate = form.text("rate");
  return {
    query: {
      from: moment("from"),
      to: moment("to"),
      ...Object.assign({}, ...["source", "destination", "status", "class", "type", "entity"].map(given)),
    },
    ...(rate === "" ? {} : { ratePerSecond: Number(rate) }),
    force: form.text("force") === "on",
    reason: form.text("reason"),
    dryRun,
  };
}

async function plan(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const planned = await visit.ask("createReplay", { body: replayOf(form, true) });
  return planned.ok ? ok({ kind: "shown", view: plannedView({ ...visit, entered: form.fields }, planned.value) }) : planned;
}

async function start(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const started = await visit.ask("createReplay", { body: replayOf(form, false) });
  if (!started.ok) return started;
  const { id, state } = started.value;
  return done(PATHS.replay(id ?? ""), state === "waitingForApproval" ? "It waits for an approver." : "The replay has begun.");
}

const onReplay =
  (name: Extract<OperationName, "approveReplay" | "cancelReplay">, said: string): Action["act"] =>
  async (visit, form) => {
    const changed = await visit.ask(name, { params: visit.params, body: { reason: form.text("reason") } });
    return changed.ok ? done(PATHS.replay(visit.params["id"] ?? ""), said) : changed;
  };

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

/** Everything that can be done from the dashboard. Who may do it, the table of operations says. */
export const ACTIONS: readonly Action[] = [
  { path: "/ops/dead-letters/bulk", act: bulk, page: deadLettersPage },
  { path: "/ops/dead-letters/:id/retry", act: onLetter("retryDeadLetter", "It was tried again."), page: deadLetterPage },
  { path: "/ops/dead-letters/:id/skip", act: onLetter("skipDeadLetter", "It was skipped."), page: deadLetterPage },
  { path: "/ops/dead-letters/:id/edit", act: editLetter, page: deadLetterPage },
  { path: "/ops/destinations/:name/pause", act: steer("pauseDestination", "paused: everything for it is held"), page: destinationsPage },
  { path: "/ops/destinations/:name/resume", act: steer("resumeDestination", "resumed: what was held goes on"), page: destinationsPage },
  { path: "/ops/alerts/:id/acknowledge", act: acknowledgeAlert, page: alertsPage },
  { path: "/ops/alerts/:id/silence", act: silenceAlert, page: alertsPage },
  { path: "/ops/drift/run/:name", act: compareNow, page: driftPage },
  { path: "/ops/drift/:id/repair", act: repairFinding, page: findingPage },
  { path: "/ops/drift/:id/accept", act: acceptFinding, page: findingPage },
  { path: "/ops/replays/plan", act: plan, page: newReplayPage },
  { path: "/ops/replays", act: start, page: newReplayPage },
  { path: "/ops/replays/:id/approve", act: onReplay("approveReplay", "Approved; it begins now."), page: replayPage },
  { path: "/ops/replays/:id/cancel", act: onReplay("cancelReplay", "Cancelled."), page: replayPage },
];
