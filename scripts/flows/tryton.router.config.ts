import { router as base } from "../tryton/router.config.ts";
import { withEveryFlow } from "./every-flow.ts";

const { erp, ...destinations } = base.destinations;
if (erp === undefined) throw new Error("the configuration with Tryton has no destination erp");

/**
 * Every flow with Tryton as the ERP. It holds no entitlements, so nobody provisions; and sales are confirmed and not
 * processed, since Tryton takes no processed sale back.
 */
export const router = withEveryFlow(
  { ...base, destinations: { ...destinations, erp: { ...erp, settings: { ...erp.settings, process: false } } } },
  {},
);
