/** Words and numbers as people read them. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `27 Nov 04:33:19`, in UTC as everything here. */
export function moment(iso: string): string {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? "";
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(11, 19)}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** `240 ms`, `1.4 s`, `3 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const [size, unit] = UNITS.find(([each]) => ms >= each) ?? [1_000, "s"];
  const value = ms / size;
  return `${value < 10 && unit === "s" ? value.toFixed(1).replace(/\.0$/, "") : Math.floor(value)} ${unit}`;
}

export const count = (value: number): string => value.toLocaleString("en-US");

/** `1 event`, `12 events`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

const IRREGULAR: Readonly<Record<string, string>> = { opportunity: "Opportunities", activity: "Activities" };

/** A kind of record in the plural, as a heading: `Orders`. */
export const kinds = (kind: string): string => IRREGULAR[kind] ?? `${sentence(kind)}s`;

/** `93 %`, `99.5 %`; nothing where there is no figure. */
export const percent = (part: number | null): string => (part === null ? "no data" : `${Number((part * 100).toFixed(1))} %`);

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A reason as a sentence of its own, unless it begins with the name of a field. */
export const told = (reason: string): string =>
  reason === "" ? "No reason was given" : /^[\w.[\]]+:/.test(reason) ? reason : sentence(reason);

/** An order token: a version, a time, or what else its sender counts by. */
export function orderOf(token: unknown): string {
  if (typeof token !== "object" || token === null) return "none";
  const { kind, value } = token as { readonly kind?: unknown; readonly value?: unknown };
  if (kind === "time" && typeof value === "string" && /^\d+$/.test(value)) return moment(new Date(Number(value)).toISOString());
  if (kind === "int" && typeof value === "string") return `version ${value}`;
  return kind === "none" ? "none" : JSON.stringify(token);
}

/** `waitingForApproval` as `waiting for approval`. */
export const spaced = (name: string): string => name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll("_", " ");
