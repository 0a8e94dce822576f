import type { When } from "../conditions.ts";
import type { EntityKind } from "../entities/index.ts";
import type { BusinessHours } from "./calendar.ts";

/** A whole number of seconds, minutes, hours or days: "90s", "15m", "4h", "30d". */
export type Duration = `${number}${"s" | "m" | "h" | "d"}`;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration in milliseconds; null if it is none, or nothing. */
export function durationMs(text: string): number | null {
  const [, digits, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (UNIT_MS[unit] ?? Number.NaN);
  return ms > 0 ? ms : null;
}

/** The milestone at which a span begins. Times are those at which this router was told. */
export interface SlaStart<Source extends string = string> {
  /** The kind of record that the event is about; absent: any, which needs `per: "event"`. */
  readonly event?: EntityKind;
  readonly when?: When;
  /** Sources whose word begins it; absent: any. */
  readonly source?: readonly Source[];
  /** `record`: one span for each record, begun by the first such event. `event`: each event is one. Default `record`. */
  readonly per?: "record" | "event";
  /** An event of the record that says this takes the span back, such as a won sale that is lost. */
  readonly withdrawn?: When;
}

/** The milestone at which a span ends: the beginning event's effect in a destination, or another event. */
export type SlaEnd<Source extends string = string, Destination extends string = string> =
  /** "all": in each destination that the event went to. */
  | { readonly delivered: Destination | "all" }
  | {
      readonly event: EntityKind;
      /** The field of that event which holds the beginning record's key; absent: both are about one record. */
      readonly by?: string;
      readonly when?: When;
      readonly source?: readonly Source[];
    };

interface SlaCommon<Owner extends string> {
  readonly title: string;
  readonly owner: Owner;
  /** The part that must be good, above 0 and below 1, such as 0.93. */
  readonly target: number;
  /** What is looked at: all that was decided within it. */
  readonly window: Duration;
}

/** From one milestone to another within a time. */
export interface MilestoneSla<
  Owner extends string = string,
  Source extends string = string,
  Destination extends string = string,
> extends SlaCommon<Owner> {
  readonly from: SlaStart<Source>;
  readonly to: SlaEnd<Source, Destination>;
  readonly within: Duration;
  /** Only these hours count; absent: all. */
  readonly calendar?: BusinessHours;
}

/** The part of events that are not of a kind nobody wants many of. */
export interface RateSla<Owner extends string = string, Source extends string = string> extends SlaCommon<Owner> {
  /** `failed`: dead or in quarantine. `replayed`: put in again. */
  readonly rate: "failed" | "replayed";
  readonly of?: { readonly event?: EntityKind; readonly source?: readonly Source[] };
}

export type SlaConfig<Owner extends string = string, Source extends string = string, Destination extends string = string> =
  | MilestoneSla<Owner, Source, Destination>
  | RateSla<Owner, Source>;

export const isRate = <O extends string, S extends string, D extends string>(sla: SlaConfig<O, S, D>): sla is RateSla<O, S> =>
  "rate" in sla;

/** A window is counted in this many parts, at most: so many rows are read to answer for it. */
const PARTS = 60;
const SHORTEST_PART_MS = 60_000;

/** How long the parts are in which a window is counted. */
export const bucketMsOf = (windowMs: number): number => Math.max(SHORTEST_PART_MS, Math.ceil(windowMs / PARTS));
