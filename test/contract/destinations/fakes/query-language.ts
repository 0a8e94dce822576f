/** A literal, a column by its dotted name, or a function of such. */
type Operand =
  | { readonly is: "literal"; readonly value: string | number }
  | { readonly is: "column"; readonly name: string }
  | { readonly is: "call"; readonly name: string; readonly args: readonly Operand[] };

type Condition =
  | { readonly is: "and"; readonly of: readonly Condition[] }
  | { readonly is: "or"; readonly of: readonly Condition[] }
  | { readonly is: "compare"; readonly left: Operand; readonly operator: string; readonly right: Operand };

interface Join {
  readonly table: string;
  readonly alias: string;
  readonly on: readonly [string, string];
}

export interface Query {
  readonly columns: readonly { readonly operand: Operand; readonly alias: string | null }[];
  readonly table: string;
  readonly alias: string;
  readonly joins: readonly Join[];
  readonly where: Condition | null;
  readonly orderBy: readonly string[];
  readonly limit: number | null;
}

/** How one row answers: the value of a column, or of a function. An unknown name throws `QueryError`. */
export interface Row {
  column(name: string): string | number | boolean | null;
  call(name: string, args: readonly (string | number | boolean | null)[]): string | number | boolean | null;
}

export class QueryError extends Error {}

const TOKEN =
  /\s*(?:(?<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))|(?<number>\d+(?:\.\d+)?)|(?<name>[A-Za-z_][A-Za-z0-9_.]*)|(?<symbol><=|>=|!=|[=<>(),])|(?<text>'))/y;

interface Token {
  readonly is: "time" | "number" | "name" | "symbol" | "text";
  readonly value: string;
}

/** SOQL escapes a quote with a backslash, SQL by doubling it. */
function tokensOf(query: string, quote: "backslash" | "doubled"): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (query.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(query)?.groups;
    if (groups === undefined) throw new QueryError(`unexpected token: ${query.slice(at, at + 20)}`);
    at = TOKEN.lastIndex;
    if (groups["text"] === undefined) {
      const [is, value] = Object.entries(groups).find((entry) => entry[1] !== undefined) as [Token["is"], string];
      tokens.push({ is, value });
      continue;
    }
    const inner = (quote === "backslash" ? /(?:[^'\\]|\\.)*/sy : /(?:[^']|'')*/y) as RegExp;
    inner.lastIndex = at;
    const raw = inner.exec(query)?.[0] ?? "";
    at += raw.length + 1;
    if (query[at - 1] !== "'") throw new QueryError("a text does not end");
    const unescape = (_whole: string, character: string) => ({ n: "\n", r: "\r" })[character] ?? character;
    tokens.push({ is: "text", value: quote === "backslash" ? raw.replace(/\\(.)/gs, unescape) : raw.replaceAll("''", "'") });
  }
  return tokens;
}

/** Parses the part of SQL that SOQL and SuiteQL share: columns, joins by equality, AND and OR, functions, order, limit. */
export function parseQuery(text: string, quote: "backslash" | "doubled"): Query {
  const tokens = tokensOf(text, quote);
  let at = 0;
  const peek = (word: string): boolean => tokens[at]?.is !== "text" && tokens[at]?.value.toUpperCase() === word;
  const take = (word: string): boolean => (peek(word) ? (at++, true) : false);
  const need = (word: string): void => {
    if (!take(word)) throw new QueryError(`expected ${word}, found ${tokens[at]?.value ?? "the end"}`);
  };
  const name = (): string => {
    const token = tokens[at++];
    if (token?.is !== "name") throw new QueryError(`expected a name, found ${token?.value ?? "the end"}`);
    return token.value;
  };
  const operand = (): Operand => {
    const token = tokens[at++];
    if (token === undefined) throw new QueryError("expected a value, found the end");
    if (token.is === "symbol") throw new QueryError(`unexpected ${token.value}`);
    if (token.is === "number") return { is: "literal", value: Number(token.value) };
    if (token.is !== "name") return { is: "literal", value: token.value };
    if (!take("(")) return { is: "column", name: token.value };
    const args = listed(operand);
    need(")");
    return { is: "call", name: token.value.toUpperCase(), args };
  };
  function listed<T>(one: () => T): T[] {
    const all = [one()];
    while (take(",")) all.push(one());
    return all;
  }
  const comparison = (): Condition => {
    if (take("(")) {
      const inner = either();
      need(")");
      return inner;
    }
    const left = operand();
    const operator = tokens[at++];
    if (operator?.is !== "symbol" || !["=", "<", ">", "<=", ">=", "!="].includes(operator.value))
      throw new QueryError(`expected a comparison, found ${operator?.value ?? "the end"}`);
    return { is: "compare", left, operator: operator.value, right: operand() };
  };
  const chain = (is: "and" | "or", one: () => Condition): Condition => {
    const of = [one()];
    while (take(is.toUpperCase())) of.push(one());
    return of.length === 1 && of[0] !== undefined ? of[0] : { is, of };
  };
  // Salesforce refuses AND and OR side by side without brackets; SQL binds AND closer. Ours always has brackets.
  const both = (): Condition => chain("and", comparison);
  const either = (): Condition => chain("or", both);

  need("SELECT");
  const columns = listed(() => ({ operand: operand(), alias: take("AS") ? name() : null }));
  need("FROM");
  const table = name();
  const alias = tokens[at]?.is === "name" && !["WHERE", "ORDER", "LEFT", "LIMIT"].includes(tokens[at]?.value ?? "") ? name() : table;
  const joins: Join[] = [];
  while (take("LEFT")) {
    need("JOIN");
    const [joined, joinedAlias] = [name(), name()];
    need("ON");
    const left = name();
    need("=");
    joins.push({ table: joined, alias: joinedAlias, on: [left, name()] });
  }
  const where = take("WHERE") ? either() : null;
  const orderBy = take("ORDER") ? (need("BY"), listed(name)) : [];
  const limit = take("LIMIT") ? Number(tokens[at++]?.value) : null;
  if (at < tokens.length) throw new QueryError(`unexpected ${tokens[at]?.value}`);
  return { columns, table, alias, joins, where, orderBy, limit };
}

export function valueOf(operand: Operand, row: Row): string | number | boolean | null {
  switch (operand.is) {
    case "literal":
      return operand.value;
    case "column":
      return row.column(operand.name);
    case "call":
      return row.call(
        operand.name,
        operand.args.map((each) => valueOf(each, row)),
      );
  }
}

export function holds(condition: Condition, row: Row): boolean {
  if (condition.is === "and") return condition.of.every((each) => holds(each, row));
  if (condition.is === "or") return condition.of.some((each) => holds(each, row));
  const [left, right] = [valueOf(condition.left, row), valueOf(condition.right, row)];
  if (left === null || right === null) return false;
  const order = compare(left, right);
  return (
    { "=": order === 0, "!=": order !== 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0 }[condition.operator] === true
  );
}

/** Numbers by value, all else as text. */
export function compare(left: string | number | boolean, right: string | number | boolean): number {
  if (typeof left === "number" || typeof right === "number") return Number(left) - Number(right);
  return String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0;
}
