import type { DestinationDefinition } from "./define.ts";
import { http } from "./http.ts";
import { oracleFusion } from "./oracle-fusion/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";
import { servicenow } from "./servicenow/index.ts";

const MODULES: readonly DestinationDefinition[] = [http, oracleFusion, sandboxErp, servicenow];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
