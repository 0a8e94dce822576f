import { compareDecimals, parseDecimal } from "../../domain/decimal.ts";
import { exactNumber, isJsonObject, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import type { Settings } from "./settings.ts";

/**
 * A line's price as a manual adjustment of it (`manualPriceAdjustments`). What an adjustment says beside its amount, such as
 * its type, charge and reason, is the team's; without that setting Fusion's pricing alone decides.
 * https://docs.oracle.com/en/cloud/saas/supply-chain-and-manufacturing/26b/fasrp/op-salesordersfororderhub-orderkey-child-lines-linesuniqid-child-manualpriceadjustments-post.html
 */
export interface Price {
  readonly amount: string;
  readonly currency: string;
}

export interface HeldPrice extends Price {
  readonly adjustmentId: string;
}

const ADJUSTMENTS = "manualPriceAdjustments";
/** Names the adjustment as ours: the line's own name. */
const OURS = "SourceManualPriceAdjustmentIdentifier";
const ID = "ManualPriceAdjustmentId";

/** How lines are expanded with an order, and what of a line when lines are read alone. */
export const expansionOf = ({ priceAdjustment }: Settings): { readonly order: string; readonly line?: string } =>
  priceAdjustment === undefined ? { order: "lines" } : { order: `lines.${ADJUSTMENTS}`, line: ADJUSTMENTS };

/** The price that a canonical line wants; undefined where prices are Fusion's, or it names none. */
export function priceWanted(unitPrice: JsonValue | undefined, { priceAdjustment }: Settings): Price | undefined {
  const { amount, currency } = isJsonObject(unitPrice) ? unitPrice : {};
  const plain = parseDecimal(scalarText(amount) ?? "");
  return priceAdjustment === undefined || !plain.ok ? undefined : { amount: plain.value, currency: scalarText(currency) ?? "" };
}

/** Our own price of a line as the order holds it. */
export function priceHeld(line: JsonObject, lineId: string, currency: string): HeldPrice | undefined {
  const given = line[ADJUSTMENTS];
  const adjustment = objectsIn(isJsonObject(given) ? given["items"] : given).find((each) => each[OURS] === lineId);
  const amount = parseDecimal(scalarText(adjustment?.["AdjustmentAmount"]) ?? "");
  return adjustment === undefined || !amount.ok
    ? undefined
    : { amount: amount.value, currency, adjustmentId: scalarText(adjustment[ID]) ?? "" };
}

/** What makes the price held into the one wanted; nothing where they agree or none is wanted. */
export function priceChange(lineId: string, wanted: Price | undefined, held: HeldPrice | undefined, settings: Settings): JsonObject {
  if (wanted === undefined || (held !== undefined && compareDecimals(wanted.amount, held.amount) === 0)) return {};
  const amount = { AdjustmentAmount: exactNumber(wanted.amount) };
  const adjustment =
    held === undefined ? { ...settings.priceAdjustment, [OURS]: lineId, ...amount } : { [ID]: exactNumber(held.adjustmentId), ...amount };
  return { [ADJUSTMENTS]: [adjustment] };
}
