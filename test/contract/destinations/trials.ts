import { httpTrials } from "./fakes/http-receiver.ts";
import type { Trial } from "./fakes/define.ts";
import { freshdeskTrial } from "./fakes/freshdesk.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";
import { soapTrials } from "./fakes/soap.ts";
import { zendeskTrials } from "./fakes/zendesk.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  ...httpTrials,
  "sandbox-erp": sandboxErpTrial,
  freshdesk: freshdeskTrial,
  ...soapTrials,
  ...zendeskTrials,
};
