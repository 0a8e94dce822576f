import type { AnswerOf } from "../operations.ts";
import { Status } from "./marks.tsx";
import { PATHS } from "./paths.ts";
import { count, percent, sentence } from "./words.ts";

type Sla = AnswerOf<"listSlas">["items"][number];

const URGENCY: readonly Sla["state"][] = ["breached", "atRisk", "met", "noData"];

/** SLAs that are not held first, then those that are about to be, then those with most that is late. */
export const byUrgency = (slas: readonly Sla[]): readonly Sla[] =>
  slas.toSorted((a, b) => URGENCY.indexOf(a.state) - URGENCY.indexOf(b.state) || b.overdue - a.overdue);

const SHOWN = 4;

/** What the business was promised and how it stands, in the words of the business: the first thing on the overview. */
export const Promises = ({ of }: { readonly of: readonly Sla[] }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>
        <a href={PATHS.slas}>Promises to the business</a>
      </h2>
      <p>
        {count(of.filter(({ state }) => state === "breached").length)} of {count(of.length)} not held
      </p>
    </div>
    <dl class="facts">
      {byUrgency(of)
        .slice(0, SHOWN)
        .map((sla) => (
          <div>
            <dt>
              <a href={PATHS.sla(sla.name)}>{sla.title}</a>
            </dt>
            <dd>
              <Status of={sla.state} /> {percent(sla.attainment)}. {sentence(sla.statement)}.
            </dd>
          </div>
        ))}
    </dl>
  </section>
);
