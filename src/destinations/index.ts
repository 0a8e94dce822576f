import type { DestinationDefinition } from "./define.ts";
import { http } from "./http.ts";
import { s4hana } from "./s4hana/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";

const MODULES: readonly DestinationDefinition[] = [http, sandboxErp, s4hana];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
