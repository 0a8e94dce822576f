import { destinationsPage } from "../pages/destinations.tsx";
import { PATHS } from "../paths.ts";
import { done, type Action } from "./action.ts";

const steer =
  (name: "pauseDestination" | "resumeDestination", said: string): Action["act"] =>
  async (visit, form) => {
    const steered = await visit.ask(name, { params: visit.params, body: { reason: form.text("reason") } });
    return steered.ok ? done(PATHS.destinations, `${steered.value.title} is ${said}.`) : steered;
  };

/** What can be done about destinations. */
export const DESTINATION_ACTIONS: readonly Action[] = [
  { path: "/ops/destinations/:name/pause", act: steer("pauseDestination", "paused: everything for it is held"), page: destinationsPage },
  { path: "/ops/destinations/:name/resume", act: steer("resumeDestination", "resumed: what was held goes on"), page: destinationsPage },
];
