import { text } from "../../../src/domain/mapping.ts";
import { router as base } from "../../../scripts/flows/tryton.router.config.ts";

const SECOND_HOURS = 1 / 3_600;

const { custom } = base.sources;
const { "quote-to-cash": sales, "case-to-resolution": cases } = base.flows ?? {};
const entitlement = custom?.objects?.["entitlement"];
if (custom === undefined || entitlement === undefined || sales === undefined || cases === undefined)
  throw new Error("not every flow is switched on");

/**
 * Every flow with Tryton, with deadlines that a test can sit out: a case of normal priority is escalated at once, all others
 * and orders give everybody time enough.
 */
export const router = {
  ...base,
  sources: {
    ...base.sources,
    custom: {
      ...custom,
      objects: {
        ...custom.objects,
        entitlement: { ...entitlement, fields: { ...entitlement.fields, serviceLevel: text("serviceLevel") } },
      },
    },
  },
  flows: {
    ...base.flows,
    "quote-to-cash": { ...sales, policy: { ...sales.policy, acceptWithinHours: 30 * SECOND_HOURS } },
    "case-to-resolution": {
      ...cases,
      policy: {
        escalateAfterHours: { low: 72, normal: 2 * SECOND_HOURS, high: 24, urgent: 24 },
        resolveWithinDays: (20 * SECOND_HOURS) / 24,
      },
    },
  },
};
