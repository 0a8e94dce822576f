import { newWork, recoverAfterMs, type Work } from "../../domain/work.ts";
import type { Book } from "./book.ts";
import { begin } from "./first-row.ts";
import type { SequencePorts } from "./ports.ts";

/**
 * Gives a first row to each event whose object died after the intent of a first attempt, and before that row. What is not
 * known of its other lanes is taken for under way, like the attempt that the intent tells of; its message comes again, and
 * finds it known.
 */
export function recordLeftBehind(book: Book, ports: SequencePorts): void {
  const intents = [...book.work()].filter(({ state, key }) => state === "running" && !book.isOnRecord(key));
  for (const [key, kept] of Map.groupBy(intents, (work) => work.key)) {
    const [{ event, position }] = kept as [Work];
    const lanes = ports.plan(event).lanes.filter(({ destination }) => kept.every((work) => work.plan.destination !== destination));
    const others = lanes.map((plan): Work => {
      const traits = ports.traits(plan.destination);
      const work = newWork(event, key, { plan, position });
      return traits === null ? work : { ...work, state: "running", dueAtMs: ports.clock() + recoverAfterMs(traits) };
    });
    begin(
      book,
      { event, key, owe: true },
      [...kept, ...others].map((work) => ({ owed: work })),
    );
  }
}
