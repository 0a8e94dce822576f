type Value = string | number | boolean | null;
type Row = Readonly<Record<string, unknown>>;
export type Predicate = (row: Row) => boolean;

const TOKEN = /\s*(?:(\()|(\))|(>=|<=|!=|=|>|<)|'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*))/y;

type Token = { readonly is: "(" | ")" | "operator" | "text" | "number" | "name"; readonly text: string };

/**
 * `q` of framework version 2 and later: comparisons joined by `and` and `or`, with parentheses. Texts and times are
 * quoted, numbers are not. Throws with words for what it does not know, as the server refuses it.
 */
export function parseExpression(text: string, types: Readonly<Record<string, string>>): Predicate {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const isWord = (word: string): boolean => peek()?.is === "name" && peek()?.text.toLowerCase() === word;

  function any(): Predicate {
    const parts = [all()];
    while (isWord("or")) {
      at++;
      parts.push(all());
    }
    return (row) => parts.some((part) => part(row));
  }
  function all(): Predicate {
    const parts = [one()];
    while (isWord("and")) {
      at++;
      parts.push(one());
    }
    return (row) => parts.every((part) => part(row));
  }
  function one(): Predicate {
    if (peek()?.is === "(") {
      at++;
      const inner = any();
      if (tokens[at++]?.is !== ")") throw new Error("a parenthesis is not closed");
      return inner;
    }
    const [name, operator, value] = [tokens[at++], tokens[at++], tokens[at++]];
    if (name?.is !== "name" || operator?.is !== "operator" || value === undefined)
      throw new Error(`no comparison at ${name?.text ?? "the end"}`);
    const type = types[name.text];
    if (type === undefined) throw new Error(`attribute ${name.text} is not queryable`);
    if ((value.is === "number") !== (type === "number")) throw new Error(`attribute ${name.text} takes a ${type}`);
    return (row) => compare(row[name.text] as Value, operator.text, value.text, type);
  }
  const predicate = any();
  if (at !== tokens.length) throw new Error(`unexpected ${tokens[at]?.text ?? ""}`);
  return predicate;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error("unreadable expression");
    const [, open, close, operator, quoted, number, name] = match;
    if (open !== undefined) tokens.push({ is: "(", text: open });
    else if (close !== undefined) tokens.push({ is: ")", text: close });
    else if (operator !== undefined) tokens.push({ is: "operator", text: operator });
    else if (quoted !== undefined) tokens.push({ is: "text", text: quoted.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ is: "number", text: number });
    else tokens.push({ is: "name", text: name ?? "" });
  }
  return tokens;
}

function compare(held: Value | undefined, operator: string, wanted: string, type: string): boolean {
  if (held === null || held === undefined) return false;
  const of = (value: Value): number | string =>
    type === "number" ? Number(value) : type === "time" ? timeOf(String(value)) : String(value);
  const [left, right] = [of(held), of(wanted)];
  switch (operator) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "<":
      return left < right;
    default:
      return left <= right;
  }
}

function timeOf(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)) throw new Error(`${text} is no time with a zone`);
  return Date.parse(text);
}
