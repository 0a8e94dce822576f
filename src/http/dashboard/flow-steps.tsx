import type { AnswerOf } from "../operations.ts";
import { Status } from "./marks.tsx";
import { PATHS } from "./paths.ts";
import { Table, type Column } from "./table.tsx";
import { Time } from "./text.tsx";
import { sentence, systemName } from "./words.ts";

type Run = AnswerOf<"getFlow">;

/** A step by the words that its flow has for it. */
export const stepTitle = ({ steps }: Run, step: string): string => steps.find(({ name }) => name === step)?.title ?? step;

type Step = Run["steps"][number];

const STEP_COLUMNS: readonly Column<Step>[] = [
  { label: "Step", leads: true, cell: (row) => row.title ?? row.name },
  {
    label: "State",
    cell: (row) => (
      <>
        <Status of={row.state === "pending" ? "to come" : row.state} />
        {row.reason === null || row.reason === row.title ? null : <p class="note">{sentence(row.reason)}</p>}
      </>
    ),
  },
  { label: "Begun", cell: (row) => <Time at={row.startedAt} none="" /> },
  { label: "Ended", cell: (row) => <Time at={row.endedAt} none="" /> },
];

/** Columns that say something of few runs: shown where one of the steps has it. */
const RARER: readonly (Column<Step> & { readonly has: (step: Step) => boolean })[] = [
  {
    label: "Deadline",
    has: ({ state, deadline }) => deadline !== null && (state === "waiting" || state === "sent"),
    cell: ({ state, deadline }) => <Time at={state === "waiting" || state === "sent" ? deadline : null} none="" />,
  },
  { label: "Wrote", has: ({ effects }) => effects.length > 0, cell: (row) => <Effects of={row.effects} /> },
  { label: "Took back", has: ({ compensations }) => compensations.length > 0, cell: (row) => <Effects of={row.compensations} /> },
];

/** What a run has done, does and has still to do. */
export const Steps = ({ of: run }: { readonly of: Run }) => (
  <section class="panel">
    <h2>Steps</h2>
    <Table caption="Steps" rows={run.steps} columns={[...STEP_COLUMNS, ...RARER.filter(({ has }) => run.steps.some(has))]} />
  </section>
);

/** How far what a step wrote has come. */
const EFFECT_WORDS: Readonly<Record<Step["effects"][number]["state"], string>> = {
  made: "pending",
  queued: "sent",
  done: "done",
  dead: "dead",
};

const Effects = ({ of }: { readonly of: Step["effects"] }) => (
  <>
    {of.map(({ eventId, to, entity, state }) => (
      <div>
        <a href={PATHS.event(eventId)}>
          {sentence(entity.kind)} to {systemName(to)}
        </a>{" "}
        <Status of={EFFECT_WORDS[state]} />
      </div>
    ))}
  </>
);
