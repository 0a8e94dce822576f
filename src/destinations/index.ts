import type { DestinationDefinition } from "./define.ts";
import { erpnext } from "./erpnext/index.ts";
import { http } from "./http.ts";
import { odoo } from "./odoo/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";
import { tryton } from "./tryton/index.ts";

const MODULES: readonly DestinationDefinition[] = [http, sandboxErp, tryton, erpnext, odoo];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
