import type { AnswerOf } from "../operations.ts";
import { Bars } from "./charts.tsx";
import { Status, destinationWord } from "./marks.tsx";
import { Empty } from "./notices.tsx";
import { sum } from "./overview-cards.tsx";
import { PATHS } from "./paths.ts";
import { Table } from "./table.tsx";
import { Time } from "./text.tsx";
import { withQuery } from "./visit.ts";
import { count, counted, duration, failureWords, sentence } from "./words.ts";

type Overview = AnswerOf<"getOverview">;

/** How the machinery is: depths, ages, times, classes of failure and the systems. */
export const Machinery = ({ of }: { readonly of: Overview }) => (
  <>
    <div class="columns">
      <Depth of={of} />
      <Ages of={of} />
      <Latency of={of} />
      <Failures of={of} />
    </div>
    <Destinations of={of} />
  </>
);

const Depth = ({ of }: { readonly of: Overview }) => (
  <section class="panel">
    <h2>Events that are not done</h2>
    <Table
      small
      caption="Events that are not done, by status"
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
    <h2>How far behind the queues are</h2>
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
      label: sentence(failureWords(name)),
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
      <h2>What went wrong</h2>
      {bars.length === 0 ? <Empty title="No failure is open" /> : <Bars label="Open dead letters by what went wrong" bars={bars} />}
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
