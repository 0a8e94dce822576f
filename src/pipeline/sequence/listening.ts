import { streamOf, type EntityEvent } from "../../domain/event.ts";
import { digestOf, hear, outwardStream, withSaid, type Heard } from "../../domain/loops.ts";
import { NO_ORDER } from "../../domain/order.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import type { Mark } from "../../domain/sequencing.ts";
import type { Book } from "./book.ts";

/** What stands in a mark of an outward stream, which orders nothing. */
const OUTWARD = { order: NO_ORDER, rank: 0, key: "" };

/** Hears what an admitted event says, and notes it: with its source's mark, and with what goes out to each destination. */
export function listen(book: Book, event: EntityEvent, mark: Mark | null, now: { readonly plan: RoutePlan; readonly ms: number }): Heard {
  const { lanes, echoOf = [], echoed = [] } = now.plan;
  const stream = streamOf(event);
  const outward = lanes.filter(({ destination }) => echoed.includes(destination));
  // Of a record that only one system tells of, and that nobody echoes, nothing needs to be remembered.
  const alone = Object.keys(book.marks).every((other) => other === stream);
  const digest = alone && outward.length === 0 ? null : digestOf(event);
  const heard = hear(event, digest, { stream, marks: book.marks, echoOf, nowMs: now.ms });
  const note = (name: string, base: Mark): void =>
    book.advance(name, digest === null ? base : { ...base, said: withSaid(book.marks[name]?.said, { digest, atMs: now.ms }) });
  const through = book.marks[stream]?.through;
  if (mark !== null) note(stream, { ...mark, atMs: now.ms, ...(through === undefined ? {} : { through }) });
  if (heard.kind !== "news") return heard;
  for (const { destination } of outward) note(outwardStream(destination), { ...OUTWARD, contentHash: digest ?? "", eventId: event.id });
  return heard;
}

/** For the person who must decide. */
export const loopWords = ({ with: others, times }: Extract<Heard, { kind: "loop" }>): string =>
  `said ${times} times within minutes, and contradicted as often by ${others.join(", ")}: two systems correct each other; decide which one owns this, then retry or skip`;
