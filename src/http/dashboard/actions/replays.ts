import { ok, type Result } from "../../../domain/result.ts";
import type { OperationName } from "../../operations.ts";
import type { Refused } from "../../ops-ports.ts";
import type { Form } from "../form.ts";
import { newReplayPage, plannedView } from "../pages/new-replay.tsx";
import { replayPage } from "../pages/replay.tsx";
import { PATHS } from "../paths.ts";
import type { Visit } from "../visit.ts";
import { done, momentOf, type Acted, type Action } from "./action.ts";

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

/** What can be done about replays. */
export const REPLAY_ACTIONS: readonly Action[] = [
  { path: "/ops/replays/plan", act: plan, page: newReplayPage },
  { path: "/ops/replays", act: start, page: newReplayPage },
  { path: "/ops/replays/:id/approve", act: onReplay("approveReplay", "Approved; it begins now."), page: replayPage },
  { path: "/ops/replays/:id/cancel", act: onReplay("cancelReplay", "Cancelled."), page: replayPage },
];
