import { businessCentral } from "./business-central/index.ts";
import { dataverse } from "./dataverse/index.ts";
import type { DestinationDefinition } from "./define.ts";
import { financeOperations } from "./finance-operations/index.ts";
import { http } from "./http.ts";
import { netsuite } from "./netsuite/index.ts";
import { salesforce } from "./salesforce/index.ts";
import { oracleFusion } from "./oracle-fusion/index.ts";
import { s4hana } from "./s4hana/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";
import { servicenow } from "./servicenow/index.ts";

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
];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
