import { correlationIdOf } from "../event-id.ts";
import type { EventOutcome } from "../outcome.ts";
import { lineOf, same, type Told } from "./told.ts";

/** A row of the index, as far as a record's lines tell the same. */
export interface ListedRow {
  readonly id: string;
  readonly rev: number;
  readonly source: string;
  readonly type: string;
  readonly kind: string;
  readonly entityKey: string;
  readonly status: string;
  readonly class: string | null;
  readonly deliveryId: string;
  readonly correlationId: string | null;
  /** EventDetail as JSON. */
  readonly detail: string;
}

interface Detail {
  readonly contentHash?: string;
  readonly order?: unknown;
  readonly alias?: string;
  readonly reason?: string;
  readonly of?: string;
  readonly lanes?: EventOutcome["lanes"];
}

/** Columns of the index that its rows share with the lines of the record, and how each is held against them. */
type Column = (row: ListedRow, detail: Detail, told: Told) => boolean;

const COLUMNS: Readonly<Record<string, Column>> = {
  source: (row, _detail, { body }) => row.source === body.source,
  type: (row, _detail, { body }) => body.event === undefined || row.type === body.event,
  deliveryId: (row, _detail, { body }) => body.deliveryId === undefined || row.deliveryId === body.deliveryId,
  correlationId: (row, _detail, { body }) =>
    body.correlationId === undefined || (row.correlationId ?? correlationIdOf(row.id)) === body.correlationId,
  "detail.contentHash": (_row, detail, { row }) => detail.contentHash === row.contentHash,
  "detail.order": (_row, detail, { body }) => same(detail.order ?? null, body.order ?? null),
  rev: (row, _detail, { outcome }) => row.rev === outcome.rev,
  status: (row, _detail, { outcome }) => row.status === outcome.status,
  class: (row, _detail, { outcome }) => row.class === (outcome.class ?? null),
  "detail.reason": (_row, detail, { outcome }) => (detail.reason ?? "") === (outcome.reason ?? "").slice(0, detail.reason?.length ?? 0),
  "detail.of": (_row, detail, { outcome }) => (detail.of ?? null) === (outcome.of ?? null),
  "detail.lanes": (_row, detail, { outcome }) => same((detail.lanes ?? []).map(lineOf), outcome.lanes.map(lineOf)),
};

/** Columns that follow an event's course: right only once the last of it has reached the index. */
const MOVING: ReadonlySet<string> = new Set(["rev", "status", "class", "detail.reason", "detail.lanes"]);

/** The first column in which a row differs from the lines; null if none does. `settled`: nothing can be on its way to it. */
export function columnThatLies(row: ListedRow, told: Told, settled: boolean): string | null {
  const detail = detailOf(row);
  if (detail === null) return "detail";
  const isBehind = !settled && row.rev < told.outcome.rev;
  const lies = Object.entries(COLUMNS).find(([column, agrees]) => !(isBehind && MOVING.has(column)) && !agrees(row, detail, told));
  return lies?.[0] ?? null;
}

/** The event that made another unnecessary as its copy, which leaves no line of its own; null for any other row. */
export function originalOf(row: ListedRow): string | null {
  const detail = detailOf(row);
  return row.status === "ignored" && (detail?.lanes ?? []).length === 0 ? (detail?.of ?? null) : null;
}

/** What a queue gave up never came to its record's object. */
export const neverSequenced = (row: ListedRow): boolean => row.rev === 0 && row.status === "dead" && row.class === "poison";

/** Another name of the record, under which the event came. */
export const aliasOf = (row: Pick<ListedRow, "detail">): string | null => detailOf(row)?.alias ?? null;

function detailOf({ detail }: Pick<ListedRow, "detail">): Detail | null {
  try {
    return JSON.parse(detail) as Detail;
  } catch {
    return null;
  }
}
