import type { AnswerOf } from "../operations.ts";
import { Bars } from "./charts.tsx";
import { Empty } from "./notices.tsx";
import { PATHS } from "./paths.ts";
import { Table } from "./table.tsx";
import { Facts, Time } from "./text.tsx";
import { count, counted, duration, orderOf } from "./words.ts";

export type ReplaySeen = AnswerOf<"getReplay">;

/** What a replay will do, as it was found before anything was done. */
export const Plan = ({ of: replay }: { readonly of: ReplaySeen }) => {
  const { plan, query } = replay;
  return (
    <>
      <section class="panel">
        <h2>Plan</h2>
        <Facts
          of={[
            ["Matching events", count(plan.events)],
            ["Will be put in", count(plan.replayable)],
            ["Records", count(plan.entities)],
            ["Kept out by newer states", `${count(plan.movedOn.events)}${plan.movedOn.complete ? "" : " or more"}`],
            ["To", replay.destinations?.join(", ") ?? "where today's routes send them"],
            ["Rate", `${counted(replay.ratePerSecond, "event")} a second, at most`],
            ["Takes about", duration(plan.estimatedSeconds * 1000)],
            ["Done by", plan.estimatedEnd === null ? "not within a month" : <Time at={plan.estimatedEnd} />],
            ["Over newer states", replay.force ? "yes" : "no"],
            ["Needs approval", plan.needsApproval ? "yes" : "no"],
            ["From", <Time at={query.from} />],
            ["Until", <Time at={query.to} />],
            ...filtersOf(replay),
          ]}
        />
        {plan.notReplayable.map(({ why, events }) => (
          <p class="note">
            {count(events)} left out: {why}.
          </p>
        ))}
      </section>
      <div class="columns narrow">
        <Counts title="By status" of={plan.byStatus} />
        <Counts title="By source" of={plan.bySource} />
        <Counts title="By kind" of={plan.byKind} />
      </div>
      <Sample of={replay} />
    </>
  );
};

const filtersOf = ({ query }: ReplaySeen): readonly (readonly [string, string])[] =>
  (["source", "type", "status", "class", "destination", "entity"] as const).flatMap((name) =>
    query[name] === undefined ? [] : [[`Only ${name}`, query[name]] as const],
  );

const Counts = ({ title, of }: { readonly title: string; readonly of: Readonly<Record<string, number>> }) => (
  <section class="panel">
    <h2>{title}</h2>
    {Object.keys(of).length === 0 ? (
      <Empty title="None" />
    ) : (
      <Bars label={`Events ${title.toLowerCase()}`} bars={Object.entries(of).map(([label, value]) => ({ label, value }))} />
    )}
  </section>
);

const linkOf = (entity: string): string =>
  PATHS.entity({ kind: entity.slice(0, entity.indexOf("/")), key: entity.slice(entity.indexOf("/") + 1) });

const Sample = ({ of: { plan } }: { readonly of: ReplaySeen }) =>
  plan.sample.length === 0 ? null : (
    <section class="panel">
      <h2>The records with most events</h2>
      <Table
        caption="What it would do to single records"
        rows={plan.sample}
        columns={[
          { label: "Record", leads: true, cell: (row) => <a href={linkOf(row.entity)}>{row.entity}</a> },
          { label: "Events", numeric: true, cell: (row) => count(row.events) },
          { label: "Kept out", numeric: true, cell: (row) => count(row.refused) },
          { label: "Newest of them", cell: (row) => orderOf(row.newestOrder) },
          { label: "Newest applied", cell: (row) => orderOf(row.appliedOrder) },
        ]}
      />
    </section>
  );
