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

export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `waitingForApproval` as `waiting for approval`. */
export const spaced = (name: string): string => name.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll("_", " ");
