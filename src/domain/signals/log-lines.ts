import type { EventRow } from "../audit-record.ts";
import { correlationIdOf } from "../event-id.ts";

/** A line of the log. Names, ids of ours and counts only: no word of a sender's or a record's is in it. */
export interface LogLine {
  readonly level: "warn";
  readonly message: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly source: string;
  readonly status: string;
  readonly class: string | null;
  readonly destinations: readonly string[];
}

type Told = Pick<EventRow, "id" | "correlationId" | "source" | "status" | "class"> & { readonly detail: Pick<EventRow["detail"], "lanes"> };

/**
 * A line for each event that needs a person; what goes well is in the index alone. Reasons stay there too: they may quote a
 * record. A foreign correlation id was checked at ingest to be one word.
 */
export const troubleLines = (rows: readonly Told[]): readonly LogLine[] =>
  rows
    .filter(({ status }) => status === "dead" || status === "quarantined")
    .map((row) => ({
      level: "warn",
      message: "an event needs a person",
      eventId: row.id,
      correlationId: row.correlationId ?? correlationIdOf(row.id),
      source: row.source,
      status: row.status,
      class: row.class,
      destinations: row.detail.lanes.filter(({ status }) => status === "dead").map(({ destination }) => destination),
    }));
