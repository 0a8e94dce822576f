/**
 * The part of OData 4.0's query language that services understand here: `and`, `or`, `not`, parentheses, comparisons of a
 * property with a literal, and Dataverse's `In` function. Anything else is refused, as are properties that a set does not have.
 */
export type Row = Readonly<Record<string, unknown>>;
export type Filter = (row: Row) => boolean;

export class QueryError extends Error {}

export interface FilterRules {
  readonly properties: ReadonlySet<string>;
  /** Business Central cannot join two properties by `or`. */
  readonly noOrAcrossProperties?: boolean;
  /** Types whose text is compared without regard to case. */
  readonly ignoreCase?: boolean;
}

const TOKEN =
  /\s*(?:(\(|\)|,)|'((?:[^']|'')*)'|(\[[^\]]*\])|(\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?)|([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*(?:'[^']*')?)|(=))/y;

interface Token {
  readonly kind: "mark" | "text" | "list" | "time" | "guid" | "number" | "name";
  readonly text: string;
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null) throw new QueryError(`Syntax error at position ${at} in '${source}'.`);
    const [, mark, text, list, time, guid, number, name, equals] = match;
    if (mark !== undefined || equals !== undefined) found.push({ kind: "mark", text: mark ?? equals ?? "" });
    else if (text !== undefined) found.push({ kind: "text", text: text.replaceAll("''", "'") });
    else if (list !== undefined) found.push({ kind: "list", text: list });
    else if (time !== undefined) found.push({ kind: "time", text: time });
    else if (guid !== undefined) found.push({ kind: "guid", text: guid.toLowerCase() });
    else if (number !== undefined) found.push({ kind: "number", text: number });
    else found.push({ kind: "name", text: name ?? "" });
  }
  return found;
}

export function parseFilter(source: string, rules: FilterRules): Filter {
  const rest = tokens(source);
  const used = new Set<string>();
  let hasOr = false;
  const take = (text?: string): Token => {
    const token = rest.shift();
    if (token === undefined || (text !== undefined && token.text !== text))
      throw new QueryError(`Expected ${text ?? "more"} in '${source}'.`);
    return token;
  };
  const property = (token: Token): string => {
    if (token.kind !== "name" || !rules.properties.has(token.text))
      throw new QueryError(`Could not find a property named '${token.text}' on the type.`);
    used.add(token.text);
    return token.text;
  };
  const any = (): Filter => {
    let left = all();
    while (rest[0]?.text === "or" && rest[0].kind === "name") {
      take();
      hasOr = true;
      const [one, two] = [left, all()];
      left = (row) => one(row) || two(row);
    }
    return left;
  };
  const all = (): Filter => {
    let left = single();
    while (rest[0]?.text === "and" && rest[0].kind === "name") {
      take();
      const [one, two] = [left, single()];
      left = (row) => one(row) && two(row);
    }
    return left;
  };
  const single = (): Filter => {
    const token = take();
    if (token.kind === "mark" && token.text === "(") {
      const inner = any();
      take(")");
      return inner;
    }
    if (token.kind === "name" && token.text === "not") {
      const inner = single();
      return (row) => !inner(row);
    }
    if (token.kind === "name" && token.text === "Microsoft.Dynamics.CRM.In") return inList();
    const name = property(token);
    const operator = take().text;
    return comparison(name, operator, take(), rules);
  };
  const inList = (): Filter => {
    take("(");
    take("PropertyName");
    take("=");
    const name = property({ kind: "name", text: take().text });
    take(",");
    take("PropertyValues");
    take("=");
    const list = take();
    take(")");
    if (list.kind !== "list") throw new QueryError("PropertyValues must be a list.");
    const values = new Set(
      list.text
        .slice(1, -1)
        .split(",")
        .map((value) => value.trim().replace(/^'|'$/g, "")),
    );
    return (row) => values.has(String(row[name]));
  };
  const filter = any();
  if (rest.length > 0) throw new QueryError(`Syntax error near '${rest[0]?.text}' in '${source}'.`);
  if (hasOr && used.size > 1 && rules.noOrAcrossProperties === true)
    throw new QueryError("An unknown error: the filter expression joins distinct fields by 'or'.");
  return filter;
}

function comparison(name: string, operator: string, token: Token, rules: FilterRules): Filter {
  const tests: Readonly<Record<string, (order: number) => boolean>> = {
    eq: (order) => order === 0,
    ne: (order) => order !== 0,
    gt: (order) => order > 0,
    ge: (order) => order >= 0,
    lt: (order) => order < 0,
    le: (order) => order <= 0,
  };
  const test = tests[operator];
  if (test === undefined || token.kind === "mark" || token.kind === "list") throw new QueryError(`'${operator}' is no operator.`);
  if (token.kind === "name") {
    const word = /'([^']*)'$/.exec(token.text)?.[1] ?? token.text;
    if (word === "null") return (row) => test((row[name] ?? null) === null ? 0 : 1);
    if (!["eq", "ne"].includes(operator)) throw new QueryError(`'${operator}' does not take an enumeration.`);
    return (row) => test(String(row[name]) === word ? 0 : 1);
  }
  const value = (raw: unknown): string | number => {
    if (token.kind === "time") return Date.parse(String(raw));
    if (token.kind === "number") return Number(raw);
    return rules.ignoreCase === true ? String(raw).toUpperCase() : String(raw);
  };
  const wanted = value(token.text);
  return (row) => {
    if ((row[name] ?? null) === null) return false;
    const held = value(row[name]);
    return test(held < wanted ? -1 : held > wanted ? 1 : 0);
  };
}

/** `$orderby`: properties, ascending unless `desc`. */
export function parseOrder(source: string, rules: FilterRules): (left: Row, right: Row) => number {
  const steps = source.split(",").map((step) => {
    const [name = "", way = "asc"] = step.trim().split(/\s+/);
    if (!rules.properties.has(name) || !["asc", "desc"].includes(way)) throw new QueryError(`Cannot order by '${step.trim()}'.`);
    return { name, sign: way === "asc" ? 1 : -1 };
  });
  return (left, right) => {
    for (const { name, sign } of steps) {
      const [a, b] = [left[name] as string | number, right[name] as string | number];
      if (a !== b) return a < b ? -sign : sign;
    }
    return 0;
  };
}
