import * as z from "zod";
import { DESTINATIONS } from "../../src/destinations/index.ts";
import type { Delivery, Failed } from "../../src/destinations/define.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import { ENTITY_KINDS, entityDefinition, parseEntity, upgradeEntity } from "../../src/domain/entities/index.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { ownEvent } from "../../src/domain/own-event.ts";
import { fail } from "../../src/domain/result.ts";
import { planRoutes } from "../../src/domain/routing.ts";
import { deliveryOf } from "../../src/pipeline/deliver.ts";

/** One recorded event in canonical words, without what is personal. */
export const Recorded = z.object({
  eventId: z.string(),
  source: z.string(),
  type: z.string(),
  kind: z.enum(ENTITY_KINDS),
  key: z.string(),
  /** Of the schema that its data was in. */
  schemaVersion: z.number().int(),
  nature: z.enum(["snapshot", "delta", "hint"]),
  deleted: z.boolean(),
  data: z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value)),
  cleared: z.array(z.string()),
  /** The destinations that it went to. */
  went: z.array(z.string()),
});
export type Recorded = z.infer<typeof Recorded>;

/** A promise that a configuration or schema would not keep for what was recorded. */
export interface Broken {
  readonly eventId: string;
  readonly what: "schema" | "route" | "request";
  readonly words: string;
}

/**
 * Takes recorded traffic through the contracts as they are now: its data lifted to today's schema and held against it, its
 * routes, and what each consumer would be asked. Nothing is sent.
 */
export async function checkTraffic(config: RouterConfig, traffic: readonly Recorded[]): Promise<readonly Broken[]> {
  const found = await Promise.all(traffic.map((recorded) => checkOne(config, recorded)));
  return found.flat();
}

async function checkOne(config: RouterConfig, recorded: Recorded): Promise<readonly Broken[]> {
  const broken = (what: Broken["what"], words: string): Broken => ({ eventId: recorded.eventId, what, words });
  const lifted = upgradeEntity(recorded.kind, recorded.schemaVersion, recorded.data);
  if (!lifted.ok) return [broken("schema", lifted.failure)];
  const parsed = parseEntity(recorded.kind, lifted.value);
  if (!parsed.ok) return [broken("schema", parsed.failure)];
  const event = eventOf(recorded, parsed.value, config.version);
  const goes = planRoutes(config, event).lanes.map(({ destination }) => destination);
  const gone = recorded.went
    .filter((destination) => !goes.includes(destination))
    .map((name) => broken("route", `it went to ${name}, and would not now`));
  const requests = await Promise.all(
    goes.map(async (destination) => [destination, await refusal(config, destination, deliveryOf(event, parsed.value))] as const),
  );
  return [
    ...gone,
    ...requests.flatMap(([destination, words]) => (words === null ? [] : [broken("request", `${destination} cannot be asked: ${words}`)])),
  ];
}

function eventOf(
  { eventId, source, type, kind, key, nature, deleted, cleared }: Recorded,
  data: JsonObject,
  configVersion: string,
): EntityEvent {
  const own = ownEvent({
    id: eventId,
    sourceName: source,
    type,
    correlationId: eventId,
    traceId: "0".repeat(31) + "1",
    receivedAtMs: 0,
    priority: "bulk",
    madeBy: "contract",
    configVersion,
    deliveryId: eventId,
    contentHash: "",
    kind,
    key,
    nature,
    order: { kind: "none" },
    data,
  });
  return { ...own, deleted, cleared };
}

/** What stands for an answer: the request is made, and goes nowhere. */
const NOT_SENT: Failed = { kind: "failed", class: "transient", detail: "nothing is sent" };

/** Why a destination's module makes no request of a delivery; null if it makes one. */
async function refusal(config: RouterConfig, name: string, delivery: Delivery): Promise<string | null> {
  const destination = config.destinations[name];
  const definition = DESTINATIONS[destination?.module ?? ""];
  if (destination === undefined || definition === undefined) return "it is not declared";
  if (definition.kinds?.includes(delivery.entity.kind) === false) return `it does not take ${delivery.entity.kind}`;
  const settings = definition.settings.parse(destination.settings ?? {});
  const secrets = Object.fromEntries(definition.secretNames(settings).map((secret) => [secret, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]));
  let asked = false;
  const outcome = await definition.write(delivery, {
    baseUrl: "https://system.invalid",
    settings,
    secrets,
    nowMs: () => 0,
    send: () => {
      asked = true;
      return Promise.resolve(fail(NOT_SENT));
    },
  });
  return asked || outcome.kind === "applied" ? null : outcome.detail;
}

/** The schema version that this checkout records. */
export const recordedVersion = (kind: Recorded["kind"]): number => entityDefinition(kind).version;
