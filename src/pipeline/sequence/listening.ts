import { streamOf, type EntityEvent } from "../../domain/event.ts";
import {
  digestOf,
  hear,
  isOutward,
  isStale,
  outwardStream,
  saidBy,
  withHeardBack,
  withSaid,
  withSaidTo,
  type Heard,
} from "../../domain/loops.ts";
import { NO_ORDER } from "../../domain/order.ts";
import type { RoutePlan } from "../../domain/routing.ts";
import type { Departure, Mark } from "../../domain/sequencing.ts";
import type { Work } from "../../domain/work.ts";
import type { Book } from "./book.ts";
import { openDepartures } from "./departures.ts";

/** What stands in a mark of an outward stream, which orders nothing. */
export const OUTWARD: Mark = { order: NO_ORDER, rank: 0, contentHash: "", eventId: "", key: "" };

/** Whatever is admitted goes out after what is there, as far as is known by then. */
const NOTHING: ReadonlySet<string> = new Set();

/** Hears what an admitted event says, and notes it: with its source's mark, and with what goes out to each destination. */
export function listen(
  book: Book,
  event: EntityEvent,
  mark: Mark | null,
  now: { readonly plan: RoutePlan; readonly ms: number; readonly behind: readonly Departure[] },
): Heard {
  const { lanes, echoOf = [], echoed = [] } = now.plan;
  const stream = streamOf(event);
  const outward = lanes.filter(({ destination }) => echoed.includes(destination));
  // Of a record that only one system tells of, and that nobody echoes, nothing needs to be remembered.
  const alone = Object.keys(book.marks).every((other) => other === stream || isOutward(other));
  const digest = alone && outward.length === 0 ? null : digestOf(event);
  const heard = hear(event, digest, { stream, marks: book.marks, echoOf, nowMs: now.ms });
  const { through, said } = book.marks[stream] ?? {};
  if (mark !== null)
    book.advance(stream, {
      ...mark,
      atMs: now.ms,
      ...(now.behind.length === 0 ? {} : { behind: now.behind }),
      ...(through === undefined ? {} : { through }),
      ...(digest === null ? {} : { said: withSaid(said, { digest, atMs: now.ms }) }),
    });
  if (heard.kind === "echo" && digest !== null) heardBack(book, heard.destination, digest);
  if (heard.kind === "news")
    for (const { destination } of outward) say(book, destination, { event, digest, atMs: now.ms, behind: NOTHING });
  return heard;
}

interface Saying {
  readonly event: EntityEvent;
  readonly digest: string | null;
  readonly atMs: number;
  /** What goes out later. */
  readonly behind: ReadonlySet<string>;
}

function say(book: Book, destination: string, { event, digest, atMs, behind }: Saying): void {
  const stream = outwardStream(destination);
  const { said = [], ...mark } = book.marks[stream] ?? OUTWARD;
  const now = digest === null ? null : { digest, atMs, by: saidBy(event) };
  book.advance(stream, { ...mark, ...(now === null ? {} : { said: withSaidTo(said, now, behind) }) });
}

function heardBack(book: Book, destination: string, digest: string): void {
  const mark = book.marks[outwardStream(destination)];
  if (mark?.said === undefined) return;
  book.advance(outwardStream(destination), { ...mark, said: withHeardBack(mark.said, digest, owedTo(book, destination)) });
}

/** By which events something is still to go out to a destination, or may still come in there, but for this one. */
function owedTo(book: Book, destination: string, but?: EntityEvent): ReadonlySet<string> {
  const open = Object.values(book.marks).flatMap((mark) => openDepartures(book, mark));
  const owed = new Set(open.filter(({ eventId }) => eventId !== but?.id).map(({ eventId }) => saidBy({ id: eventId })));
  for (const { event, plan, state } of book.work())
    if (plan.destination === destination && state !== "dead" && event.id !== but?.id) owed.add(saidBy(event));
  return owed;
}

/**
 * Notes, durably, what is about to go out where that is not what was noted at its admission, or long ago, or after what goes
 * out later: after a pause, overtaken, or mended by a person. Its echo comes after the effect, however late that is.
 */
export function sayAgain(book: Book, { event, plan: { destination } }: Work, now: { readonly plan: RoutePlan; readonly ms: number }): void {
  const digest = now.plan.echoed?.includes(destination) === true ? digestOf(event) : null;
  if (digest === null) return;
  const behind = owedTo(book, destination, event);
  const said = book.marks[outwardStream(destination)]?.said ?? [];
  if (!isStale(said, { digest, atMs: now.ms, by: saidBy(event) }, behind)) return;
  say(book, destination, { event, digest, atMs: now.ms, behind });
  book.saveMarks();
}

/** For the person who must decide. */
export const loopWords = ({ with: others, times }: Extract<Heard, { kind: "loop" }>): string =>
  `said ${times} times within minutes, and contradicted as often by ${others.join(", ")}: two systems correct each other; decide which one owns this, then retry or skip`;
