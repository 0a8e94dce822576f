import type { Failed, Outcome } from "../destinations/define.ts";
import type { Result } from "../domain/result.ts";

/** Times that a record is read again when it was changed or made between our read and our write. */
const ROUNDS = 3;

/** How a module brings one record about in a system that has versions but no upsert that knows them. */
export interface Convergence<Row> {
  find(): Promise<Result<Row | "absent", Failed>>;
  /** `duplicate`: the system says that it has such a record already. */
  create(): Promise<Outcome | "duplicate">;
  /** Fails with `conflict` where the record is no longer the one that was read. */
  update(row: Row): Promise<Outcome | "duplicate">;
}

/** Finds, then creates or updates; again from the start on a conflict, at most three times. */
export async function converge<Row>(steps: Convergence<Row>): Promise<Outcome> {
  let last: Failed = RACED;
  let taken = false;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await steps.find();
    if (!found.ok) return found.failure;
    // A duplicate that cannot be found by our key is another record with another of our values.
    if (found.value === "absent" && taken) return TAKEN;
    const outcome = found.value === "absent" ? await steps.create() : await steps.update(found.value);
    if (outcome === "duplicate") {
      if (found.value !== "absent") return TAKEN;
      [last, taken] = [RACED, true];
      continue;
    }
    taken = false;
    if (outcome.kind === "failed" && outcome.class === "conflict") last = outcome;
    else return outcome;
  }
  return last;
}

const TAKEN: Failed = {
  kind: "failed",
  class: "business",
  detail: "another record of the system holds a value that must be unique, and not our key; correct one of them",
};

const RACED: Failed = { kind: "failed", class: "conflict", detail: "somebody else makes this record at the same time" };
