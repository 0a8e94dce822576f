import { parseEntity } from "../../domain/entities/index.ts";
import { streamOf } from "../../domain/event.ts";
import { mergePatch } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { movedOn } from "../../domain/sequencing.ts";
import { mended, reportOf, revived, type Work } from "../../domain/work.ts";
import { newDraft, type Book } from "./book.ts";
import type { OperatorAction, OperatorAnswer } from "./ports.ts";

/**
 * Does to a dead letter what a person says: another life for it, with its data mended or as it is, or its end. Answers the
 * work it was, or why not.
 */
export function actOn(book: Book, action: OperatorAction, nowMs: number): Result<Work, Refused> {
  const { verb, actor, reason, destination, eventId, patch } = action;
  const work = book.deadWork(eventId, destination);
  if (work === null) return fail({ ok: false, code: "not_dead" });
  if (verb !== "skip" && movedOn(work.event, book.marks[streamOf(work.event)]) && !action.force)
    return fail({ ok: false, code: "moved_on" });
  const { lateUntilMs = 0 } = work;
  if (verb === "skip" && lateUntilMs > nowMs) return fail({ ok: false, code: "under_way", untilMs: lateUntilMs });
  const again = revivedBy(action, work);
  if (!again.ok) return fail({ ok: false, code: "not_editable", problem: again.failure });
  const draft = newDraft();
  draft.lines.push({ eventId, body: { type: "operator", action: verb, destination, actor, reason, patch } });
  if (verb === "skip") book.endLane(draft, work, { ...reportOf(work, "cancelled"), reason: `skipped by ${actor}: ${reason}` });
  else book.putLane(draft, again.value);
  book.write(draft);
  return ok(work);
}

type Refused = Extract<OperatorAnswer, { readonly ok: false }>;

/** The work as it goes on. Edited data must be an entity of its kind, as what a sender sends must. */
function revivedBy({ verb, patch = {} }: OperatorAction, work: Work): Result<Work, string> {
  if (verb !== "edit") return ok(revived(work));
  const { payload, entity } = work.event;
  if (payload.at !== "inline") return fail("its data is too large to be edited here; mend the record where it comes from");
  const data = parseEntity(entity.kind, mergePatch(payload.data, patch));
  return data.ok ? ok(mended(work, data.value)) : data;
}
