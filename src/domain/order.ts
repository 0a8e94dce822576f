import * as z from "zod";

/**
 * What says which of two events about one entity is newer. Tokens compare only within one kind, one source and one
 * entity: `int` as BigInt (row versions, sequence numbers), `time` as milliseconds since 1970, `lex` as text.
 */
export const OrderToken = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("int"), value: z.string().regex(/^-?\d+$/) }),
  z.object({ kind: z.literal("time"), value: z.string().regex(/^\d+$/) }),
  z.object({ kind: z.literal("lex"), value: z.string().min(1) }),
  z.object({ kind: z.literal("none") }),
]);
export type OrderToken = z.infer<typeof OrderToken>;

export type Comparison = "newer" | "equal" | "older" | "incomparable";

export const NO_ORDER: OrderToken = { kind: "none" };

export const timeToken = (ms: number): OrderToken =>
  Number.isFinite(ms) && ms >= 0 ? { kind: "time", value: String(Math.trunc(ms)) } : NO_ORDER;

/** How `candidate` stands to `known`. Different kinds, or none, are incomparable: arrival decides. */
export function compareTokens(candidate: OrderToken, known: OrderToken): Comparison {
  if (candidate.kind === "none" || known.kind === "none" || candidate.kind !== known.kind) return "incomparable";
  const [left, right] = candidate.kind === "lex" ? [candidate.value, known.value] : [BigInt(candidate.value), BigInt(known.value)];
  return left > right ? "newer" : left < right ? "older" : "equal";
}
