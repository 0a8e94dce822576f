import { fail, ok, type Result } from "./result.ts";

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

/**
 * Reads a decimal written as text (or as a number whose text is exact, see json.ts) and returns it in plain notation:
 * no exponent, no plus sign, no leading zeros. Trailing zeros stay, since 1200.50 is what the books say.
 */
export function parseDecimal(value: string | number): Result<string, string> {
  const match = DECIMAL.exec(String(value).trim());
  if (match === null) return fail(`"${value}" is not a decimal number`);
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  const digits = shiftPoint(whole, fraction, Number(exponent));
  return ok(sign === "-" && /[1-9]/.test(digits) ? `-${digits}` : digits);
}

function shiftPoint(whole: string, fraction: string, places: number): string {
  const digits = whole + fraction;
  const point = whole.length + places;
  const padded = point <= 0 ? "0".repeat(1 - point) + digits : digits.padEnd(point, "0");
  const at = Math.max(point, 1);
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, "");
  const rest = padded.slice(at);
  return rest === "" ? integer : `${integer}.${rest}`;
}

/** ISO 4217 currencies whose minor unit is not a hundredth (https://docs.stripe.com/currencies#zero-decimal, ISO 4217). */
const MINOR_UNIT_DIGITS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}; // prettier-ignore

/** Turns an amount in minor units (cents) into a decimal of the currency's main unit, by moving the point in the text. */
export function fromMinorUnits(value: string | number, currency: string): Result<string, string> {
  const text = String(value);
  if (!/^-?\d+$/.test(text)) return fail(`"${text}" is not a whole number of minor units`);
  const digits = MINOR_UNIT_DIGITS[currency.toUpperCase()] ?? 2;
  const sign = text.startsWith("-") ? "-" : "";
  const moved = shiftPoint(text.slice(sign.length), "", -digits);
  return parseDecimal(sign + moved);
}

/** Compares two plain decimals by value: -1, 0 or 1. `1.5` and `1.50` are equal. */
export function compareDecimals(left: string, right: string): number {
  const scale = (text: string): number => text.split(".")[1]?.length ?? 0;
  const places = Math.max(scale(left), scale(right));
  const whole = (text: string): bigint => {
    const [integer = "0", fraction = ""] = text.split(".");
    return BigInt(integer + fraction.padEnd(places, "0"));
  };
  const difference = whole(left) - whole(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
