import type { DestinationDefinition } from "./define.ts";
import { freshdesk } from "./freshdesk/index.ts";
import { http } from "./http/index.ts";
import { sandboxErp } from "./sandbox-erp.ts";
import { soap } from "./soap/index.ts";
import { zendesk } from "./zendesk/index.ts";

const MODULES: readonly DestinationDefinition[] = [freshdesk, http, sandboxErp, soap, zendesk];

/** The registry of destination modules by name. Adding one is its file and its line above. */
export const DESTINATIONS: Readonly<Record<string, DestinationDefinition>> = Object.fromEntries(
  MODULES.map((definition) => [definition.module, definition]),
);
