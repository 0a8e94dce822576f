import type { AnswerOf } from "../../operations.ts";
import { Decisions } from "../flow-decisions.tsx";
import { Steps, stepTitle } from "../flow-steps.tsx";
import { Status } from "../marks.tsx";
import { refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Entity, Facts, Owner, Time } from "../text.tsx";
import type { Page } from "../visit.ts";
import { Way, type Step } from "../way.tsx";
import { sentence } from "../words.ts";

type Run = AnswerOf<"getFlow">;

/** One run of a business flow: where it stands, what it did, and what one can do about it. */
export const flowPage: Page = async (visit) => {
  const found = await visit.ask("getFlow", { params: visit.params });
  if (!found.ok) return refusedView(found.failure, "Flow");
  const { value: run } = found;
  return {
    title: `${run.title}: ${run.entity.key}`,
    live: run.looksAgainAt !== null,
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>
              {run.title}: {run.entity.key}
            </h1>
            <p>
              <a href={PATHS.flows}>Flow</a>, version {run.version}, begun by <a href={PATHS.event(run.startedBy)}>an event</a> at{" "}
              <Time at={run.startedAt} />
            </p>
          </div>
          <Status of={run.state} />
        </div>
        <Standing of={run} />
        <Decisions visit={visit} of={run} />
        <Steps of={run} />
        <Timeline of={run} />
      </>
    ),
  };
};

/** What comes next, by the state of the run. */
const NEXT: Readonly<Record<Run["state"], string>> = {
  running: "Nobody has to act: it goes on when what it waits for comes, or when its time is over.",
  blocked: "Mend what is said here where it comes from, then try again; or go past the step; or cancel and take back what was done.",
  compensating: "Nobody has to act: what it did is being taken back, the last first.",
  uncompensated: "Something could not be taken back: see which step below, put it right in that system, then try again.",
  done: "Nobody has to act: it has come to its end.",
  stopped: "Nobody has to act: it has ended, with all that it did taken back. It can be begun again from a step.",
  cancelled: "Nobody has to act: it was cancelled, with all that it did taken back. It can be begun again from a step.",
};

/** The reason without the step's name before it, which stands beside it already. */
const reasonOf = ({ reason, step }: Run): string | null =>
  reason !== null && step !== null && reason.startsWith(`${step}: `) ? reason.slice(step.length + 2) : reason;

function Standing({ of: run }: { readonly of: Run }) {
  const reason = reasonOf(run);
  return (
    <section class="panel">
      <h2>Where it stands</h2>
      {run.step === null ? null : (
        <p>
          <strong>{stepTitle(run, run.step)}</strong>
          {reason === null ? "" : `: ${reason}.`}
        </p>
      )}
      {run.step === null && reason !== null ? <p>{sentence(reason)}.</p> : null}
      <p class="next">{NEXT[run.state]}</p>
      <Facts
        of={[
          ["About", <Entity of={run.entity} />],
          [run.state === "blocked" || run.state === "uncompensated" ? "Who must act" : "Whose", <Owner of={run.owner} />],
          ["A person by", <Time at={run.personBy} none="nobody is needed" />],
          ["Looks again", <Time at={run.looksAgainAt} none="when something happens" />],
          ["Trace", <a href={`${PATHS.trace}?key=${encodeURIComponent(run.correlationId)}`}>every hop</a>],
        ]}
      />
    </section>
  );
}

const TONES: Readonly<Record<string, "good" | "warn" | "bad">> = {
  done: "good",
  "waits for a person": "bad",
  "takes back": "warn",
  compensates: "warn",
};

const Timeline = ({ of: run }: { readonly of: Run }) => (
  <section class="panel">
    <h2>Timeline, newest first</h2>
    <Way steps={run.timeline.toReversed().map((line) => lineOf(run, line))} />
  </section>
);

/** What a person decided, as it stands in the timeline. */
const DECIDED: Readonly<Record<string, string>> = { retry: "tried again", skip: "gone past", cancel: "cancelled" };

function lineOf(run: Run, { at, what, step, words, by }: Run["timeline"][number]): Step {
  const tone = TONES[what];
  const done = DECIDED[what] ?? what;
  const said = [words === `by ${run.startedBy}` ? "by the event that it is about" : words, by === null ? null : `by ${by}`];
  const detail = said.filter((each) => each !== null).join("; ");
  return {
    at,
    title: step === null ? sentence(done) : `${stepTitle(run, step)}: ${done}`,
    ...(detail === "" ? {} : { detail: sentence(detail) }),
    ...(tone === undefined ? {} : { tone }),
  };
}
