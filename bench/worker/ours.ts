import router from "../../src/index.ts";
import { withFreeRate } from "./free-rate.ts";

export { BacklogBoard, DestinationGovernor, EntitySequencer, SourceRate } from "../../src/index.ts";

/** The product as it is, but for the local rate limit. */
export default {
  fetch: (request, env, context) => router.fetch(request, withFreeRate(env), context),
  queue: (batch, env) => router.queue(batch, withFreeRate(env)),
} satisfies ExportedHandler<Env>;
