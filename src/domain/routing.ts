import { whyUnmet } from "./conditions.ts";
import type { RouteConfig, RouterConfig } from "./config.ts";
import { DIGEST_SOURCE } from "./digest/define.ts";
import type { EntityEvent } from "./event.ts";
import { systemOfDestination, systemOfSource } from "./ownership.ts";
import type { Patience } from "./waiting.ts";
import type { JsonObject } from "./json.ts";

/** One destination an event goes to, and by which route's rules. */
export interface LanePlan {
  readonly destination: string;
  readonly route: string;
  readonly collapse: boolean;
  readonly afterDead: "halt" | "continue";
  /** The destination is also a source: its id of the record is a key under which the same entity's events come. */
  readonly joins?: true;
}

/** Why a route was or was not taken; kept with the event. */
export interface RouteReason {
  readonly route: string;
  readonly matched: boolean;
  readonly because: string;
}

export interface RoutePlan {
  readonly lanes: readonly LanePlan[];
  /** Destinations that are the same system as the event's source. */
  readonly echoOf?: readonly string[];
  /** Destinations that any source is the same system as: what goes there may come back. */
  readonly echoed?: readonly string[];
  /** How long changes of its source may wait for those before them; absent: the defaults. */
  readonly patience?: Partial<Patience>;
  readonly why: readonly RouteReason[];
}

/** A sale becomes a record of another kind, whose events are another entity's. */
const SOLD = "opportunity";

/**
 * Decides where an event goes. Every route that matches applies, but of those under one policy only the first; a
 * destination named by two is one lane, under the first. Of an entity too large to carry, conditions see the outline: its
 * short fields.
 */
export function planRoutes(config: RouterConfig, event: EntityEvent): RoutePlan {
  if (event.flow !== undefined) return planFlow(config, event, event.flow);
  const data = event.payload.at === "inline" ? event.payload.data : event.payload.outline;
  const lanes = new Map<string, LanePlan>();
  const why: RouteReason[] = [];
  const decided = new Map<string, string>();
  const echoed = Object.values(config.sources).flatMap((source) => source.echoOf ?? []);
  for (const route of config.routes) {
    if (route.kind !== event.entity.kind) continue;
    const unmet = overruled(route, decided) ?? whyNot(route, event, data);
    why.push({ route: route.name, matched: unmet === null, because: unmet ?? reasonFor(route, event) });
    if (unmet !== null) continue;
    if (route.policy !== undefined) decided.set(route.policy, route.name);
    for (const { destination, because } of route.to.flatMap((name) => migrated(config, route, name))) {
      if (because !== null) why.push({ route: route.name, matched: true, because });
      if (isTakenFrom(config, event, destination)) {
        why.push({ route: route.name, matched: true, because: `not to ${destination}, which it was read from` });
        continue;
      }
      if (event.replay?.destinations?.includes(destination) === false || lanes.has(destination)) continue;
      const lane = lanePlan(route, destination, event);
      lanes.set(destination, echoed.includes(destination) && event.entity.kind !== SOLD ? { ...lane, joins: true } : lane);
    }
  }
  const echoOf = config.sources[event.sourceName]?.echoOf;
  const patience = config.sources[event.sourceName]?.patience;
  return {
    lanes: [...lanes.values()],
    why,
    ...(echoOf === undefined ? {} : { echoOf }),
    ...(echoed.length === 0 ? {} : { echoed }),
    ...(patience === undefined ? {} : { patience }),
  };
}

/** What a repair has read from a system is news to every other one. */
const isTakenFrom = (config: RouterConfig, { repairOf, sourceName }: EntityEvent, destination: string): boolean =>
  repairOf !== undefined && systemOfSource(config, sourceName) === systemOfDestination(config, destination);

/** The name under which a flow's events are routed, owned and shown. Never a source's or a route's: those have no colon. */
export const flowRoute = (flow: string): string => `flow:${flow}`;

/** What a flow writes goes where its step says, and what follows does not wait behind a dead one: compensation must get by. */
function planFlow(config: RouterConfig, event: EntityEvent, { name, run, step, to }: NonNullable<EntityEvent["flow"]>): RoutePlan {
  const route = flowRoute(name);
  const echoed = Object.values(config.sources).flatMap((source) => source.echoOf ?? []);
  const targets = to.flatMap((destination) => migrated(config, event.entity, destination).map((each) => each.destination));
  const lanes = [...new Set(targets)].map((destination): LanePlan => {
    const lane: LanePlan = { destination, route, collapse: false, afterDead: "continue" };
    return echoed.includes(destination) && event.entity.kind !== SOLD ? { ...lane, joins: true } : lane;
  });
  return {
    lanes,
    why: [{ route, matched: lanes.length > 0, because: `step ${step} of ${run}` }],
    ...(echoed.length === 0 ? {} : { echoed }),
  };
}

function overruled({ policy }: RouteConfig, decided: ReadonlyMap<string, string>): string | null {
  const first = policy === undefined ? undefined : decided.get(policy);
  return first === undefined ? null : `${first} has decided already, under the policy ${policy}`;
}

/** Where a destination's writes go while its kind moves to another system. */
function migrated(
  config: RouterConfig,
  route: Pick<RouteConfig, "kind">,
  destination: string,
): readonly { readonly destination: string; readonly because: string | null }[] {
  const found = Object.entries(config.migrations ?? {}).find(([, { kind, from }]) => kind === route.kind && from === destination);
  if (found === undefined) return [{ destination, because: null }];
  const [name, { to, phase }] = found;
  if (phase === "old") return [{ destination, because: null }];
  const because = `migration ${name} is in the phase ${phase}: ${phase === "dual" ? `to ${destination} and ${to}` : `to ${to} instead of ${destination}`}`;
  return phase === "dual"
    ? [
        { destination, because },
        { destination: to, because: null },
      ]
    : [{ destination: to, because }];
}

const lanePlan = (route: RouteConfig, destination: string, event: EntityEvent): LanePlan => ({
  destination,
  route: route.name,
  collapse: (route.collapse ?? false) && event.nature === "snapshot",
  afterDead: route.afterDead ?? (event.nature === "delta" ? "halt" : "continue"),
});

function whyNot(route: RouteConfig, event: EntityEvent, data: JsonObject): string | null {
  // A digest is nobody's record: it goes where it is asked for.
  if (!(route.from ?? [event.sourceName].filter((name) => name !== DIGEST_SOURCE)).includes(event.sourceName))
    return `it does not take events from ${event.sourceName}`;
  return whyUnmet(route.when, data);
}

function reasonFor(route: RouteConfig, event: EntityEvent): string {
  const conditions = Object.entries(route.when ?? {}).map(([field, wanted]) => `${field} in ${JSON.stringify(wanted)}`);
  return [`kind ${event.entity.kind}`, `from ${event.sourceName}`, ...conditions].join("; ");
}
