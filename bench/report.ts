/** One line of the table. Empty where a column does not apply. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly floor: string;
  readonly ratio: string;
  readonly budget: string;
  readonly verdict: string;
}

export interface SuiteResult {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  /** Everything measured, for the JSON file. */
  readonly data: unknown;
}

interface Measured {
  readonly what: string;
  readonly ours: string;
  readonly floor?: string;
  readonly ratio?: number;
}

export interface Budget {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly unit?: string;
  /** What keeps us from the budget, said only when it is missed. */
  readonly limitedBy: string;
  /** Why the figure cannot be judged this time; null if it can. */
  readonly voided?: string | null;
}

export const number = (value: number, digits = 0): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const shape = (measured: Measured): Omit<Row, "budget" | "verdict"> => ({
  what: measured.what,
  ours: measured.ours,
  floor: measured.floor ?? "",
  ratio: measured.ratio === undefined ? "" : `${number(measured.ratio, 2)}x`,
});

/** A figure without a budget. */
export const info = (measured: Measured): Row => ({ ...shape(measured), budget: "", verdict: "" });

/** Judges `value` by its budget. A miss is called LOSS, with what limits it. */
export function judged(measured: Measured, value: number, budget: Budget): Row {
  const { atLeast, atMost, unit = "", voided = null } = budget;
  const words = atLeast !== undefined ? `>= ${atLeast}${unit}` : `<= ${atMost ?? ""}${unit}`;
  const kept = atLeast !== undefined ? value >= atLeast : value <= (atMost ?? Number.NEGATIVE_INFINITY);
  return { ...shape(measured), budget: words, verdict: voided !== null ? `void: ${voided}` : kept ? "ok" : `LOSS: ${budget.limitedBy}` };
}

const COLUMNS = ["what", "ours", "floor", "ratio", "budget", "verdict"] as const;

export function table(rows: readonly Row[]): string {
  const all = [Object.fromEntries(COLUMNS.map((name) => [name, name])) as unknown as Row, ...rows];
  const widths = new Map(COLUMNS.map((name) => [name, Math.max(...all.map((row) => row[name].length))]));
  const line = (row: Row): string =>
    COLUMNS.map((name) => (name === "verdict" ? row[name] : row[name].padEnd(widths.get(name) ?? 0))).join(" | ");
  const rule = COLUMNS.map((name) => "-".repeat(name === "verdict" ? 7 : (widths.get(name) ?? 0))).join("-|-");
  return [line(all[0] as Row), rule, ...rows.map(line)].join("\n");
}
