import { httpTrial } from "./fakes/http-receiver.ts";
import type { Trial } from "./fakes/define.ts";
import { s4hanaV2Trial, s4hanaV4Trial } from "./fakes/s4hana.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  http: httpTrial,
  "sandbox-erp": sandboxErpTrial,
  "s4hana v2": s4hanaV2Trial,
  "s4hana v4": s4hanaV4Trial,
};
