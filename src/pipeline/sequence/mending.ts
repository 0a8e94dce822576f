import { parseEntity } from "../../domain/entities/index.ts";
import { mergePatch } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { mended, revived, type Work } from "../../domain/work.ts";
import type { OperatorAction } from "./ports.ts";

/** The work as it goes on. Edited data must be an entity of its kind, as what a sender sends must. */
export function revivedBy({ verb, patch = {} }: OperatorAction, work: Work): Result<Work, string> {
  if (verb !== "edit") return ok(revived(work));
  const { payload, entity } = work.event;
  if (payload.at !== "inline") return fail("its data is too large to be edited here; mend the record where it comes from");
  const data = parseEntity(entity.kind, mergePatch(payload.data, patch));
  return data.ok ? ok(mended(work, data.value)) : data;
}
