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

/**
 * A token as text whose alphabetical order is the tokens': numbers begin with how long they are. Null for none. Only
 * tokens of one kind, one source and one entity may be compared by it.
 */
export function sortable(token: OrderToken): string | null {
  switch (token.kind) {
    case "none":
      return null;
    case "lex":
      return token.value;
    case "int":
    case "time": {
      const value = BigInt(token.value);
      const digits = String(value < 0n ? -value : value);
      const length = String(digits.length).padStart(3, "0");
      return value < 0n ? `-${complement(`${length}${digits}`)}` : `0${length}${digits}`;
    }
  }
}

/** Of two numbers below zero the longer one is the smaller. */
const complement = (digits: string): string => digits.replaceAll(/\d/g, (digit) => String(9 - Number(digit)));
