import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { Columns } from "../charts.tsx";
import { FINDINGS } from "../findings.ts";
import { ActionForm, Button, Reason, Select } from "../forms.tsx";
import { Head } from "../head.tsx";
import { Status, Word } from "../marks.tsx";
import { Empty, NoPermission, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table, type Column } from "../table.tsx";
import { Entity, Facts, Time } from "../text.tsx";
import { filled, may, withQuery, type Page, type Visit } from "../visit.ts";
import { count, counted, duration, kinds, sentence, systemName } from "../words.ts";

const FILTERS = ["reconciliation", "state", "type", "owner"] as const;

type Finding = AnswerOf<"getDrift">;
type History = AnswerOf<"getDriftHistory">;
type Reconciliation = AnswerOf<"listReconciliations">["items"][number];

/** Where a system of record and what we know of it differ, and how far the comparisons are. */
export const driftPage: Page = async (visit) => {
  const [found, reconciliations] = await Promise.all([
    visit.ask("listDrift", { query: filled(visit.query, [...FILTERS, "cursor"]) }),
    visit.ask("listReconciliations"),
  ]);
  const histories = await historiesOf(visit, reconciliations.ok ? reconciliations.value.items : []);
  return {
    title: "Drift",
    live: true,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <Head title="Drift" about="What differs from the systems of record for longer than anything may be on its way." />
        {found.ok ? <Silence of={found.value.silence} /> : null}
        <States visit={visit} />
        {found.ok ? <Findings of={found.value.items} state={visit.query["state"] ?? "open"} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={FILTERS} next={found.value.nextCursor} older="More findings" /> : null}
        <h2>What is compared</h2>
        {may(visit, "runReconciliation") ? null : <NoPermission what="Comparing now" needs="operator" has={visit.actor.role} />}
        {reconciliations.ok ? (
          <Comparisons visit={visit} of={reconciliations.value.items} histories={histories} />
        ) : (
          <Refusal of={reconciliations.failure} />
        )}
      </>
    ),
  };
};

/** Runs that a small chart can still show one by one. */
const RUNS_SHOWN = "60";

async function historiesOf(visit: Visit, of: readonly Reconciliation[]): Promise<ReadonlyMap<string, History>> {
  const asked = await Promise.all(of.map(({ name }) => visit.ask("getDriftHistory", { params: { name }, query: { limit: RUNS_SHOWN } })));
  return new Map(asked.flatMap((each) => (each.ok ? [[each.value.name, each.value] as const] : [])));
}

const Silence = ({ of }: { readonly of: AnswerOf<"listDrift">["silence"] }) =>
  of.length === 0 ? null : (
    <Table
      caption="What should have been told and was not"
      rows={of}
      columns={[
        { label: "What", leads: true, cell: ({ summary }) => <a href={PATHS.alerts}>{summary}</a> },
        { label: "Next step", cell: ({ nextStep }) => nextStep },
        { label: "Owner", cell: ({ owner }) => owner.team ?? owner.name },
        { label: "Since", cell: ({ since }) => <Time at={since} ago /> },
      ]}
    />
  );

const STATES = ["open", "repairing", "suspected", "repaired", "healed", "accepted"] as const;

const States = ({ visit: { query } }: { readonly visit: Visit }) => (
  <ul class="chips">
    {STATES.map((state) => (
      <li>
        <a
          href={withQuery(PATHS.drift, { ...filled(query, FILTERS), state })}
          aria-current={(query["state"] ?? "open") === state ? "true" : undefined}
        >
          {sentence(state)}
        </a>
      </li>
    ))}
  </ul>
);

const Findings = ({ of, state }: { readonly of: readonly Finding[]; readonly state: string }) =>
  of.length === 0 ? (
    <Empty title={`No finding is ${state}`}>{state === "open" ? "The systems agree, as far as they were compared." : undefined}</Empty>
  ) : (
    <section class="panel">
      <Table caption={`Findings that are ${state}`} columns={COLUMNS} rows={of} />
    </section>
  );

