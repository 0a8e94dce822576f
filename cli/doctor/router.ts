import type { Api } from "../api.ts";
import { Stop } from "../exit.ts";
import type { Item } from "../client/client.ts";
import type { World } from "../world.ts";
import { skipped, sound, soundUnless, wrong, type Finding } from "./finding.ts";

/** Signatures are checked within minutes; beyond this the clock of this machine, or a proxy's, misleads whoever reads lags. */
const CLOCK_TOLERANCE_MS = 5_000;
const HOUR_MS = 3_600_000;
/** Subscriptions are renewed well before; one that ends this soon was not. */
const SUBSCRIPTION_MARGIN_MS = 12 * HOUR_MS;
const SECRET_MARGIN_MS = 14 * 24 * HOUR_MS;

/** Whether a router says that it is sound, and its clock agrees with ours. */
export async function health(world: World, origin: string, start: string): Promise<readonly Finding[]> {
  const askedMs = world.now();
  const answer = await world
    .fetch(new URL("/healthz", origin), { redirect: "manual", signal: AbortSignal.timeout(10_000) })
    .catch(() => null);
  if (answer === null) return [wrong("router", `${origin} does not answer`, start)];
  const answeredMs = world.now();
  const body = (await answer.json().catch(() => ({}))) as { readonly problems?: readonly string[] };
  const problems = (body.problems ?? []).map((problem) => wrong("router", problem, "set it, and deploy again"));
  const unsound = answer.ok || problems.length > 0 ? problems : [wrong("router", `/healthz answers ${answer.status}`, start)];
  return [...soundUnless(unsound, "router", `${origin} is sound`), clock(answer.headers.get("date"), (askedMs + answeredMs) / 2)];
}

function clock(date: string | null, nowMs: number): Finding {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return skipped("clock", "the answer carries no date, as a local router's: nothing to compare with");
  // The header is cut to whole seconds, so on average it is half a second old.
  const aheadMs = nowMs - (theirs + 500);
  const words = `${Math.abs(aheadMs / 1_000).toFixed(1)} s ${aheadMs > 0 ? "ahead of" : "behind"} the router's`;
  return Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS
    ? sound("clock", "this machine's and the router's agree")
    : wrong("clock", `this machine's clock is ${words}`, "synchronise it (NTP): what is signed here with a time will be refused");
}

/** Whether its sources can take requests, and nothing of theirs ends soon. */
export async function sources(router: Api, nowMs: number): Promise<readonly Finding[]> {
  try {
    const { items } = await router.call("listSources", {});
    return soundUnless(
      items.flatMap((source) => sourceFaults(source, nowMs)),
      "sources",
      `${items.length} are ready, and no subscription ends soon`,
    );
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return [skipped("sources", error.message)];
  }
}

function sourceFaults(source: Item<"listSources">, nowMs: number): readonly Finding[] {
  const until = (time: string): number => Date.parse(time) - nowMs;
  return [
    ...(source.ready ? [] : [wrong("sources", `${source.name}: ${source.problem ?? "not ready"}`, "set it, and deploy again")]),
    ...source.subscriptions
      .filter(({ expiresAt, problem }) => problem !== null || until(expiresAt) < SUBSCRIPTION_MARGIN_MS)
      .map(({ resource, expiresAt, problem }) =>
        wrong(
          "subscriptions",
          `${source.name}: ${resource} ends ${expiresAt}${problem === null ? "" : `: ${problem}`}`,
          "mend what the renewal says, or renew it at the sender",
        ),
      ),
    ...source.secrets
      .filter((secret) => secret.until !== null && until(secret.until) < SECRET_MARGIN_MS)
      .map((secret) =>
        wrong("secrets", `${source.name}: ${secret.name} is accepted until ${secret.until ?? ""}`, "rotate it: see the README"),
      ),
  ];
}
