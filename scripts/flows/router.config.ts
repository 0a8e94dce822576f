import { router as base } from "../../src/router.config.ts";
import { withEveryFlow } from "./every-flow.ts";

/** Takes the place of src/router.config.ts when the local router is started to try every flow. */
export const router = withEveryFlow(base);
