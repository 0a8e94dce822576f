import { duration as wholeUnits } from "../../domain/alerts/words.ts";
import type { FailureClass } from "../../domain/failure.ts";

/** Words and numbers as people read them. */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `27 Nov 04:33:19`, in UTC as everything here. */
export function moment(iso: string): string {
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? "";
  return `${Number(iso.slice(8, 10))} ${month} ${iso.slice(11, 19)}`;
}

/** `240 ms`, `1.4 s`, `3 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 10_000 ? `${(ms / 1_000).toFixed(1).replace(/\.0$/, "")} s` : wholeUnits(ms);
}

export const count = (value: number): string => value.toLocaleString("en-US");

/** `1 event`, `12 events`. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

const IRREGULAR: Readonly<Record<string, string>> = { opportunity: "Opportunities", activity: "Activities", sla: "SLAs", api: "APIs" };

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

/** What went wrong, for somebody who does not know the router's classes of failure. */
const FAILURES: Readonly<Record<FailureClass, string>> = {
  transient: "passing trouble",
  throttled: "told to slow down",
  ambiguous: "no clear answer",
  auth: "not let in",
  conflict: "changed there meanwhile",
  business: "refused by the system",
  config: "set up wrong",
  poison: "unreadable",
};

export const failureWords = (name: string): string => FAILURES[name as FailureClass] ?? name;

/** The choices of a filter by failure class. */
export const FAILURE_CHOICES: readonly (readonly [string, string])[] = Object.entries(FAILURES).map(([name, words]) => [
  name,
  `${sentence(words)} (${name})`,
]);

/** A system by its name in the configuration, as people write it: `erp` is an abbreviation, `support` is a word. */
export const systemName = (name: string): string => (/^[a-z]{2,3}$/.test(name) ? name.toUpperCase() : sentence(name));
