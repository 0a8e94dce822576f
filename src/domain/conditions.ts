import { compareDecimals, parseDecimal } from "./decimal.ts";
import { isJsonObject, readPath, type JsonObject, type JsonValue } from "./json.ts";
import { scalarText } from "./mapping.ts";

/** What a field must be, beyond being one of some values. Several hold together; amounts are decimals as text. */
export interface Bounds {
  readonly gte?: string;
  readonly gt?: string;
  readonly lte?: string;
  readonly lt?: string;
  readonly not?: JsonValue;
  readonly startsWith?: string;
  readonly exists?: boolean;
}

/** One value, one of several, or bounds. */
export type Condition = JsonValue | Bounds;

/** Every named field of the entity's data (dotted, such as `amount.amount` or `lines.0.sku`) must fulfil its condition. */
export type When = Readonly<Record<string, Condition>>;

const BOUND_NAMES: ReadonlySet<string> = new Set(["gte", "gt", "lte", "lt", "not", "startsWith", "exists"]);

const isBounds = (condition: Condition): condition is Bounds =>
  isJsonObject(condition) && Object.keys(condition).length > 0 && Object.keys(condition).every((name) => BOUND_NAMES.has(name));

/** The first condition that data does not fulfil, in words; null if it fulfils all. */
export function whyUnmet(when: When | undefined, data: JsonObject): string | null {
  for (const [field, condition] of Object.entries(when ?? {})) {
    const found = readPath(data, field);
    if (!fulfils(condition, found)) return `${field} is ${JSON.stringify(found ?? null)}, it wants ${JSON.stringify(condition)}`;
  }
  return null;
}

function fulfils(condition: Condition, found: JsonValue | undefined): boolean {
  if (!isBounds(condition)) return Array.isArray(condition) ? condition.includes(found ?? null) : condition === (found ?? null);
  const { not, startsWith, exists } = condition;
  if (exists !== undefined && exists !== (found !== undefined && found !== null)) return false;
  if (not !== undefined && (Array.isArray(not) ? not.includes(found ?? null) : not === (found ?? null))) return false;
  if (startsWith !== undefined && scalarText(found)?.startsWith(startsWith) !== true) return false;
  return ORDERS.every(({ name, holds }) => {
    const bound = condition[name];
    if (bound === undefined) return true;
    const value = parseDecimal(scalarText(found) ?? "");
    const limit = parseDecimal(bound);
    return value.ok && limit.ok && holds(compareDecimals(value.value, limit.value));
  });
}

const ORDERS = [
  { name: "gte", holds: (sign: number) => sign >= 0 },
  { name: "gt", holds: (sign: number) => sign > 0 },
  { name: "lte", holds: (sign: number) => sign <= 0 },
  { name: "lt", holds: (sign: number) => sign < 0 },
] as const;

/** Bounds that are no decimals, or that nothing can fulfil; for the configuration's check. */
export function mistakesIn(when: When | undefined): readonly { readonly field: string; readonly message: string }[] {
  return Object.entries(when ?? {}).flatMap(([field, condition]) => {
    if (!isBounds(condition))
      return isJsonObject(condition)
        ? [{ field, message: "is no value, no list and no bounds (gte, gt, lte, lt, not, startsWith, exists)" }]
        : [];
    const bad = ORDERS.flatMap(({ name }) => {
      const bound = condition[name];
      return bound === undefined || parseDecimal(bound).ok ? [] : [{ field, message: `${name}: "${bound}" is no decimal` }];
    });
    return bad.length > 0 || !isEmpty(condition) ? bad : [{ field, message: "no value can fulfil these bounds" }];
  });
}

/** Whether one event could satisfy both sets of conditions, as far as values and bounds of one field tell. */
export function canBothHold(left: When | undefined, right: When | undefined): boolean {
  for (const [field, wanted] of Object.entries(left ?? {})) {
    const other = right?.[field];
    if (other !== undefined && !canShare(wanted, other)) return false;
  }
  return true;
}

function canShare(left: Condition, right: Condition): boolean {
  if (!isBounds(left))
    return (Array.isArray(left) ? (left as readonly JsonValue[]) : [left]).some((value) => fulfils(right, value ?? undefined));
  if (!isBounds(right)) return canShare(right, left);
  return !isEmpty({
    ...tighter(left, right, "gte", 1),
    ...tighter(left, right, "gt", 1),
    ...tighter(left, right, "lte", -1),
    ...tighter(left, right, "lt", -1),
  });
}

/** The stricter of two bounds of one kind. */
function tighter(left: Bounds, right: Bounds, name: (typeof ORDERS)[number]["name"], sign: number): Bounds {
  const bounds = [left[name], right[name]].filter((bound) => bound !== undefined);
  const strictest = bounds.toSorted((a, b) => compareDecimals(a, b) * sign).at(-1);
  return strictest === undefined ? {} : { [name]: strictest };
}

/** Whether no number lies within. */
function isEmpty({ gte, gt, lte, lt }: Bounds): boolean {
  const floors = [gte, gt].filter((bound) => bound !== undefined);
  const ceilings = [lte, lt].filter((bound) => bound !== undefined);
  return floors.some((floor) =>
    ceilings.some((ceiling) => {
      const gap = compareDecimals(floor, ceiling);
      return gap > 0 || (gap === 0 && (floor === gt || ceiling === lt));
    }),
  );
}
