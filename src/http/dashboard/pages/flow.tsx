import type { Child } from "hono/jsx";
import type { AnswerOf, OperationName } from "../../operations.ts";
import { ActionForm, Button, Reason, Select } from "../forms.tsx";
import { Status } from "../marks.tsx";
import { NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Contact, Entity, Facts, Time } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";

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
        <section class="panel">
          <h2>Where it stands</h2>
          {run.reason === null ? null : <p>{run.reason}</p>}
          <Facts
            of={[
              ["About", <Entity of={run.entity} />],
              ["Stands at", run.step ?? "its end"],
              ["Owner", run.owner.team ?? run.owner.name],
              ["Contact", <Contact at={run.owner.contact} />],
              ["A person by", <Time at={run.personBy} none="nobody is needed" />],
              ["Looks again", <Time at={run.looksAgainAt} none="when something happens" />],
              ["Trace", <a href={`${PATHS.trace}?key=${encodeURIComponent(run.correlationId)}`}>every hop</a>],
            ]}
          />
        </section>
        <Steps of={run} />
        <Decisions visit={visit} of={run} />
        <Timeline of={run} />
      </>
    ),
  };
};

const Steps = ({ of: run }: { readonly of: Run }) => (
  <section class="panel">
    <h2>Steps</h2>
    <Table
      caption="Steps"
      rows={run.steps}
      columns={[
        { label: "Step", leads: true, cell: (row) => row.title ?? row.name },
        { label: "State", cell: (row) => <Status of={row.state} /> },
        { label: "Why", cell: (row) => row.reason ?? "" },
        { label: "Begun", cell: (row) => <Time at={row.startedAt} none="" /> },
        { label: "Ended", cell: (row) => <Time at={row.endedAt} none="" /> },
        { label: "Deadline", cell: (row) => <Time at={row.state === "waiting" || row.state === "sent" ? row.deadline : null} none="" /> },
        { label: "Wrote", cell: (row) => <Effects of={row.effects} /> },
        { label: "Took back", cell: (row) => <Effects of={row.compensations} /> },
      ]}
    />
  </section>
);

const Effects = ({ of }: { readonly of: Run["steps"][number]["effects"] }) => (
  <>
    {of.map(({ eventId, to, state }) => (
      <div>
        <a href={PATHS.event(eventId)}>{to}</a> {state}
      </div>
    ))}
  </>
);

const Timeline = ({ of: run }: { readonly of: Run }) => (
  <section class="panel">
    <h2>Timeline</h2>
    <Table
      caption="Timeline, newest first"
      rows={run.timeline.toReversed()}
      columns={[
        { label: "When", leads: true, cell: (row) => <Time at={row.at} /> },
        { label: "What", cell: (row) => row.what },
        { label: "Step", cell: (row) => row.step ?? "" },
        { label: "Words", cell: (row) => row.words ?? "" },
        { label: "By", cell: (row) => row.by ?? "" },
      ]}
    />
  </section>
);

function Decisions({ visit, of: run }: { readonly visit: Visit; readonly of: Run }) {
  if (run.state === "done") return null;
  const steps = run.steps.map(({ name, title }) => [name, title ?? name] as const);
  return (
    <div class="columns">
      <Decision visit={visit} run={run} verb="retry" name="retryFlow" needs="operator" label="Try again">
        <Select name="step" label="From the step" options={steps} value={visit.entered["step"]} any="Where it stands" />
      </Decision>
      <Decision visit={visit} run={run} verb="skip" name="skipFlow" needs="approver" label="Go past the step">
        <p class="hint">{run.step === null ? "It stands at no step." : `It stands at ${run.step}.`}</p>
      </Decision>
      <Decision visit={visit} run={run} verb="cancel" name="cancelFlow" needs="operator" label="Cancel and take back">
        <p class="hint">Everything that it did is taken back, the last first.</p>
      </Decision>
    </div>
  );
}

interface DecisionProps {
  readonly visit: Visit;
  readonly run: Run;
  readonly verb: string;
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
