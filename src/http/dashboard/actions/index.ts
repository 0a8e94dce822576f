import type { Action } from "./action.ts";
import { ALERT_ACTIONS } from "./alerts.ts";
import { DEAD_LETTER_ACTIONS } from "./dead-letters.ts";
import { DESTINATION_ACTIONS } from "./destinations.ts";
import { DRIFT_ACTIONS } from "./drift.ts";
import { FLOW_ACTIONS } from "./flows.ts";
import { REPLAY_ACTIONS } from "./replays.ts";

/** Everything that can be done from the dashboard. Who may do it, the table of operations says. */
export const ACTIONS: readonly Action[] = [
  ...DEAD_LETTER_ACTIONS,
  ...DESTINATION_ACTIONS,
  ...ALERT_ACTIONS,
  ...DRIFT_ACTIONS,
  ...REPLAY_ACTIONS,
  ...FLOW_ACTIONS,
];
