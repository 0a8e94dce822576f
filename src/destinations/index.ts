import type { DestinationDefinition } from "./define.ts";
import { businessCentral } from "./business-central/index.ts";
import { dataverse } from "./dataverse/index.ts";
import { financeOperations } from "./finance-operations/index.ts";
import { erpnext } from "./erpnext/index.ts";
import { freshdesk } from "./freshdesk/index.ts";
import { http } from "./http/index.ts";
import { netsuite } from "./netsuite/index.ts";
import { oracleFusion } from "./oracle-fusion/index.ts";
import { s4hana } from "./s4hana/index.ts";
import { salesforce } from "./salesforce/index.ts";
import { odoo } from "./odoo/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";
import { servicenow } from "./servicenow/index.ts";
import { soap } from "./soap/index.ts";
import { tryton } from "./tryton/index.ts";
import { zendesk } from "./zendesk/index.ts";

const MODULES: readonly DestinationDefinition[] = [
  http,
  sandboxErp,
  netsuite,
  salesforce,
  businessCentral,
  financeOperations,
  dataverse,
  oracleFusion,
  servicenow,
  s4hana,
  freshdesk,
  soap,
  zendesk,
  tryton,
  erpnext,
  odoo,
];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
