import { flowPage } from "../pages/flow.tsx";
import { PATHS } from "../paths.ts";
import { done, type Action } from "./action.ts";

const onFlow =
  (name: "retryFlow" | "skipFlow" | "cancelFlow", said: string): Action["act"] =>
  async (visit, form) => {
    const step = form.text("step");
    const body = { reason: form.text("reason"), ...(step === "" ? {} : { step }) };
    const steered = await visit.ask(name, { params: visit.params, body });
    return steered.ok ? done(PATHS.flow(visit.params["id"] ?? ""), said) : steered;
  };

/** What can be decided about runs of flows. */
export const FLOW_ACTIONS: readonly Action[] = [
  { path: "/ops/flows/:id/retry", act: onFlow("retryFlow", "It goes on."), page: flowPage },
  { path: "/ops/flows/:id/skip", act: onFlow("skipFlow", "It goes on past that step."), page: flowPage },
  { path: "/ops/flows/:id/cancel", act: onFlow("cancelFlow", "What it did is being taken back."), page: flowPage },
];
