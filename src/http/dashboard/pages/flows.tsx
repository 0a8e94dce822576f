import { FLOWS } from "../../../domain/flows/index.ts";
import { RUN_STATES } from "../../../domain/flows/run.ts";
import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { Button, Select } from "../forms.tsx";
import { Status } from "../marks.tsx";
import { Empty, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Entity, Time } from "../text.tsx";
import { filled, type Page, type Visit } from "../visit.ts";

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
        <div class="head">
          <div class="head-text">
            <h1>Flows</h1>
            <p>What takes several systems and some time: each run with its steps, waits and deadlines.</p>
          </div>
        </div>
        <Filters visit={visit} />
        {found.ok ? <List of={found.value.items} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={FILTERS} next={found.value.nextCursor} older="Older runs" /> : null}
      </>
    ),
  };
};

const Filters = ({ visit }: { readonly visit: Visit }) => (
  <form class="filters" action={PATHS.flows} aria-label="Filter runs">
    <Select
      name="flow"
      label="Flow"
      options={Object.entries(FLOWS).map(([name, [flow]]) => [name, flow.title])}
      value={visit.query["flow"]}
      any="All"
    />
    <Select name="state" label="State" options={RUN_STATES} value={visit.query["state"]} any="All" />
    <Button>Show</Button>
  </form>
);

const List = ({ of }: { readonly of: AnswerOf<"listFlows">["items"] }) =>
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
          { label: "Stands at", cell: (row) => row.step ?? "" },
          { label: "Why", cell: (row) => row.reason ?? "" },
          { label: "Owner", cell: (row) => row.owner.team ?? row.owner.name },
          { label: "Begun", cell: (row) => <Time at={row.startedAt} /> },
        ]}
      />
    </section>
  );
