import type { RouterConfig } from "../../src/domain/config.ts";
import { router as base } from "../../src/router.config.ts";

/** The largest page that the sandbox ERP gives. */
export const PAGE_SIZE = 1_000;

/** The deployment as it is, comparing orders alone, and only when it is asked to. */
export const router: RouterConfig = {
  ...base,
  reconciliations: {
    orders: {
      kind: "order",
      system: "erp",
      owner: "finance",
      everyMinutes: 1_000_000,
      fullEveryHours: 1_000_000,
      pageSize: PAGE_SIZE,
      fields: [{ field: "status" }, { field: "total", tolerance: "0.01" }],
    },
  },
};
