import type { AnswerOf } from "../../operations.ts";
import { AlertStrip } from "../alert-strip.tsx";
import { Shares } from "../charts.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { Cards } from "../overview-cards.tsx";
import { Machinery } from "../overview-machinery.tsx";
import { PATHS } from "../paths.ts";
import { Promises } from "../promises.tsx";
import { Table } from "../table.tsx";
import { Entity, Time } from "../text.tsx";
import type { Page } from "../visit.ts";
import { WhoMustAct } from "../who-must-act.tsx";
import { count, counted, kinds, told } from "../words.ts";

type Overview = AnswerOf<"getOverview">;

/** First what it means for the business and who must act, then how the machinery is. */
export const overviewPage: Page = async ({ ask }) => {
  const [found, alerts, slas] = await Promise.all([ask("getOverview"), ask("listAlerts"), ask("listSlas")]);
  if (!found.ok) return refusedView(found.failure, "Overview");
  const { value: overview } = found;
  const open = alerts.ok ? alerts.value.items : [];
  return {
    title: "Overview",
    live: true,
    main: (
      <>
        <div class="head">
          <h1>Overview</h1>
          <p>
            As of <Time at={overview.at} />
          </p>
        </div>
        <AlertStrip of={open} />
        {slas.ok && slas.value.items.length > 0 ? <Promises of={slas.value.items} /> : null}
        <WhoMustAct overview={overview} alerts={open} />
        <Cards of={overview} />
        <div class="columns">
          <Records of={overview} />
          <LatestFailures of={overview} />
        </div>
        <Machinery of={overview} />
      </>
    ),
  };
};

/** What became of the newest events, by what they are about. */
const Records = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>Records</h2>
      {of.recent.since === null ? null : (
        <p>
          newest {counted(of.recent.events, "event")}, since <Time at={of.recent.since} />
        </p>
      )}
    </div>
    {of.recent.kinds.length === 0 ? (
      <Empty title="No event yet">Post a signed sample to see one here.</Empty>
    ) : (
      <Table
        small
        caption="What became of the newest events, by kind of record"
        rows={of.recent.kinds}
        columns={[
          {
            label: "Kind",
            leads: true,
            cell: (row) => (
              <>
                {row.kind === null ? "No record" : kinds(row.kind)}
                <Shares
                  of={[
                    { value: row.arrived, tone: "good" },
                    { value: row.notNeeded, tone: "quiet" },
                    { value: row.underWay, tone: "warn" },
                    { value: row.needsPerson, tone: "bad" },
                  ]}
                />
              </>
            ),
          },
          { label: "Arrived", numeric: true, cell: (row) => count(row.arrived) },
          { label: "On their way", numeric: true, cell: (row) => count(row.underWay) },
          { label: "Need a person", numeric: true, cell: (row) => count(row.needsPerson) },
          { label: "Not needed", numeric: true, cell: (row) => count(row.notNeeded) },
        ]}
      />
    )}
  </section>
);

const LatestFailures = ({ of }: { readonly of: Overview }) =>
  of.latestFailures.length === 0 ? (
    <section class="panel">
      <h2>Latest failures</h2>
      <Empty title="None">Nothing has failed that somebody would have to see to.</Empty>
    </section>
  ) : (
    <section class="panel">
      <div class="panel-head">
        <h2>Latest failures</h2>
        <p>
          <a href={PATHS.deadLetters}>All dead letters</a>
        </p>
      </div>
      <Table
        small
        caption="Latest failures"
        rows={of.latestFailures}
        columns={[
          {
            label: "Why",
            leads: true,
            cell: (row) => (
              <>
                <a href={PATHS.deadLetter(row.id)}>{told(row.reason)}</a>
                <p class="note">
                  {row.entity === null ? "Unreadable" : <Entity of={row.entity} />}, {row.owner.team ?? row.owner.name}
                </p>
              </>
            ),
          },
          { label: "When", cell: (row) => <Time at={row.createdAt} ago /> },
        ]}
      />
    </section>
  );
