import { egressProblem } from "../adapters/outbound.ts";
import type { RouterConfig } from "../domain/config.ts";
import type { Settings } from "../env.ts";

/** Characters of the token that scrapers read the metrics with. */
export const METRICS_TOKEN_LEAST = 32;

/** What alerts and metrics lack here: only these do not work then. */
export function signalProblems({ alerts }: RouterConfig, settings: Settings): readonly string[] {
  const ofChannels = Object.entries(alerts?.channels ?? {}).flatMap(([name, { url, secret }]) => {
    const address = settings.read(url.env);
    const egress = address === undefined ? null : egressProblem(address, { local: settings.ENVIRONMENT === "local", bound: false });
    return [
      ...(address === undefined ? [`alerts.channels.${name}: missing variable or secret ${url.env} (its address)`] : []),
      ...(egress === null ? [] : [`alerts.channels.${name}: ${url.env}: ${egress}`]),
      ...(secret === undefined || settings.read(secret) !== undefined ? [] : [`alerts.channels.${name}: missing secret ${secret}`]),
    ];
  });
  const short = (settings.read("METRICS_TOKEN")?.length ?? METRICS_TOKEN_LEAST) < METRICS_TOKEN_LEAST;
  return [...ofChannels, ...(short ? [`METRICS_TOKEN: must have ${METRICS_TOKEN_LEAST} characters or more`] : [])];
}
