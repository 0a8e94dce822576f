import type { AnswerOf } from "../../operations.ts";
import { Head } from "../head.tsx";
import { Status } from "../marks.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { byUrgency } from "../promises.tsx";
import { Table } from "../table.tsx";
import type { Page } from "../visit.ts";
import { count, duration, percent } from "../words.ts";

type Sla = AnswerOf<"listSlas">["items"][number];

/** What the business was promised, and how each promise stands. */
export const slasPage: Page = async ({ ask }) => {
  const found = await ask("listSlas");
  if (!found.ok) return refusedView(found.failure, "SLAs");
  const { items } = found.value;
  return {
    title: "SLAs",
    live: true,
    main: (
      <>
        <Head title="SLAs" about="Counted as events are recorded: something is late the moment its time has passed." />
        <section class="panel">
          {items.length === 0 ? (
            <Empty title="None is declared">Say what was promised under slas in router.config.ts.</Empty>
          ) : (
            <Table caption="Declared SLAs, those first that are not held" rows={byUrgency(items)} columns={COLUMNS} />
          )}
          <p class="note after">
            Burn rate: how many times faster than allowed the part that may fail is being used up. At 1× it lasts just to the end of the
            window.
          </p>
        </section>
      </>
    ),
  };
};

const COLUMNS = [
  { label: "SLA", leads: true, cell: (sla: Sla) => <a href={PATHS.sla(sla.name)}>{sla.title}</a> },
  { label: "State", cell: (sla: Sla) => <Status of={sla.state} /> },
  { label: "Good", numeric: true, cell: (sla: Sla) => percent(sla.attainment) },
  { label: "Target", numeric: true, cell: (sla: Sla) => `${percent(sla.target)} in ${sla.window}` },
  { label: "Burn rate", numeric: true, cell: (sla: Sla) => (sla.burnRate === null ? "no data" : `${Number(sla.burnRate.toFixed(2))}×`) },
  { label: "Late and owed", numeric: true, cell: (sla: Sla) => count(sla.overdue) },
  { label: "95 % within", numeric: true, cell: (sla: Sla) => (sla.p95AtMostMs === null ? "no data" : duration(sla.p95AtMostMs)) },
  { label: "Whose", cell: (sla: Sla) => sla.owner.team ?? sla.owner.name },
];
