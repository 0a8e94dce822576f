import { whyUnmet, type When } from "./conditions.ts";
import { compareDecimals, parseDecimal } from "./decimal.ts";
import { canonicalFields, parseEntity, type EntityKind } from "./entities/index.ts";
import { isJsonObject, readPath, type JsonObject, type JsonValue } from "./json.ts";
import { scalarText } from "./mapping.ts";

/** Questions that others ask while somebody waits, answered from a system that owns the answer. */
export const SERVICE_NAMES = ["credit-check", "order-validation", "entitlement-lookup", "order-status"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** How a service may ask a system: what its owner has approved. */
export interface ServiceConfig<Owner extends string = string, Destination extends string = string> {
  readonly owner: Owner;
  /** The destination that is read, within its own limits, and the kind of record. */
  readonly destination: Destination;
  readonly kind: EntityKind;
  /** Canonical fields that may be answered; dotted for those within. */
  readonly fields: readonly string[];
  /** An answer may be this old; 0: never from memory. */
  readonly maxAgeSeconds: number;
  readonly deadlineMs: number;
  /** What is answered when the system does not in time; "refuse": nothing but 503. */
  readonly fallback: JsonObject | "refuse";
  /** What a record must be for a credit check to approve, and the field with the largest amount. */
  readonly approve?: { readonly when?: When; readonly limitField?: string };
}

export type ServicesConfig<Owner extends string = string, Destination extends string = string> = Readonly<
  Partial<Record<ServiceName, ServiceConfig<Owner, Destination>>>
>;

/** What a caller asks about. */
export interface Question {
  readonly name: ServiceName;
  readonly nowMs: number;
  readonly amount?: string | undefined;
  readonly order?: JsonObject | undefined;
}

/** What a service makes of a record: null for one that is not there. Nothing else is asked of anybody. */
export function serviceResult(config: ServiceConfig, { name, nowMs, ...question }: Question, record: JsonObject | null): JsonObject {
  switch (name) {
    case "credit-check":
      return creditResult(config, question, record);
    case "order-validation": {
      const problems = orderProblems(question.order ?? {}, record);
      return { valid: problems.length === 0, problems: [...problems] };
    }
    case "entitlement-lookup":
      return { entitled: record !== null && isInForce(record, nowMs) };
    case "order-status":
      return { status: record === null ? null : (readPath(record, "status") ?? null) };
  }
}

function creditResult({ approve = {} }: ServiceConfig, { amount }: Pick<Question, "amount">, record: JsonObject | null): JsonObject {
  if (record === null) return { approved: false, because: "there is no such customer" };
  const unmet = whyUnmet(approve.when, record);
  if (unmet !== null) return { approved: false, because: unmet };
  if (amount === undefined || approve.limitField === undefined) return { approved: true, because: "it fulfils all conditions" };
  const limit = parseDecimal(scalarText(readPath(record, approve.limitField)) ?? "");
  const asked = parseDecimal(amount);
  if (!limit.ok || !asked.ok) return { approved: false, because: `no limit is known in ${approve.limitField}` };
  const within = compareDecimals(asked.value, limit.value) <= 0;
  return { approved: within, because: `${amount} is ${within ? "within" : "above"} its limit` };
}

/** Whether an entitlement is active, has begun and has not ended. */
function isInForce(record: JsonObject, nowMs: number): boolean {
  const time = (field: string): number => Date.parse(scalarText(record[field]) ?? "");
  return record["status"] === "active" && !(time("startsAt") > nowMs) && !(time("endsAt") <= nowMs);
}

/** Everything that is wrong with an order before any system sees it: its schema, its lines' currencies, its customer. */
function orderProblems(order: JsonObject, customer: JsonObject | null): readonly string[] {
  const parsed = parseEntity("order", order);
  if (!parsed.ok) return [parsed.failure];
  const lines = Array.isArray(order["lines"]) ? order["lines"] : [];
  const currency = readPath(order, "total.currency");
  const foreign = lines.filter((line) => {
    const found = isJsonObject(line) ? readPath(line, "unitPrice.currency") : undefined;
    return found !== undefined && currency !== undefined && found !== currency;
  });
  return [
    ...(lines.length === 0 ? ["lines: an order has at least one"] : []),
    ...(foreign.length === 0 ? [] : [`lines: ${foreign.length} of them are not in ${scalarText(currency) ?? ""}, the total's currency`]),
    ...(order["customerId"] === undefined ? ["customerId: is missing"] : []),
    ...(order["customerId"] !== undefined && customer === null ? ["customerId: there is no such customer"] : []),
    ...(customer?.["status"] === "inactive" ? ["customerId: the customer is inactive"] : []),
  ];
}

/** The fields of a record that may be answered. */
export function chosenFields(record: JsonObject, fields: readonly string[]): JsonObject {
  const chosen: Record<string, JsonValue> = {};
  for (const field of fields) {
    const value = readPath(record, field);
    if (value !== undefined) chosen[field] = value;
  }
  return chosen;
}

interface Declared {
  readonly owners: object;
  readonly destinations: object;
  readonly services?: ServicesConfig;
}

/** Everything wrong with the declared services, each by the word that it is about. */
export const serviceMistakes = (config: Declared): readonly { readonly entry: string; readonly word: string; readonly message: string }[] =>
  Object.entries(config.services ?? {}).flatMap(([entry, service]) =>
    mistakesOf(service, config).map(([word, message]) => ({ entry, word, message })),
  );

const mistakesOf = (service: ServiceConfig, { owners, destinations }: Declared): readonly (readonly [word: string, message: string])[] => [
  ...(service.owner in owners ? [] : [[service.owner, `unknown owner "${service.owner}"`] as const]),
  ...(service.destination in destinations ? [] : [[service.destination, `unknown destination "${service.destination}"`] as const]),
  ...service.fields
    .filter((field) => !field.startsWith("custom.") && !canonicalFields(service.kind).has(field.split(".")[0] ?? ""))
    .map((field) => [field, `${service.kind} has no field "${field}"`] as const),
  ...(service.deadlineMs > 0 && service.deadlineMs <= 30_000
    ? []
    : [["deadlineMs", "deadlineMs: must be above 0 and at most 30,000"] as const]),
  ...(service.maxAgeSeconds >= 0 ? [] : [["maxAgeSeconds", "maxAgeSeconds: must be 0 or more"] as const]),
];
