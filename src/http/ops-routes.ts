import type { RouterConfig } from "../domain/config.ts";
import { parseEntity } from "../domain/entities/index.ts";
import type { EntityEvent } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import { NO_ORDER } from "../domain/order.ts";
import { permit } from "../domain/ownership.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { planRoutes } from "../domain/routing.ts";
import type { AnswerOf, BodyOf } from "./operations.ts";
import type { Refused } from "./ops-ports.ts";

/** Plans an event that nobody sent: the same functions decide as for a real one. */
export function explainRoutes(config: RouterConfig, asked: BodyOf<"explainRoutes">): Result<AnswerOf<"explainRoutes">, Refused> {
  if (config.sources[asked.source] === undefined)
    return fail({
      code: "invalid_request",
      detail: `source: unknown "${asked.source}"; there are ${Object.keys(config.sources).join(", ")}`,
    });
  const parsed = parseEntity(asked.kind, asked.data);
  if (!parsed.ok) return fail({ code: "invalid_request", detail: `data: ${parsed.failure}` });
  const event = imagined(asked, parsed.value);
  const plan = planRoutes(config, event);
  const owners = new Map(config.routes.map(({ name, owner }) => [name, owner]));
  const lanes = plan.lanes.map(({ destination, route }) => {
    const permitted = permit(config, event, destination, parsed.value);
    return {
      destination,
      route,
      owner: owners.get(route) ?? "nobody",
      refused: permitted.ok ? null : permitted.failure,
      withheld: permitted.ok ? [...permitted.value.withheld] : [],
    };
  });
  return ok({ lanes, routing: [...plan.why] });
}

const imagined = ({ source, kind, key, nature }: BodyOf<"explainRoutes">, data: JsonObject): EntityEvent => ({
  v: 1,
  specversion: "1.0",
  id: "evt_imagined",
  source: `/in/${source}`,
  type: `${kind}.imagined`,
  correlationid: "",
  traceparent: "",
  sourceName: source,
  receivedAtMs: 0,
  priority: "standard",
  verdict: "unattempted",
  secretId: "",
  configVersion: "",
  deliveryId: "",
  synthetic: true,
  contentHash: "",
  contentType: "application/json",
  raw: { at: "text", text: "" },
  what: "entity",
  entity: { kind, key, schemaVersion: 1 },
  nature,
  deleted: false,
  order: NO_ORDER,
  rank: 0,
  payload: { at: "inline", data },
});
