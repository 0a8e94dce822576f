import type { EntityEvent } from "../../domain/event.ts";
import { outcomeOfLanes, type EventOutcome, type LaneReport } from "../../domain/outcome.ts";
import { reportOf, type Work } from "../../domain/work.ts";
import { newDraft, type Book, type Draft } from "./book.ts";
import type { LaneResult } from "./lanes.ts";
import { eventLine } from "./timeline-lines.ts";

/** An event that leaves its first row: under which key it is remembered, and whether the index must be told of it by us. */
export interface Admitted {
  readonly event: EntityEvent;
  readonly key: string;
  readonly owe: boolean;
}

/**
 * An event's first row: what it is, what its lanes came to, and the work that is still owed. `effects` are ends of attempts,
 * by which records were learnt, and whose intents go.
 */
export function begin(
  book: Book,
  admitted: Admitted,
  results: readonly LaneResult[],
  effects: readonly { readonly work: Work; readonly ended: LaneReport }[] = [],
): EventOutcome {
  const lanes = results.map((result): LaneReport => ("ended" in result ? result.ended : reportOf(result.owed)));
  const outcome = outcomeOfLanes(admitted.event.id, 1, lanes);
  const draft = firstRow(admitted, outcome);
  draft.put.push(...results.flatMap((result) => ("owed" in result ? [result.owed] : [])));
  draft.drop.push(...effects.flatMap(({ work }) => (book.current(work) === null ? [] : [work])));
  for (const { work, ended } of effects) book.learn(draft, work, ended);
  book.write(draft);
  return outcome;
}

/** Ends an event that has no effects: its line is written, its outcome remembered. */
export function close(book: Book, admitted: Admitted, outcome: EventOutcome): EventOutcome {
  book.write(firstRow(admitted, outcome));
  return outcome;
}

function firstRow({ event, key, owe }: Admitted, outcome: EventOutcome): Draft {
  const draft = newDraft();
  draft.lines.push({ eventId: event.id, body: eventLine(event, outcome), known: { key, contentHash: event.contentHash } });
  draft.outcomes.push({ key, outcome });
  if (owe) draft.owe.push({ event, outcome });
  return draft;
}
