import { router as base } from "../../src/router.config.ts";
import { withEveryFlow } from "../../scripts/flows/every-flow.ts";

/** Waits that a test can sit out. */
const SOON_HOURS = 1.2 / 3_600;

const { flows = {}, ...config } = withEveryFlow(base);
const { "quote-to-cash": sales, "order-to-fulfilment": orders, "case-to-resolution": cases } = flows;
if (sales === undefined || orders === undefined || cases === undefined) throw new Error("not every flow is switched on");

/** Every flow, with deadlines of seconds. Orders of sales begin no run of their own unless a region is told, so that a story is of one flow. */
export const router = {
  ...config,
  flows: {
    "quote-to-cash": { ...sales, policy: { ...sales.policy, acceptWithinHours: 2 * SOON_HOURS } },
    "order-to-fulfilment": { ...orders, when: { region: "EMEA" } },
    "case-to-resolution": {
      ...cases,
      policy: { escalateAfterHours: { low: SOON_HOURS, normal: 24, high: 24, urgent: 24 }, resolveWithinDays: SOON_HOURS / 24 },
    },
  },
};
