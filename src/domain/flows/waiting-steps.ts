import { whyUnmet, type When } from "../conditions.ts";
import type { EntityKind } from "../entities/index.ts";
import type { FlowStep, FollowStep, Otherwise, View, WaitStep } from "./definition.ts";
import { make } from "./effects.ts";
import { change, died, fails, finish, type At } from "./moves.ts";
import type { FlowRun } from "./run.ts";

/** What a step has waited for in vain, and is there after all. */
export function cameLate(at: At, step: FlowStep): FlowRun | null {
  const { view, record } = at;
  const found = step.step === "wait" ? factOf(view, step.for) : undefined;
  if (found !== undefined) return finish(at, `${found.kind} ${found.key}, told by ${found.eventId}`);
  if (step.step !== "follow" || record.effects.some(({ state }) => state !== "done")) return null;
  const isNews = step.settled(view) || step.act(view, record.memory) !== null;
  return isNews ? change(at, { state: "waiting", reason: step.title }, "goes on") : null;
}

/** A dead effect that an operator has brought through after all. What is late is not brought back by that. */
export function settleLate(at: At, step: FlowStep): FlowRun | null {
  const { effects, deadlineMs } = at.record;
  if (effects.length === 0 || effects.some(({ state }) => state !== "done")) return null;
  if (step.step !== "follow") return finish(at);
  return at.world.nowMs >= (deadlineMs ?? 0) ? null : change(at, { state: "waiting", reason: step.title }, "goes on");
}

/** The latest fact of a kind that fulfils a condition. */
const factOf = (view: View, wanted: { readonly kind: EntityKind; readonly when: When }) =>
  view.facts.find(({ kind, data, deleted }) => kind === wanted.kind && !deleted && whyUnmet(wanted.when, data) === null);

/** Looks whether what a step waits for has come, or never will. */
export function lookOut(at: At, step: WaitStep<unknown>): FlowRun | null {
  const { view, record, world } = at;
  const found = factOf(view, step.for);
  if (found !== undefined) return finish(at, `${found.kind} ${found.key}, told by ${found.eventId}`);
  const refused = step.refusedBy === undefined ? undefined : factOf(view, step.refusedBy);
  if (refused !== undefined)
    return fails(at, `${refused.kind} ${refused.key} says that it will not come (${refused.eventId})`, "compensate");
  return world.nowMs >= (record.deadlineMs ?? 0) ? late(at, step.late) : null;
}

function late(at: At, then: Otherwise | "goOn"): FlowRun {
  const words = "its deadline has passed";
  return then === "goOn" ? finish(at, words) : fails(at, words, then);
}

/** One thing after the other: what a follower has sent must be there before it looks again. */
export function follow(at: At, step: FollowStep<unknown>): FlowRun | null {
  const { record, view, world, run } = at;
  const last = record.effects.filter(({ state }) => state !== "done");
  const dead = last.find(({ state }) => state === "dead");
  if (dead !== undefined) return died(at, dead, "person");
  if (last.length > 0) return null;
  const act = step.act(view, record.memory);
  if (act !== null) {
    const turn = (typeof record.memory["turn"] === "number" ? record.memory["turn"] : 0) + 1;
    const making = { record, to: act.to, type: `flow.${step.name}`, effects: act.effects, label: String(turn) };
    const effects = make(run, making, world);
    const made = { ...run, made: run.made + effects.length };
    return change({ ...at, run: made }, { effects, memory: { ...act.memory, turn }, reason: act.why }, "acts");
  }
  if (step.settled(view)) return finish(at);
  return world.nowMs >= (record.deadlineMs ?? 0) ? late(at, step.late) : null;
}
