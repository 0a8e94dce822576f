import type { RouteConfig, RouterConfig, When } from "./config.ts";
import type { EntityEvent } from "./event.ts";
import type { Patience } from "./waiting.ts";
import { readPath, type JsonObject, type JsonValue } from "./json.ts";

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
 * Decides where an event goes. Every route that matches applies; a destination named by two of them is one lane, under
 * the first. Of an entity too large to carry, conditions see the outline: its short fields.
 */
export function planRoutes(config: RouterConfig, event: EntityEvent): RoutePlan {
  const data = event.payload.at === "inline" ? event.payload.data : event.payload.outline;
  const lanes = new Map<string, LanePlan>();
  const why: RouteReason[] = [];
  const echoed = Object.values(config.sources).flatMap((source) => source.echoOf ?? []);
  for (const route of config.routes) {
    if (route.kind !== event.entity.kind) continue;
    const unmet = whyNot(route, event, data);
    why.push({ route: route.name, matched: unmet === null, because: unmet ?? reasonFor(route, event) });
    if (unmet !== null) continue;
    for (const destination of route.to) {
      if (event.replay?.destinations?.includes(destination) === false) continue;
      if (lanes.has(destination)) continue;
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

const lanePlan = (route: RouteConfig, destination: string, event: EntityEvent): LanePlan => ({
  destination,
  route: route.name,
  collapse: (route.collapse ?? false) && event.nature === "snapshot",
  afterDead: route.afterDead ?? (event.nature === "delta" ? "halt" : "continue"),
});

function whyNot(route: RouteConfig, event: EntityEvent, data: JsonObject): string | null {
  if (route.from !== undefined && !route.from.includes(event.sourceName)) return `it does not take events from ${event.sourceName}`;
  for (const [field, wanted] of Object.entries(route.when ?? {})) {
    const found = readPath(data, field);
    if (!accepts(wanted, found)) return `${field} is ${JSON.stringify(found ?? null)}, it wants ${JSON.stringify(wanted)}`;
  }
  return null;
}

const accepts = (wanted: JsonValue, found: JsonValue | undefined): boolean =>
  Array.isArray(wanted) ? wanted.includes(found ?? null) : wanted === (found ?? null);

function reasonFor(route: RouteConfig, event: EntityEvent): string {
  const conditions = Object.entries(route.when ?? {}).map(([field, wanted]) => `${field} in ${JSON.stringify(wanted)}`);
  return [`kind ${event.entity.kind}`, `from ${event.sourceName}`, ...conditions].join("; ");
}

/** Whether one event could satisfy both sets of conditions. */
export function canBothHold(left: When | undefined, right: When | undefined): boolean {
  for (const [field, wanted] of Object.entries(left ?? {})) {
    const other = right?.[field];
    if (other === undefined) continue;
    const options = Array.isArray(wanted) ? wanted : [wanted];
    if (!options.some((option: JsonValue) => accepts(other, option))) return false;
  }
  return true;
}
