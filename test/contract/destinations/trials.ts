import { erpnextTrial } from "./fakes/erpnext.ts";
import { httpTrial } from "./fakes/http-receiver.ts";
import type { Trial } from "./fakes/define.ts";
import { odooRpcTrial, odooTrial } from "./fakes/odoo.ts";
import { sandboxErpTrial } from "./fakes/sandbox-erp.ts";
import { trytonBasicTrial, trytonTrial } from "./fakes/tryton.ts";

/** What the shared suite tries each destination module with, by a name for people. A module without one fails there. */
export const TRIALS: Readonly<Record<string, Trial>> = {
  http: httpTrial,
  "sandbox-erp": sandboxErpTrial,
  tryton: trytonTrial,
  "tryton with HTTP Basic": trytonBasicTrial,
  erpnext: erpnextTrial,
  odoo: odooTrial,
  "odoo by its older API": odooRpcTrial,
};
