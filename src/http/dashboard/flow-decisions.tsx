import type { Child } from "hono/jsx";
import type { AnswerOf, OperationName } from "../operations.ts";
import { stepTitle } from "./flow-steps.tsx";
import { ActionForm, Button, Reason, Select } from "./forms.tsx";
import { NoPermission } from "./notices.tsx";
import { PATHS } from "./paths.ts";
import { may, type Visit } from "./visit.ts";

type Run = AnswerOf<"getFlow">;

type Verb = "retry" | "skip" | "cancel";

/** What can be decided about a run in each state. */
const POSSIBLE: Readonly<Record<Run["state"], readonly Verb[]>> = {
  running: ["retry", "skip", "cancel"],
  blocked: ["retry", "skip", "cancel"],
  compensating: [],
  uncompensated: ["retry"],
  stopped: ["retry"],
  cancelled: ["retry"],
  done: [],
};

/** What a person can decide about a run: go on, go past the step, or take everything back. */
export function Decisions({ visit, of: run }: { readonly visit: Visit; readonly of: Run }) {
  const possible = POSSIBLE[run.state];
  if (possible.length === 0) return null;
  const steps = run.steps.map(({ name, title }) => [name, title ?? name] as const);
  return (
    <div class="columns narrow">
      <Decision visit={visit} run={run} verb="retry" name="retryFlow" needs="operator" label="Try again">
        {run.state === "uncompensated" ? (
          <p class="hint">What could not be taken back is taken back again.</p>
        ) : (
          <Select name="step" label="From the step" options={steps} value={visit.entered["step"]} any="Where it stands" />
        )}
      </Decision>
      {possible.includes("skip") ? (
        <Decision visit={visit} run={run} verb="skip" name="skipFlow" needs="approver" label="Go past the step">
          <p class="hint">
            {run.step === null
              ? "It stands at no step."
              : `It stands at: ${stepTitle(run, run.step)}. What it would have done is left undone.`}
          </p>
        </Decision>
      ) : null}
      {possible.includes("cancel") ? (
        <Decision visit={visit} run={run} verb="cancel" name="cancelFlow" needs="operator" label="Cancel and take back">
          <p class="hint">Everything that it did is taken back, the last first.</p>
        </Decision>
      ) : null}
    </div>
  );
}

interface DecisionProps {
  readonly visit: Visit;
  readonly run: Run;
  readonly verb: Verb;
  readonly name: OperationName;
  readonly needs: string;
  readonly label: string;
  readonly children: Child;
}

const Decision = ({ visit, run, verb, name, needs, label, children }: DecisionProps) => (
  <section class="panel">
    <h2>{label}</h2>
    {may(visit, name) ? (
      <ActionForm visit={visit} to={`${PATHS.flow(run.id)}/${verb}`} label={label}>
        {children}
        <Reason within={verb} value={visit.entered["reason"]} />
        <div class="row">
          <Button tone={verb === "cancel" ? "careful" : "main"}>{label}</Button>
        </div>
      </ActionForm>
    ) : (
      <NoPermission what="This" needs={needs} has={visit.actor.role} />
    )}
  </section>
);
