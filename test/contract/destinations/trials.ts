import { fileTrial } from "./fakes/file-drop.ts";
import { httpTrial } from "./fakes/http-receiver.ts";
import type { Trial } from "./fakes/define.ts";
import { netsuiteJobsTrial, netsuiteTokenTrial, netsuiteTrial } from "./fakes/netsuite.ts";
import { salesforceTrial } from "./fakes/salesforce.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  http: httpTrial,
  file: fileTrial,
  "sandbox-erp": sandboxErpTrial,
  salesforce: salesforceTrial,
  netsuite: netsuiteTrial,
  "netsuite by token": netsuiteTokenTrial,
  "netsuite by jobs": netsuiteJobsTrial,
};
