/** A value as the fakes keep it: stamps, days and times of day are milliseconds. */
export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, unknown>>;

export class BadQuery extends Error {}

export interface QueryTerms {
  /** The type of a property, such as `DateTimeOffset`; throws BadQuery for one that does not exist. */
  readonly typeOf: (property: string) => string;
  readonly version: "v2" | "v4";
}

type Condition = (row: Row) => boolean;

const TOKEN = /\s*(?:(datetimeoffset|datetime)'([^']*)'|'((?:[^']|'')*)'|(\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?)|([A-Za-z_]\w*)|([()]))/y;
type Token =
  | { readonly is: "literal"; readonly type: string; readonly value: string | number }
  | { readonly is: "name" | "bracket"; readonly text: string };

/** Reads a `$filter` of comparisons, `and`, `or` and brackets, as far as OData 2.0 and 4.01 agree, each with its own literals. */
export function readFilter(text: string, terms: QueryTerms): Condition {
  const tokens = tokensOf(text, terms.version);
  const either = (): Condition => {
    const parts = [both()];
    while (take("or")) parts.push(both());
    return (row) => parts.some((part) => part(row));
  };
  const both = (): Condition => {
    const parts = [one()];
    while (take("and")) parts.push(one());
    return (row) => parts.every((part) => part(row));
  };
  const one = (): Condition => {
    if (!take("(")) return comparison();
    const inner = either();
    if (!take(")")) throw new BadQuery("a bracket is not closed");
    return inner;
  };
  const comparison = (): Condition => {
    const [property, operator, literal] = [tokens.shift(), tokens.shift(), tokens.shift()];
    if (property?.is !== "name" || operator?.is !== "name" || literal?.is !== "literal")
      throw new BadQuery(`Invalid filter near "${text}"`);
    const type = terms.typeOf(property.text);
    if (type !== literal.type)
      throw new BadQuery(`Operator "${operator.text}" incompatible with operand types ${type} and ${literal.type}`);
    return (row) => holds(operator.text, row[property.text], literal.value);
  };
  const take = (word: string): boolean => {
    const [next] = tokens;
    const is = next !== undefined && next.is !== "literal" && next.text === word;
    if (is) tokens.shift();
    return is;
  };
  const condition = either();
  if (tokens.length > 0) throw new BadQuery(`Invalid filter: something follows in "${text}"`);
  return condition;
}

function tokensOf(text: string, version: "v2" | "v4"): Token[] {
  const tokens: Token[] = [];
  const token = new RegExp(TOKEN);
  while (token.lastIndex < text.trimEnd().length) {
    const match = token.exec(text);
    if (match === null) throw new BadQuery(`Invalid filter: "${text}"`);
    const [, wrapper, wrapped = "", quoted, bare, name, bracket] = match;
    if ((wrapper !== undefined) === (version === "v4") && (wrapper ?? bare) !== undefined)
      throw new BadQuery("a time literal of the other version");
    if (wrapper !== undefined)
      tokens.push({ is: "literal", type: wrapper === "datetime" ? "DateTime" : "DateTimeOffset", value: timeOf(wrapped) });
    else if (bare !== undefined) tokens.push({ is: "literal", type: bare.includes("T") ? "DateTimeOffset" : "Date", value: timeOf(bare) });
    else if (quoted !== undefined) tokens.push({ is: "literal", type: "String", value: quoted.replaceAll("''", "'") });
    else tokens.push(name === undefined ? { is: "bracket", text: bracket ?? "" } : { is: "name", text: name });
  }
  return tokens;
}

const timeOf = (text: string): number => {
  const ms = Date.parse(text.endsWith("Z") || !text.includes("T") ? text : `${text}Z`);
  if (Number.isNaN(ms)) throw new BadQuery(`"${text}" is no time`);
  return ms;
};

function holds(operator: string, held: unknown, wanted: string | number): boolean {
  if (operator === "eq") return held === wanted;
  if (held === null || held === undefined) return false;
  const order = compareValues(held, wanted);
  switch (operator) {
    case "ge":
      return order >= 0;
    case "gt":
      return order > 0;
    case "lt":
      return order < 0;
    case "le":
      return order <= 0;
    default:
      throw new BadQuery(`Invalid operator "${operator}"`);
  }
}

/** Document numbers are kept with leading zeros, so they compare as numbers. */
export function compareValues(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const [a, b] = [String(left), String(right)].map((text) => (/^\d+$/.test(text) ? text.padStart(10, "0") : text)) as [string, string];
  return a < b ? -1 : a > b ? 1 : 0;
}
