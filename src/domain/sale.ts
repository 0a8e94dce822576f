import type { EntityKind } from "./entities/index.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** An opportunity's stage as its order's status. Routes let won ones in; one that is taken back later must not stay confirmed. */
const ORDER_STATUS_OF_STAGE: Readonly<Record<string, string>> = { won: "confirmed", lost: "cancelled" };

/** The order that a sale becomes in an ERP, in canonical words, under the opportunity's key. */
function orderOfSale(opportunityKey: string, data: JsonObject): JsonObject {
  const order: Record<string, JsonValue | undefined> = {
    opportunityId: opportunityKey,
    customerId: data["customerId"],
    total: data["amount"],
    status: ORDER_STATUS_OF_STAGE[typeof data["stage"] === "string" ? data["stage"] : ""] ?? "draft",
    region: data["region"],
    lines: data["lines"],
    custom: data["custom"],
    extra: data["extra"],
  };
  return Object.fromEntries(Object.entries(order).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));
}

/** What an ERP is to hold: the order that a sale becomes, or any other record as it is. */
export const contentForErp = ({
  entity,
  data,
}: {
  readonly entity: { readonly kind: EntityKind; readonly key: string };
  readonly data: JsonObject;
}): JsonObject => (entity.kind === "opportunity" ? orderOfSale(entity.key, data) : data);
