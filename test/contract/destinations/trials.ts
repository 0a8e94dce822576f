import { erpnextTrial } from "./fakes/erpnext.ts";
import { httpTrials } from "./fakes/http-receiver.ts";
import { freshdeskTrial } from "./fakes/freshdesk.ts";
import { soapTrials } from "./fakes/soap.ts";
import { zendeskTrials } from "./fakes/zendesk.ts";
import { dataverseLinesTrial, dataverseTrial, dataverseUntrackedTrial } from "./fakes/dataverse.ts";
import { financeOperationsReferenceTrial, financeOperationsTrial } from "./fakes/finance-operations.ts";
import { businessCentralSecretTrial, businessCentralTrial } from "./fakes/business-central.ts";
import { fileTrial } from "./fakes/file-drop.ts";
import type { Trial } from "./fakes/define.ts";
import { netsuiteJobsTrial, netsuiteTokenTrial, netsuiteTrial } from "./fakes/netsuite.ts";
import { salesforceLinesTrial, salesforceTrial } from "./fakes/salesforce.ts";
import {
  oracleFusionBasicTrial,
  oracleFusionClientTrial,
  oracleFusionOwnTokenTrial,
  oracleFusionPricedTrial,
  oracleFusionTrial,
} from "./fakes/oracle-fusion.ts";
import { s4hanaPricedTrials, s4hanaV2Trial, s4hanaV4Trial } from "./fakes/s4hana.ts";
import { odooRpcTrial, odooTrial } from "./fakes/odoo.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";
import { trytonBasicTrial, trytonTrial, trytonWorkerTrial } from "./fakes/tryton.ts";
import { servicenowImportTrial, servicenowJwtTrial, servicenowTrial } from "./fakes/servicenow.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  file: fileTrial,
  "sandbox-erp": sandboxErpTrial,
  salesforce: salesforceTrial,
  "salesforce, with lines": salesforceLinesTrial,
  netsuite: netsuiteTrial,
  "netsuite by token": netsuiteTokenTrial,
  "netsuite by jobs": netsuiteJobsTrial,
  "business-central": businessCentralTrial,
  "business-central, client secret": businessCentralSecretTrial,
  dataverse: dataverseTrial,
  "dataverse, with lines": dataverseLinesTrial,
  "dataverse, without change tracking": dataverseUntrackedTrial,
  "finance-operations": financeOperationsTrial,
  "finance-operations, orders by reference": financeOperationsReferenceTrial,
  "oracle-fusion": oracleFusionTrial,
  "oracle-fusion (client secret, upsert mode)": oracleFusionClientTrial,
  "oracle-fusion (own token)": oracleFusionOwnTokenTrial,
  "oracle-fusion (Basic)": oracleFusionBasicTrial,
  "oracle-fusion, prices ours": oracleFusionPricedTrial,
  servicenow: servicenowTrial,
  "servicenow (assertion, unique index)": servicenowJwtTrial,
  "servicenow (import sets)": servicenowImportTrial,
  "s4hana v2": s4hanaV2Trial,
  "s4hana v4": s4hanaV4Trial,
  ...s4hanaPricedTrials,
  ...httpTrials,
  freshdesk: freshdeskTrial,
  ...soapTrials,
  ...zendeskTrials,
  tryton: trytonTrial,
  "tryton with HTTP Basic": trytonBasicTrial,
  "tryton with a worker that lags": trytonWorkerTrial,
  erpnext: erpnextTrial,
  odoo: odooTrial,
  "odoo by its older API": odooRpcTrial,
};
