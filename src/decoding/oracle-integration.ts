import type { SenderBehaviour } from "../sources/define.ts";

/** Flows of Oracle Integration, whatever they post. */
export const ORACLE_INTEGRATION: SenderBehaviour = {
  retries: [],
  harmful: [],
  timeoutMs: null,
  source:
    "docs.oracle.com/en/cloud/paas/application-integration/erp-adapter/failed-messages-are-not-automatically-resubmitted.html, read 2026-11-24; " +
    "a project may configure retries of its invokes",
};
