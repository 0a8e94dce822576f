import { FLOWS } from "../../../domain/flows/index.ts";
import { RUN_STATES } from "../../../domain/flows/run.ts";
import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { Button, Select } from "../forms.tsx";
import { Head } from "../head.tsx";
import { Status } from "../marks.tsx";
import { Empty, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Entity, Time } from "../text.tsx";
import { filled, type Page, type Visit } from "../visit.ts";
import { sentence } from "../words.ts";

const FILTERS = ["flow", "state", "key"];

/** Runs of business flows, newest first. */
export const flowsPage: Page = async (visit) => {
  const found = await visit.ask("listFlows", { query: filled(visit.query, [...FILTERS, "cursor"]) });
  return {
    title: "Flows",
    live: true,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <Head title="Flows" about="What takes several systems and some time: each run with its steps, waits and deadlines." />
        <Filters visit={visit} />
        {found.ok ? <List of={found.value.items} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={FILTERS} next={found.value.nextCursor} older="Older runs" /> : null}
      </>
    ),
  };
};

const Filters = ({ visit }: { readonly visit: Visit }) => (
  <form class="panel row" action={PATHS.flows} aria-label="Filter runs">
    <Select
      name="flow"
      label="Flow"
      options={Object.entries(FLOWS).map(([name, [flow]]) => [name, flow.title])}
      value={visit.query["flow"]}
      any="All"
    />
    <Select
      name="state"
      label="State"
      options={RUN_STATES.map((state) => [state, STATE_WORDS[state]])}
      value={visit.query["state"]}
      any="All"
    />
    <Button>Show</Button>
  </form>
);

/** The states as somebody chooses among them. */
const STATE_WORDS: Readonly<Record<(typeof RUN_STATES)[number], string>> = {
  running: "Running",
  blocked: "Blocked: needs a person",
  compensating: "Compensating: takes back what it did",
  done: "Done",
  stopped: "Stopped, all taken back",
  cancelled: "Cancelled, all taken back",
  uncompensated: "Uncompensated: needs a person",
};

type Run = AnswerOf<"listFlows">["items"][number];

const stepTitle = ({ flow, step }: Run): string =>
  Object.values(FLOWS[flow as keyof typeof FLOWS] ?? [])
    .flatMap(({ steps }) => steps)
    .find(({ name }) => name === step)?.title ??
  step ??
  "";

const Stands = ({ of: run }: { readonly of: Run }) => (
  <>
    {stepTitle(run)}
    {run.reason === null ? null : <p class="note">{sentence(run.reason.replace(`${run.step ?? ""}: `, ""))}</p>}
  </>
);

const List = ({ of }: { readonly of: readonly Run[] }) =>
  of.length === 0 ? (
    <Empty title="No run">Flows are switched on in router.config.ts; a run begins with the first record that fits.</Empty>
  ) : (
    <section class="panel">
      <Table
        caption="Runs"
        rows={of}
        columns={[
          { label: "Flow", leads: true, cell: (row) => <a href={PATHS.flow(row.id)}>{row.title}</a> },
          { label: "About", cell: (row) => <Entity of={row.entity} /> },
          { label: "State", cell: (row) => <Status of={row.state} /> },
          { label: "Stands at", cell: (row) => <Stands of={row} /> },
          { label: "Whose", cell: (row) => row.owner.team ?? row.owner.name },
          { label: "Begun", cell: (row) => <Time at={row.startedAt} /> },
        ]}
      />
    </section>
  );
