import type { AnswerOf } from "../../operations.ts";
import { FINDINGS } from "../findings.ts";
import { ActionForm, Button, Field, Reason, Select } from "../forms.tsx";
import { Status, Word } from "../marks.tsx";
import { NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Entity, Facts, Owner, Time, Value } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";
import { count, systemName } from "../words.ts";

type Finding = AnswerOf<"getDrift">;

/** One finding: what it means, both sides field by field, who must act and what can be done. */
export const findingPage: Page = async (visit) => {
  const found = await visit.ask("getDrift", { params: visit.params });
  if (!found.ok) return refusedView(found.failure, "Finding");
  const finding = found.value;
  const system = systemName(finding.system);
  const words = FINDINGS[finding.type];
  return {
    title: `${words.title(system)}: ${finding.kind} ${finding.key}`,
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{words.title(system)}</h1>
            <p>
              <Entity of={{ kind: finding.kind, key: finding.key }} />, compared with {system}
            </p>
          </div>
          <Status of={finding.state} />
        </div>
        <section class="panel">
          <h2>What it means</h2>
          <p>{words.means(system)}</p>
          {isToDo(finding) ? <p class="next">{words.next(system)}</p> : null}
          <Differences of={finding} system={system} />
          <Circumstances of={finding} />
        </section>
        <Remedies visit={visit} of={finding} system={system} />
      </>
    ),
  };
};

const isToDo = ({ state }: Finding): boolean => state === "open" || state === "suspected";

const Circumstances = ({ of: finding }: { readonly of: Finding }) => (
  <Facts
    of={[
      ["Who must act", <Owner of={finding.owner} />],
      ["Severity", finding.severity],
      ["First seen", <Time at={finding.firstSeenAt} ago />],
      ["Last seen", <Time at={finding.lastSeenAt} ago />],
      ["Times seen", count(finding.timesSeen)],
      ["Its id there", finding.remoteId ?? <span class="faint">not known</span>],
      ...(finding.repairEventId === null ? [] : [["Repaired by", <a href={PATHS.event(finding.repairEventId)}>an event</a>] as const]),
      ...(finding.reason === null ? [] : [["Said", finding.reason] as const]),
      ...(finding.acceptedUntil === null ? [] : [["Accepted until", <Time at={finding.acceptedUntil} />] as const]),
    ]}
  />
);

const Differences = ({ of: { differences }, system }: { readonly of: Finding; readonly system: string }) =>
  differences.length === 0 ? null : (
    <Table
      caption="What differs"
      rows={differences}
      columns={[
        { label: "Field", leads: true, cell: ({ field }) => <Word>{field}</Word> },
        { label: "We know", cell: ({ expected }) => <Value of={expected} /> },
        { label: `${system} has`, cell: ({ found }) => <Value of={found} /> },
      ]}
    />
  );

const DAY_MS = 86_400_000;
/** Offered for a difference that is let be: long enough for a fiscal month to end. */
const LET_BE_DAYS = 30;
const offeredUntil = (): string => new Date(Date.now() + LET_BE_DAYS * DAY_MS).toISOString().slice(0, 16);

interface RemediesProps {
  readonly visit: Visit;
  readonly of: Finding;
  readonly system: string;
}

function Remedies({ visit, of: finding, system }: RemediesProps) {
  if (!isToDo(finding)) return null;
  if (!may(visit, "repairDrift")) return <NoPermission what="Repairing and accepting" needs="operator" has={visit.actor.role} />;
  const to = PATHS.finding(finding.id);
  const { entered } = visit;
  return (
    <div class="columns narrow">
      <section class="panel">
        <h2>Put it right</h2>
        <ActionForm visit={visit} to={`${to}/repair`} label="repair">
          <Select
            name="how"
            label="Which side is right"
            options={FINDINGS[finding.type].sides.map((side) => [side, SIDES[side](system)])}
            value={entered["how"]}
          />
          <Reason within="repair" value={entered["reason"]} />
          <div class="row">
            <Button tone="main">Repair</Button>
          </div>
        </ActionForm>
      </section>
      <section class="panel">
        <h2>Let it be</h2>
        <ActionForm visit={visit} to={`${to}/accept`} label="accept">
          <Field
            name="until"
            label="Until, in UTC"
            type="datetime-local"
            required
            within="accept"
            value={entered["until"] ?? offeredUntil()}
            hint="Found again afterwards, or as soon as something else of it differs."
          />
          <Reason within="accept" value={entered["reason"]} />
          <div class="row">
            <Button tone="careful">Accept the difference</Button>
          </div>
        </ActionForm>
      </section>
    </div>
  );
}

const SIDES: Readonly<Record<"push" | "pull", (system: string) => string>> = {
  push: (system) => `We are: bring our state to ${system}`,
  pull: (system) => `${system} is: take over what it has`,
};
