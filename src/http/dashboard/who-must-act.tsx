import type { AnswerOf } from "../operations.ts";
import { Empty } from "./notices.tsx";
import { PATHS } from "./paths.ts";
import { Table, type Column } from "./table.tsx";
import { Contact } from "./text.tsx";
import { withQuery } from "./visit.ts";
import { counted, failureWords } from "./words.ts";

type Overview = AnswerOf<"getOverview">;
type Alert = AnswerOf<"listAlerts">["items"][number];

/** Something that waits for a team, and what they do about it. */
interface Duty {
  readonly owner: Pick<Alert["owner"], "name" | "team" | "contact">;
  readonly what: string;
  readonly href: string;
  readonly next: string;
}

interface Team extends Pick<Duty, "owner"> {
  readonly duties: readonly Duty[];
}

interface Props {
  readonly overview: Overview;
  readonly alerts: readonly Alert[];
}

/** Which teams something waits for, what it is and what comes next. Dead letters as they are now, the rest as alerts know it. */
export function WhoMustAct({ overview, alerts }: Props) {
  const teams = teamsOf([...overview.deadLetters.map(ofLetters), ...alerts.filter(({ rule }) => rule !== "dead-letters").map(ofAlert)]);
  return (
    <section class="panel">
      <h2>Who must act</h2>
      {teams.length === 0 ? (
        <Empty title="Nobody">No dead letter is open, and no alert.</Empty>
      ) : (
        <Table caption="What waits for whom" rows={teams} columns={COLUMNS} />
      )}
    </section>
  );
}

const NEXT_OF_LETTERS = "Look why, mend it where it comes from, then retry or skip.";

const ofLetters = ({ owner, class: failure, letters }: Overview["deadLetters"][number]): Duty => ({
  owner,
  what: `${counted(letters, "dead letter")}: ${failureWords(failure)}`,
  href: withQuery(PATHS.deadLetters, { owner: owner.name, class: failure, list: failure === "poison" ? "platform" : "business" }),
  next: NEXT_OF_LETTERS,
});

const ofAlert = ({ owner, summary, page, nextStep, acknowledged }: Alert): Duty => ({
  owner,
  what: acknowledged === null ? summary : `${summary} (${acknowledged.by} looks after it)`,
  href: page,
  next: nextStep,
});

const teamsOf = (duties: readonly Duty[]): readonly Team[] =>
  [...Map.groupBy(duties, ({ owner }) => owner.name).values()]
    .flatMap((theirs) => (theirs[0] === undefined ? [] : [{ owner: theirs[0].owner, duties: theirs }]))
    .toSorted((a, b) => b.duties.length - a.duties.length);

const COLUMNS: readonly Column<Team>[] = [
  {
    label: "Team",
    leads: true,
    cell: ({ owner }) => (
      <>
        <strong>{owner.team ?? owner.name}</strong>
        <p class="note">
          <Contact at={owner.contact} />
        </p>
      </>
    ),
  },
  {
    label: "What waits, and what comes next",
    leads: true,
    cell: ({ duties }) => (
      <ul class="plain">
        {duties.map(({ what, href, next }) => (
          <li>
            <a href={href}>{what}</a>
            <p class="note">{next}</p>
          </li>
        ))}
      </ul>
    ),
  },
];
