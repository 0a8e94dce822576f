import { STATUSES } from "../../../domain/outcome.ts";
import { ActionForm, Button, Field, Reason, Select, Tick } from "../forms.tsx";
import { Head } from "../head.tsx";
import { NoPermission } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Plan, type ReplaySeen } from "../replay-plan.tsx";
import { may, type Page, type View, type Visit } from "../visit.ts";
import { FAILURE_CHOICES, counted } from "../words.ts";

/** Asks which events shall be put in again. Nothing is done before its plan was seen. */
export const newReplayPage: Page = async (visit) => {
  const ownership = await visit.ask("listOwnership");
  const names = (what: string): readonly string[] =>
    ownership.ok ? ownership.value.items.filter((item) => item.what === what).map(({ name }) => name) : [];
  return {
    title: "Plan a replay",
    main: (
      <>
        <Head title="Plan a replay" about="The plan counts what would be done. Nothing is stored or sent before you have seen it." />
        {may(visit, "createReplay") ? (
          <section class="panel">
            <PlanForm visit={visit} sources={names("source")} destinations={names("destination")} />
          </section>
        ) : (
          <NoPermission what="Planning a replay" needs="operator" has={visit.actor.role} />
        )}
      </>
    ),
  };
};

interface FormProps {
  readonly visit: Visit;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}

const PlanForm = ({ visit, sources, destinations }: FormProps) => {
  const { entered } = visit;
  return (
    <ActionForm visit={visit} to={`${PATHS.replays}/plan`} label="Plan a replay">
      <div class="fields">
        <Field name="from" label="From, UTC" type="datetime-local" required value={entered["from"]} />
        <Field name="to" label="To, UTC" type="datetime-local" required value={entered["to"]} />
        <Select name="source" label="Source" options={sources} value={entered["source"]} any="Any" />
        <Select name="destination" label="Destination" options={destinations} value={entered["destination"]} any="As routed" />
        <Select name="status" label="Status" options={STATUSES} value={entered["status"]} any="Any" />
        <Select name="class" label="Failure class" options={FAILURE_CHOICES} value={entered["class"]} any="Any" />
        <Field name="type" label="Type" value={entered["type"]} />
        <Field name="entity" label="Record" value={entered["entity"]} placeholder="order/SO-1001" />
        <Field name="rate" label="Events a second" type="number" value={entered["rate"]} hint="Empty: the deployment's default." />
        <Reason within="plan" value={entered["reason"]} />
      </div>
      <Tick within="plan" name="force" label="Also over newer states; needs an approver" ticked={entered["force"] === "on"} />
      <div class="row">
        <Button tone="main">Show the plan</Button>
      </div>
    </ActionForm>
  );
};

/** The fields of the form, which travel on unseen from the plan to the start. */
export const PLAN_FIELDS = ["from", "to", "source", "destination", "status", "class", "type", "entity", "rate", "reason", "force"] as const;

/** A plan that was made, and the button that does it. */
export const plannedView = (visit: Visit, replay: ReplaySeen): View => ({
  title: "Plan of a replay",
  main: (
    <>
      <div class="head">
        <div class="head-text">
          <h1>{counted(replay.plan.replayable, "event")} would be put in again</h1>
          <p>This is the plan for “{replay.reason}”. Nothing has been done yet.</p>
        </div>
      </div>
      <section class="panel">
        <ActionForm visit={visit} to={PATHS.replays} label="Start the replay">
          {PLAN_FIELDS.map((name) =>
            (visit.entered[name] ?? "") === "" ? null : <input type="hidden" name={name} value={visit.entered[name]} />,
          )}
          <p>
            {replay.plan.needsApproval
              ? "It waits for another person with the role approver before it begins."
              : "It begins as soon as you start it."}
          </p>
          <div class="row">
            {replay.plan.replayable === 0 ? null : (
              <Button tone="main">{replay.plan.needsApproval ? "Ask for approval" : "Start the replay"}</Button>
            )}
            <a class="button" href={PATHS.newReplay}>
              Plan another
            </a>
          </div>
        </ActionForm>
      </section>
      <Plan of={replay} />
    </>
  ),
});
