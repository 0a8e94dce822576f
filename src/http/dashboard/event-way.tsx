import type { Child } from "hono/jsx";
import type { AnswerOf } from "../operations.ts";
import type { Step } from "./way.tsx";
import { duration, sentence } from "./words.ts";

type Event = AnswerOf<"getEvent">;

/** An event's way as it went: received, routed, every attempt at every system, and what comes next. */
export function stepsOf(event: Event): readonly Step[] {
  const received: Step = {
    at: event.receivedAt,
    title: `Received from ${event.source}`,
    detail: `${event.verdict === "verified" ? "The body was proven" : `Verdict: ${event.verdict}`}${event.secretId === null ? "" : `, with ${event.secretId}`}. ${sentence(event.nature ?? "no")} of its record.`,
  };
  const matched = event.routing.filter((each) => each.matched);
  const routed: Step = {
    at: event.receivedAt,
    title: matched.length === 0 ? "No route takes it" : `Routed by ${matched.map((each) => each.route).join(", ")}`,
    detail: (
      <ul class="why">
        {event.routing.map((each) => (
          <li>
            {each.route}: {each.because}
          </li>
        ))}
      </ul>
    ),
  };
  const attempts = event.destinations.flatMap((lane) => lane.attempts.map((attempt, index) => attemptStep(lane, attempt, index)));
  const next = event.destinations.flatMap((lane) =>
    lane.nextAttemptAt === undefined
      ? []
      : [{ at: lane.nextAttemptAt, title: `Next attempt at ${lane.destination}`, tone: "warn" as const, detail: lane.reason }],
  );
  return [received, routed, ...[...attempts, ...next].toSorted((a, b) => (a.at < b.at ? -1 : 1))];
}

type LaneSeen = Event["destinations"][number];

const APPLIED: readonly string[] = ["applied", "duplicate", "confirmed"];

function attemptStep(lane: LaneSeen, attempt: LaneSeen["attempts"][number], index: number): Step {
  const applied = APPLIED.includes(attempt.result);
  const number = lane.remote?.number ?? lane.remote?.id;
  const detail: Child = (
    <>
      Attempt {index + 1}, {duration(attempt.durationMs)}
      {attempt.httpStatus === undefined ? "" : `, HTTP ${attempt.httpStatus}`}
      {attempt.detail === undefined ? "" : `: ${attempt.detail}`}
    </>
  );
  return {
    at: attempt.startedAt,
    title: applied ? `${lane.destination} has it${number === undefined ? "" : ` as ${number}`}` : `${lane.destination}: ${attempt.result}`,
    detail,
    tone: applied ? "good" : lane.status === "dead" && index === lane.attempts.length - 1 ? "bad" : "warn",
  };
}
