import { impersonalEvent, redactedOutcome } from "../../domain/erasure/redact.ts";
import { MASK } from "../../domain/masking.ts";
import type { Marks } from "../../domain/sequencing.ts";
import type { ErasureLine } from "../../domain/timeline.ts";
import type { Work } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";

/** Whether an attempt is under way, which would write back what it holds: then it is not the time. */
export const isBusy = (book: Book): boolean => [...book.work()].some(({ state }) => state === "running");

/** Pieces of work that would go on without personal data. */
export const erasableWork = (book: Book): number => [...book.work()].filter((work) => !isImpersonal(work)).length;

/** Takes personal data out of what an entity still owes, and chains what an erasure left of earlier lines. Answers how much work changed. */
export function eraseInBook(book: Book, erasure: Omit<ErasureLine, "type">): number {
  const draft = newDraft();
  draft.put.push(...[...book.work()].filter((work) => !isImpersonal(work)).map(impersonalWork));
  draft.owe.push(...book.owed().map((owed) => ({ ...owed, event: impersonalEvent(owed.event), outcome: redactedOutcome(owed.outcome) })));
  const { id, subject, lines } = erasure;
  const line: ErasureLine = { type: "erasure", id, subject, lines };
  if (lines.length > 0 || draft.put.length > 0) draft.lines.push({ eventId: "", body: line });
  const marks = withoutSaid(book.marks);
  if (marks !== book.marks) book.takeMarks(marks);
  if (draft.lines.length > 0 || draft.owe.length > 0) book.write(draft);
  return draft.put.length;
}

const isImpersonal = (work: Work): boolean => JSON.stringify(impersonalWork(work)) === JSON.stringify(work);

const impersonalWork = (work: Work): Work => ({
  ...work,
  event: impersonalEvent(work.event),
  history: work.history.map((attempt) => (attempt.detail === undefined ? attempt : { ...attempt, detail: MASK })),
  ...(work.reason === undefined ? {} : { reason: MASK }),
  ...(work.fields === undefined ? {} : { fields: work.fields.map((field) => ({ ...field, message: MASK })) }),
});

/** Digests of what was said lately could be tried against guesses; without them an echo of these days counts as news. */
function withoutSaid(marks: Marks): Marks {
  if (Object.values(marks).every(({ said }) => said === undefined)) return marks;
  return Object.fromEntries(Object.entries(marks).map(([stream, { said: _said, ...mark }]) => [stream, mark]));
}
