import { app } from "./receive.ts";

/** The floor of ingest. */
export default { fetch: app.fetch };
