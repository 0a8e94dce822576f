import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { ActionForm, Button, Reason, Select } from "../forms.tsx";
import { Failure } from "../marks.tsx";
import { Empty, NoPermission, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table, type Column } from "../table.tsx";
import { Contact, Entity, Time } from "../text.tsx";
import { filled, may, withQuery, type Page, type Visit } from "../visit.ts";
import { FAILURE_CHOICES, counted, told } from "../words.ts";

const FILTERS = ["list", "status", "owner", "class", "destination"] as const;

type Letter = AnswerOf<"getDeadLetter">;

/** What needs a person, by the team whose it is. */
export const deadLettersPage: Page = async (visit) => {
  const [found, ownership] = await Promise.all([
    visit.ask("listDeadLetters", { query: filled(visit.query, [...FILTERS, "cursor"]) }),
    visit.ask("listOwnership"),
  ]);
  const owners = ownership.ok ? Object.entries(ownership.value.owners).map(([name, { team }]) => [name, team] as const) : [];
  const destinations = ownership.ok ? ownership.value.items.filter(({ what }) => what === "destination").map(({ name }) => name) : [];
  return {
    title: "Dead letters",
    live: true,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <div class="head">
          <h1>Dead letters</h1>
        </div>
        <Lists visit={visit} />
        <details class="panel filter-panel" open={["owner", "class", "destination"].some((name) => (visit.query[name] ?? "") !== "")}>
          <summary>Filter</summary>
          <Filters visit={visit} owners={owners} destinations={destinations} />
        </details>
        {found.ok ? <Letters visit={visit} of={found.value.items} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={FILTERS} next={found.value.nextCursor} older="Older dead letters" /> : null}
      </>
    ),
  };
};

const LISTS = [
  ["Business, open", { list: "business", status: "open" }],
  ["Platform, open", { list: "platform", status: "open" }],
  ["Resolved", { list: "business", status: "resolved" }],
  ["Skipped", { list: "business", status: "skipped" }],
] as const;

/** Business letters concern data and systems, platform ones our own processing: they never share a list. */
const Lists = ({ visit: { query } }: { readonly visit: Visit }) => (
  <ul class="chips">
    {LISTS.map(([name, { list, status }]) => {
      const here = (query["list"] ?? "business") === list && (query["status"] ?? "open") === status;
      return (
        <li>
          <a href={withQuery(PATHS.deadLetters, { list, status, owner: query["owner"] })} aria-current={here ? "true" : undefined}>
            {name}
          </a>
        </li>
      );
    })}
  </ul>
);

interface FiltersProps {
  readonly visit: Visit;
  readonly owners: readonly (readonly [string, string])[];
  readonly destinations: readonly string[];
}

const Filters = ({ visit: { query }, owners, destinations }: FiltersProps) => (
  <form class="filters" action={PATHS.deadLetters} aria-label="Filter dead letters">
    <input type="hidden" name="list" value={query["list"] ?? "business"} />
    <input type="hidden" name="status" value={query["status"] ?? "open"} />
    <Select name="owner" label="Owner" options={owners} value={query["owner"]} any="Any" />
    <Select name="class" label="Failure class" options={FAILURE_CHOICES} value={query["class"]} any="Any" />
    <Select name="destination" label="Destination" options={destinations} value={query["destination"]} any="Any" />
    <div class="row">
      <Button tone="main">Show</Button>
    </div>
  </form>
);

function Letters({ visit, of }: { readonly visit: Visit; readonly of: readonly Letter[] }) {
  const status = visit.query["status"] ?? "open";
  if (of.length === 0)
    return status === "open" ? (
      <Empty title="Nothing needs a person here">What fails for good appears in this list, with who must act and what to do next.</Empty>
    ) : (
      <Empty title={`None is ${status}`} />
    );
  const groups = [...new Set(of.map(({ owner }) => owner.name))].map((name) => of.filter(({ owner }) => owner.name === name));
  const acts = status === "open" && may(visit, "retryDeadLetter");
  const sections = groups.map((letters) => <Group letters={letters} acts={acts} />);
  if (status !== "open") return <>{sections}</>;
  if (!acts)
    return (
      <>
        {sections}
        <NoPermission what="Retrying or skipping" needs="operator" has={visit.actor.role} />
      </>
    );
  return (
    <ActionForm visit={visit} to={`${PATHS.deadLetters}/bulk`} label="Deal with the ticked dead letters">
      {sections}
      <section class="panel">
        <h2>With those that are ticked</h2>
        <div class="row">
          <Reason within="bulk" value={visit.entered["reason"]} />
          <Button tone="main" name="verb" value="retry">
            Retry
          </Button>
          <Button tone="careful" name="verb" value="skip">
            Skip
          </Button>
        </div>
      </section>
    </ActionForm>
  );
}

function Group({ letters, acts }: { readonly letters: readonly Letter[]; readonly acts: boolean }) {
  const owner = letters[0]?.owner;
  const team = owner?.team ?? owner?.name ?? "Nobody";
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{team}</h2>
        <p>
          {counted(letters.length, "letter")} on this page; <Contact at={owner?.contact ?? null} />
        </p>
      </div>
      {acts ? (
        <div class="tick" data-tick-all="" hidden>
          <input type="checkbox" id={`all-${owner?.name}`} />
          <label for={`all-${owner?.name}`}>Tick all of {team}</label>
        </div>
      ) : null}
      <Table caption={`Dead letters of ${team}`} rows={letters} columns={acts ? [TICK, ...COLUMNS] : COLUMNS} />
    </section>
  );
}

const nameOf = (letter: Letter): string => (letter.entity === null ? "an unreadable body" : `${letter.entity.kind} ${letter.entity.key}`);

const TICK: Column<Letter> = {
  label: "Tick",
  ticks: true,
  cell: (letter) => <input type="checkbox" name="id" value={letter.id} aria-label={`Tick ${nameOf(letter)} for ${letter.destination}`} />,
};

const COLUMNS: readonly Column<Letter>[] = [
  {
    label: "Why",
    leads: true,
    cell: (letter) => (
      <>
        <a href={PATHS.deadLetter(letter.id)}>{told(letter.reason)}</a>
        {letter.fields.map(({ field, message }) =>
          letter.reason.includes(message) ? null : (
            <p class="note">
              <code>{field}</code> {message}
            </p>
          ),
        )}
      </>
    ),
  },
  { label: "Record", cell: (letter) => <Entity of={letter.entity} /> },
  { label: "For", cell: (letter) => (letter.destination === "-" ? <span class="faint">none</span> : letter.destination) },
  { label: "Class", cell: (letter) => <Failure of={letter.class} /> },
  { label: "Attempts", numeric: true, cell: (letter) => letter.attempts },
  { label: "Since", cell: (letter) => <Time at={letter.createdAt} ago /> },
];
