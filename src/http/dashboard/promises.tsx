import type { AnswerOf } from "../operations.ts";
import { Status } from "./marks.tsx";
import { PATHS } from "./paths.ts";
import { Table, type Column } from "./table.tsx";
import { count, percent, sentence } from "./words.ts";

type Sla = AnswerOf<"listSlas">["items"][number];

const URGENCY: readonly Sla["state"][] = ["breached", "atRisk", "met", "noData"];

/** SLAs that are not held first, then those that are about to be, then those with most that is late. */
export const byUrgency = (slas: readonly Sla[]): readonly Sla[] =>
  slas.toSorted((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state) || b.overdue - a.overdue);

const hasFigures = ({ state, overdue, open }: Sla): boolean => state !== "noData" || overdue + open > 0;

/** What the business was promised, how each promise stands, and what is late by it now: the first thing on the overview. */
export function Promises({ of }: { readonly of: readonly Sla[] }) {
  const measured = byUrgency(of).filter(hasFigures);
  const idle = of.filter((sla) => !hasFigures(sla));
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>
          <a href={PATHS.slas}>Promises to the business</a>
        </h2>
        <p>
          {count(of.filter(({ state }) => state === "breached").length)} of {count(of.length)} not held
        </p>
      </div>
      {measured.length === 0 ? null : <Table caption="Promises, those first that are not held" rows={measured} columns={COLUMNS} />}
      {idle.length === 0 ? null : (
        <p class="note after">
          Nothing to measure yet:{" "}
          {idle.map(({ name, title }, index) => (
            <>
              {index === 0 ? "" : "; "}
              <a href={PATHS.sla(name)}>{title}</a>
            </>
          ))}
          .
        </p>
      )}
    </section>
  );
}

const COLUMNS: readonly Column<Sla>[] = [
  {
    label: "Promise",
    leads: true,
    cell: (sla) => (
      <>
        <a href={PATHS.sla(sla.name)}>{sla.title}</a>
        {sla.state === "met" ? null : <p class="note">{sentence(sla.statement)}.</p>}
      </>
    ),
  },
  { label: "State", cell: (sla) => <Status of={sla.state} /> },
  { label: "Good", numeric: true, cell: (sla) => percent(sla.attainment) },
  { label: "Promised", numeric: true, cell: (sla) => percent(sla.target) },
  { label: "Late now", numeric: true, cell: (sla) => (sla.overdue === 0 ? "0" : <strong>{count(sla.overdue)}</strong>) },
  { label: "Whose", cell: (sla) => sla.owner.team ?? sla.owner.name },
];
