import type { RouterConfig } from "../../../src/domain/config.ts";
import { router as base } from "../../../src/router.config.ts";

const { customers, ...reconciliations } = base.reconciliations ?? {};
const { orderHandoff, ...slas } = base.slas ?? {};
if (customers === undefined || orderHandoff === undefined || "rate" in orderHandoff)
  throw new Error("router.config.ts has no reconciliation of customers, or no SLA orderHandoff");

/**
 * The deployment's configuration with less patience: what differs from the ERP is told at once and is left to a person,
 * a won opportunity is late after a second, and alerts open with the first look.
 */
export const router: RouterConfig = {
  ...base,
  reconciliations: { ...reconciliations, customers: { ...customers, graceMinutes: 0, repair: {} } },
  slas: { ...slas, orderHandoff: { ...orderHandoff, within: "1s" } },
  alerts: { rules: { "dead-letters": { forMinutes: 0 } } },
};
