import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { Button, Field } from "../forms.tsx";
import { Head } from "../head.tsx";
import { keysPanel } from "../keys.tsx";
import { Empty, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Time } from "../text.tsx";
import { filled, type Page } from "../visit.ts";
import { sentence } from "../words.ts";

type Action = AnswerOf<"listOperatorActions">["items"][number];

/** What operators did, and why. */
export const auditPage: Page = async (visit) => {
  const [found, keys] = await Promise.all([
    visit.ask("listOperatorActions", { query: filled(visit.query, ["actor", "cursor"]) }),
    keysPanel(visit),
  ]);
  return {
    title: "Audit",
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <Head
          title="Audit of operators"
          about="What people and programs did and why: a hash chain of its own. What they did to a record is in its timeline too."
        />
        <form class="panel row" action={PATHS.audit} aria-label="Filter by person">
          <Field name="actor" label="Person" value={visit.query["actor"]} placeholder="as the token names them" />
          <Button>Show</Button>
        </form>
        {found.ok ? <Actions of={found.value.items} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={["actor"]} next={found.value.nextCursor} older="Older actions" /> : null}
        {keys}
      </>
    ),
  };
};

const Actions = ({ of }: { readonly of: readonly Action[] }) =>
  of.length === 0 ? (
    <Empty title="Nothing yet">Every retry, skip, edit, pause, resume and replay is kept here with its reason.</Empty>
  ) : (
    <section class="panel">
      <Table
        caption="What operators did"
        rows={of}
        columns={[
          { label: "When", cell: (row) => <Time at={row.at} /> },
          { label: "Who", cell: (row) => row.actor },
          { label: "What", leads: true, cell: (row) => <strong>{sentence(row.action)}</strong> },
          { label: "On", cell: (row) => <Subject of={row} /> },
          { label: "Why", cell: (row) => row.reason },
        ]}
      />
    </section>
  );

/** What it was done to: a link where a page shows it. */
function Subject({ of: { subject } }: { readonly of: Action }) {
  const href = subject.startsWith("rpl_") ? PATHS.replay(subject) : subject.startsWith("evt_") ? PATHS.deadLetter(subject) : null;
  return href === null ? (
    <code>{subject}</code>
  ) : (
    <a href={href}>
      <code>{subject}</code>
    </a>
  );
}
