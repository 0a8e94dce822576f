import type { AnswerOf } from "../../operations.ts";
import { Status } from "../marks.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Entity, Facts, Owner, Runbook, Time } from "../text.tsx";
import { filled, withQuery, type Page } from "../visit.ts";
import { count, duration, percent, sentence } from "../words.ts";

type Answer = AnswerOf<"getSla">;
type Late = Answer["late"]["items"][number];

const STATES = [
  ["all", "All"],
  ["waiting", "Still owed"],
  ["ended", "Came too late"],
] as const;

/** One promise, and the records by which it was not kept. */
export const slaPage: Page = async (visit) => {
  const { ask, params, query, path } = visit;
  const found = await ask("getSla", { params, query: filled(query, ["state", "cursor"]) });
  if (!found.ok) return refusedView(found.failure, "SLA");
  const { sla, late } = found.value;
  return {
    title: sla.title,
    live: query["cursor"] === undefined,
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{sla.title}</h1>
            <p>{sentence(sla.statement)}.</p>
          </div>
          <Status of={sla.state} />
        </div>
        <div class="columns">
          <Figures of={sla} />
          <Owned of={sla} />
        </div>
        <section class="panel">
          <div class="panel-head">
            <h2>Records that missed it</h2>
            <ul class="chips">
              {STATES.map(([state, label]) => (
                <li>
                  <a href={withQuery(path, { state })} aria-current={(query["state"] ?? "all") === state ? "true" : undefined}>
                    {label}
                  </a>
                </li>
              ))}
            </ul>
          </div>
          {late.items.some(({ endedAt, withdrawn }) => endedAt === null && !withdrawn) ? (
            <p class="next">Open a record that is not there yet: its timeline shows at which step it waits, and whose that is.</p>
          ) : null}
          {late.items.length === 0 ? (
            <Empty title="None">{sla.measures === "milestones" ? undefined : "What failed is listed under events and dead letters."}</Empty>
          ) : (
            <Table caption="Late records, the latest deadline first" rows={late.items} columns={COLUMNS} />
          )}
          <Pager visit={visit} filters={["state"]} next={late.nextCursor} older="Earlier deadlines" />
        </section>
      </>
    ),
  };
};

const Figures = ({ of }: { readonly of: Answer["sla"] }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>In the last {of.window}</h2>
    </div>
    <Facts
      of={[
        ["Good", `${count(of.good)}, ${percent(of.attainment)} of all; the target is ${percent(of.target)}`],
        ["Not good", count(of.bad)],
        ["Under way in time", count(of.open)],
        ["Late and still owed", count(of.overdue)],
        ["Half within", of.medianAtMostMs === null ? "no data" : duration(of.medianAtMostMs)],
        ["95 % within", of.p95AtMostMs === null ? "no data" : duration(of.p95AtMostMs)],
        ["Burn rate", of.burnRate === null ? "no data" : `${times(of.burnRate)}; lately ${times(of.recentBurnRate)}`],
      ]}
    />
  </section>
);

const times = (rate: number | null): string => (rate === null ? "nothing was decided" : `${Number(rate.toFixed(2))} × what is allowed`);

const Owned = ({ of }: { readonly of: Answer["sla"] }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>Who must act</h2>
    </div>
    <Facts
      of={[
        ["Team", <Owner of={of.owner} />],
        ["What to do", <Runbook at={of.owner.runbook} of={of.owner.team ?? of.owner.name} />],
        ["Routes", of.routes.length === 0 ? "none" : of.routes.join(", ")],
      ]}
    />
  </section>
);

const COLUMNS = [
  { label: "Record", leads: true, cell: ({ entity }: Late) => <Entity of={entity} /> },
  { label: "Begun", cell: ({ startedAt }: Late) => <Time at={startedAt} /> },
  { label: "Due", cell: ({ dueAt }: Late) => <Time at={dueAt} ago /> },
  {
    label: "Ended",
    cell: ({ endedAt, withdrawn }: Late) => (withdrawn ? "taken back, too late" : <Time at={endedAt} none="not there yet" />),
  },
  { label: "Began with", cell: ({ eventId }: Late) => <a href={PATHS.event(eventId)}>the event</a> },
];
