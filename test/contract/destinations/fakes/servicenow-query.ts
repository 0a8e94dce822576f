export type Row = Record<string, string>;

interface Order {
  readonly column: string;
  readonly descending: boolean;
}

interface Condition {
  readonly column: string;
  readonly operator: string;
  readonly value: string;
}

const CONDITION = /^([a-z0-9_.]+)(!=|>=|<=|=|>|<|ISEMPTY|ISNOTEMPTY)(.*)$/s;
const LITERAL_TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/;

/**
 * Encoded queries as the Table API reads them: `^` and, `^OR` or (of the condition before), `^NQ` a second query, `^^` a
 * caret. A condition on a column that is not there is ignored. Times are literals in the user's zone; text compares as
 * the database does, without case.
 */
export class EncodedQuery {
  readonly #queries: (readonly (readonly Condition[])[])[] = [];
  readonly #orders: Order[] = [];
  readonly #zoneMs: number;

  constructor(text: string, columns: ReadonlySet<string>, zoneHours: number) {
    this.#zoneMs = zoneHours * 3_600_000;
    let groups: Condition[][] = [];
    for (const part of split(text)) {
      if (part.startsWith("ORDERBY")) {
        const descending = part.startsWith("ORDERBYDESC");
        this.#orders.push({ column: part.slice(descending ? 11 : 7), descending });
        continue;
      }
      const [isNew, isOr] = [part.startsWith("NQ"), part.startsWith("OR")];
      if (isNew) {
        this.#queries.push(groups);
        groups = [];
      }
      const condition = read(part.slice(isNew || isOr ? 2 : 0));
      if (condition === null || !columns.has(condition.column)) continue;
      const before = groups.at(-1);
      if (isOr && before !== undefined) before.push(condition);
      else groups.push([condition]);
    }
    this.#queries.push(groups);
  }

  select(rows: readonly Row[]): readonly Row[] {
    const found = rows.filter((row) => this.#queries.some((groups) => groups.every((any) => any.some((each) => this.#holds(each, row)))));
    return found.toSorted((left, right) => {
      for (const { column, descending } of this.#orders) {
        const [a, b] = [left[column] ?? "", right[column] ?? ""];
        if (a !== b) return a < b === descending ? 1 : -1;
      }
      return 0;
    });
  }

  #holds({ column, operator, value }: Condition, row: Row): boolean {
    const held = (row[column] ?? "").toLowerCase();
    const wanted = this.#inUtc(value).toLowerCase();
    switch (operator) {
      case "=":
        return held === wanted;
      case "!=":
        return held !== wanted;
      case ">":
        return held > wanted;
      case ">=":
        return held >= wanted;
      case "<":
        return held < wanted;
      case "<=":
        return held <= wanted;
      case "ISEMPTY":
        return held === "";
      default:
        return held !== "";
    }
  }

  #inUtc(value: string): string {
    if (!LITERAL_TIME.test(value)) return value;
    const ms = Date.parse(`${value.replace(" ", "T")}Z`) - this.#zoneMs;
    return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  }
}

function read(text: string): Condition | null {
  const [, column, operator, value] = CONDITION.exec(text) ?? [];
  if (value?.startsWith("javascript:") === true) throw new Error("a script was let into a query");
  return column === undefined || operator === undefined || value === undefined ? null : { column, operator, value };
}

/** At single carets; a doubled one is a character of a value. */
const split = (text: string): readonly string[] =>
  text
    .replaceAll("^^", "\u0000")
    .split("^")
    .map((part) => part.replaceAll("\u0000", "^"))
    .filter((part) => part !== "");