const COLUMNS: readonly Column<Finding>[] = [
  {
    label: "What",
    leads: true,
    cell: ({ id, type, system }) => <a href={PATHS.finding(id)}>{FINDINGS[type].title(systemName(system))}</a>,
  },
  { label: "Record", cell: ({ kind, key }) => <Entity of={{ kind, key }} /> },
  {
    label: "Differs in",
    cell: ({ differences }) =>
      differences.length === 0 ? <span class="faint">the whole record</span> : differences.map(({ field }) => <Word>{field}</Word>),
  },
  { label: "Who must act", cell: ({ owner }) => owner.team ?? owner.name },
  { label: "Since", cell: ({ firstSeenAt }) => <Time at={firstSeenAt} ago /> },
];

interface Compared {
  readonly visit: Visit;
  readonly of: readonly Reconciliation[];
  readonly histories: ReadonlyMap<string, History>;
}

const Comparisons = ({ visit, of, histories }: Compared) =>
  of.length === 0 ? (
    <Empty title="Nothing is compared yet">Name a kind and a system under reconciliations in router.config.ts.</Empty>
  ) : (
    <div class="columns narrow">
      {of.map((each) => (
        <Comparison visit={visit} of={each} history={histories.get(each.name)} />
      ))}
    </div>
  );

interface One {
  readonly visit: Visit;
  readonly of: Reconciliation;
  readonly history: History | undefined;
}

const Comparison = ({ visit, of: each, history }: One) => (
  <section class="panel">
    <div class="panel-head">
      <h3>{sentence(each.name)}</h3>
      <Status of={each.problem === null ? (each.lastRun?.state ?? "planned") : "misconfigured"} />
    </div>
    {each.problem === null ? null : <p>{sentence(each.problem)}.</p>}
    {each.lastRun?.problem === undefined || each.lastRun.problem === null ? null : <p>{sentence(each.lastRun.problem)}.</p>}
    <Facts
      of={[
        ["Compares", `${kinds(each.kind)} in ${systemName(each.system)}: ${each.fields.join(", ")}`],
        [
          "What has changed",
          <>
            {`every ${counted(each.everyMinutes, "minute")}, last `}
            <Time at={each.lastChangesAt} ago />
          </>,
        ],
        [
          "Everything",
          <>
            {`every ${counted(each.fullEveryHours, "hour")}, last `}
            <Time at={each.lastFullAt} ago />
          </>,
        ],
        ["Read up to", <Time at={each.readUpTo} />],
        ["Open", <a href={withQuery(PATHS.drift, { reconciliation: each.name })}>{count(each.findings["open"] ?? 0)}</a>],
        ["Repaired or healed, 30 days", count((each.findings["repaired"] ?? 0) + (each.findings["healed"] ?? 0))],
        ["From change to finding", <Times of={history?.timeToDetect} />],
        ["From finding to its end", <Times of={history?.timeToRepair} />],
      ]}
    />
    {history === undefined || history.runs.length === 0 ? null : <Trend of={history} />}
    {may(visit, "runReconciliation") ? (
      <details open={visit.params["name"] === each.name}>
        <summary>Compare now</summary>
        <ActionForm visit={visit} to={`${PATHS.drift}/run/${encodeURIComponent(each.name)}`} label={`compare ${each.name} now`}>
          <Select
            name="mode"
            label="How much"
            options={[
              ["changes", "What has changed"],
              ["full", "Everything"],
              ["baseline", "Everything, and take for known what only the system has"],
            ]}
            value="changes"
          />
          <Reason within={each.name} />
          <div class="row">
            <Button tone="main">Compare {each.name}</Button>
          </div>
        </ActionForm>
      </details>
    ) : null}
  </section>
);

const Times = ({ of }: { readonly of: History["timeToDetect"] | undefined }) =>
  of === undefined || of.medianMs === null || of.p95Ms === null ? (
    <span class="faint">none yet</span>
  ) : (
    <>{`${duration(of.medianMs)} in the median, 95 % within ${duration(of.p95Ms)}`}</>
  );

function Trend({ of: { runs } }: { readonly of: History }) {
  const found = runs.map((run) => run.found).toReversed();
  const all = found.reduce((sum, each) => sum + each, 0);
  const compared = runs.reduce((sum, run) => sum + run.compared, 0);
  const says = `Found by the last ${counted(runs.length, "run")}: ${count(all)} among ${counted(compared, "record")}${all === 0 ? "" : `, ${count(Math.max(...found))} at most in one`}.`;
  return <Columns says={says} values={found} tone={all === 0 ? "quiet" : "warn"} />;
}
