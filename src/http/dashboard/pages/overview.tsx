import type { AnswerOf } from "../../operations.ts";
import { AlertStrip } from "../alert-strip.tsx";
import { Bars, Shares } from "../charts.tsx";
import { Cards, sum, teamsOf } from "../overview-cards.tsx";
import { Promises } from "../promises.tsx";
import { Status, Word, destinationWord } from "../marks.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Contact, Entity, Time } from "../text.tsx";
import { withQuery, type Page } from "../visit.ts";
import { count, counted, duration, kinds, sentence, told } from "../words.ts";

type Overview = AnswerOf<"getOverview">;

/** First what it means for the business, then how the machinery is. */
export const overviewPage: Page = async ({ ask }) => {
  const [found, alerts, slas] = await Promise.all([ask("getOverview"), ask("listAlerts"), ask("listSlas")]);
  if (!found.ok) return refusedView(found.failure, "Overview");
  const { value: overview } = found;
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
        {alerts.ok ? <AlertStrip of={alerts.value.items} /> : null}
        {slas.ok && slas.value.items.length > 0 ? <Promises of={slas.value.items} /> : null}
        <Cards of={overview} />
        <div class="columns">
          <Records of={overview} />
          <WhoMustAct of={overview} />
        </div>
        <LatestFailures of={overview} />
        <div class="columns">
          <Depth of={overview} />
          <Ages of={overview} />
          <Latency of={overview} />
          <Failures of={overview} />
        </div>
        <Destinations of={overview} />
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

const WhoMustAct = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <h2>Who must act</h2>
    {of.deadLetters.length === 0 ? (
      <Empty title="Nobody">Every dead letter has been dealt with.</Empty>
    ) : (
      <Table
        small
        caption="Open dead letters by team"
        rows={teamsOf(of)}
        columns={[
          {
            label: "Team",
            leads: true,
            cell: (row) => (
              <>
                <a href={withQuery(PATHS.deadLetters, { owner: row.name })}>{row.team}</a>
                <p class="note">
                  <Contact at={row.contact} />
                </p>
              </>
            ),
          },
          { label: "Open", numeric: true, cell: (row) => count(row.letters) },
          { label: "Because of", cell: (row) => row.classes.map((each) => <Word>{each}</Word>) },
        ]}
      />
    )}
  </section>
);

const LatestFailures = ({ of }: { readonly of: Overview }) =>
  of.latestFailures.length === 0 ? null : (
    <section class="panel">
      <div class="panel-head">
        <h2>Latest failures</h2>
        <p>
          <a href={PATHS.deadLetters}>All dead letters</a>
        </p>
      </div>
      <Table
        caption="Latest failures"
        rows={of.latestFailures}
        columns={[
          { label: "Record", leads: true, cell: (row) => (row.entity === null ? "Unreadable" : <Entity of={row.entity} />) },
          { label: "Why", cell: (row) => <a href={PATHS.deadLetter(row.id)}>{told(row.reason)}</a> },
          { label: "Class", cell: (row) => <Word>{row.class}</Word> },
          { label: "Owner", cell: (row) => row.owner.team ?? row.owner.name },
          { label: "When", cell: (row) => <Time at={row.createdAt} ago /> },
        ]}
      />
    </section>
  );

const Depth = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <h2>Unfinished events</h2>
    <Table
      small
      caption="Unfinished events by status"
      rows={of.waiting}
      columns={[
        {
          label: "Status",
          leads: true,
          cell: (row) => (
            <a href={withQuery(PATHS.events, { status: row.status })}>
              <Status of={row.status} />
            </a>
          ),
        },
        { label: "Events", numeric: true, cell: (row) => `${count(row.events)}${row.atLeast ? " or more" : ""}` },
        { label: "Oldest", cell: (row) => (row.oldestAt === null ? <span class="faint">none</span> : <Time at={row.oldestAt} ago />) },
      ]}
    />
  </section>
);

const Ages = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <h2>Age of the queues</h2>
    <Table
      small
      caption="How far each class of traffic is behind"
      rows={of.backlog.classes}
      columns={[
        { label: "Class", leads: true, cell: (row) => sentence(row.class) },
        { label: "Behind", numeric: true, cell: (row) => (row.ageSeconds === 0 ? "0 s" : duration(row.ageSeconds * 1000)) },
        {
          label: "Now",
          cell: (row) =>
            row.refused ? (
              <Status of="held">Senders are told to come later</Status>
            ) : row.deferred === null ? (
              <Status of="taking">Taken at once</Status>
            ) : (
              <Status of="paused">Stands back: {row.deferred}</Status>
            ),
        },
      ]}
    />
  </section>
);

function Latency({ of }: { readonly of: Overview }) {
  const { latency } = of.recent;
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>Time from receipt to effect</h2>
        <p>of the newest {counted(of.recent.events, "event")}</p>
      </div>
      <Bars
        label="Events by their time from receipt to effect"
        bars={latency.map(({ upToMs, events }, index) => ({
          label: upToMs === null ? `over ${duration(latency[index - 1]?.upToMs ?? 0)}` : `up to ${duration(upToMs)}`,
          value: events,
          tone: upToMs === null || upToMs > 5_000 ? "warn" : "busy",
        }))}
      />
    </section>
  );
}

function Failures({ of }: { readonly of: Overview }) {
  const classes = [...new Set(of.deadLetters.map((each) => each.class))];
  const bars = classes
    .map((name) => ({
      label: name,
      value: sum(
        of.deadLetters.filter((each) => each.class === name),
        (each) => each.letters,
      ),
      href: withQuery(PATHS.deadLetters, { class: name, list: name === "poison" ? "platform" : "business" }),
      tone: "bad" as const,
    }))
    .toSorted((a, b) => b.value - a.value);
  return (
    <section class="panel">
      <h2>Failure classes</h2>
      {bars.length === 0 ? <Empty title="No failure is open" /> : <Bars label="Open dead letters by failure class" bars={bars} />}
    </section>
  );
}

const Destinations = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>Destinations</h2>
      <p>
        <a href={PATHS.destinations}>Pause or resume</a>
      </p>
    </div>
    <Table
      small
      caption="Destinations"
      rows={of.destinations}
      columns={[
        { label: "System", leads: true, cell: (row) => <strong>{row.title}</strong> },
        { label: "State", cell: (row) => <Status of={destinationWord(row.state)} /> },
        { label: "Running", numeric: true, cell: (row) => count(row.running) },
        { label: "Why", cell: (row) => row.problem ?? (row.pausedBy === null ? "" : `paused by ${row.pausedBy}`) },
      ]}
    />
  </section>
);
