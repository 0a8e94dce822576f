import type { EntityEvent } from "../../domain/event.ts";
import type { EventOutcome, LaneReport } from "../../domain/outcome.ts";

/** A lane's report as a line of the timeline: its last attempt, not all of them again. */
export function lineOf(report: LaneReport): object {
  const { attempts, remote, fields, ...rest } = report;
  const last = attempts.at(-1);
  return { ...rest, attempt: attempts.length, last, remote, fields };
}

/** The first line an event leaves in the timeline. */
export const eventLine = (event: EntityEvent, outcome: EventOutcome): object => ({
  type: "event",
  source: event.sourceName,
  event: event.type,
  deliveryId: event.deliveryId,
  contentHash: event.contentHash,
  order: event.order,
  correlationId: event.correlationid,
  status: outcome.status,
  reason: outcome.reason,
  of: outcome.of,
  lanes: outcome.lanes.map(lineOf),
});
