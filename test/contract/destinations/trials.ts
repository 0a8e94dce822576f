import { httpTrial } from "./fakes/http-receiver.ts";
import type { Trial } from "./fakes/define.ts";
import { oracleFusionBasicTrial, oracleFusionClientTrial, oracleFusionOwnTokenTrial, oracleFusionTrial } from "./fakes/oracle-fusion.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";
import { servicenowImportTrial, servicenowJwtTrial, servicenowTrial } from "./fakes/servicenow.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  http: httpTrial,
  "oracle-fusion": oracleFusionTrial,
  "oracle-fusion (client secret, upsert mode)": oracleFusionClientTrial,
  "oracle-fusion (own token)": oracleFusionOwnTokenTrial,
  "oracle-fusion (Basic)": oracleFusionBasicTrial,
  "sandbox-erp": sandboxErpTrial,
  servicenow: servicenowTrial,
  "servicenow (assertion, unique index)": servicenowJwtTrial,
  "servicenow (import sets)": servicenowImportTrial,
};
