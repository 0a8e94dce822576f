import type { DestinationDefinition } from "./define.ts";
import { file } from "./file.ts";
import { http } from "./http.ts";
import { netsuite } from "./netsuite/index.ts";
import { salesforce } from "./salesforce/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";

const MODULES: readonly DestinationDefinition[] = [http, file, sandboxErp, netsuite, salesforce];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
