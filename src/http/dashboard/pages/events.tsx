import { ENTITY_KINDS } from "../../../domain/entities/index.ts";
import { STATUSES } from "../../../domain/outcome.ts";
import type { AnswerOf } from "../../operations.ts";
import { Button, Field, Select } from "../forms.tsx";
import { Failure, Lane, Status } from "../marks.tsx";
import { Empty, Refusal } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Pager } from "../pager.tsx";
import { statusOf } from "../../problem.ts";
import { Table } from "../table.tsx";
import { Entity, Time } from "../text.tsx";
import { filled, type Page, type Visit } from "../visit.ts";
import { FAILURE_CHOICES, sentence } from "../words.ts";

const FILTERS = ["entity", "source", "type", "status", "class", "destination", "from", "to"] as const;

/** Events, newest first, with filters that live in the address. */
export const eventsPage: Page = async (visit) => {
  const wanted = filled(visit.query, [...FILTERS, "cursor"]);
  const times = Object.fromEntries(["from", "to"].flatMap((name) => (wanted[name] === undefined ? [] : [[name, utc(wanted[name])]])));
  const [found, ownership] = await Promise.all([visit.ask("listEvents", { query: { ...wanted, ...times } }), visit.ask("listOwnership")]);
  const names = (what: string): readonly string[] =>
    ownership.ok ? ownership.value.items.filter((item) => item.what === what).map(({ name }) => name) : [];
  const filtered = FILTERS.some((name) => wanted[name] !== undefined);
  return {
    title: "Events",
    live: wanted["cursor"] === undefined,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <div class="head">
          <h1>Events</h1>
        </div>
        <details class="panel filter-panel" open={filtered}>
          <summary>Filter{filtered ? "ed" : ""}</summary>
          <Filters visit={visit} sources={names("source")} destinations={names("destination")} />
        </details>
        {found.ok ? <List of={found.value} filtered={filtered} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={FILTERS} next={found.value.nextCursor} older="Older events" /> : null}
      </>
    ),
  };
};

/** What a browser's date field gives, which names no zone. */
const utc = (text: string): string =>
  /T\d\d:\d\d$/.test(text) ? `${text}:00Z` : /T\d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text}Z` : text;

const Filters = ({
  visit: { query },
  sources,
  destinations,
}: {
  readonly visit: Visit;
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
}) => (
  <form class="filters" action={PATHS.events} aria-label="Filter events">
    <Select name="status" label="Status" options={STATUSES} value={query["status"]} any="Any" />
    <Select name="class" label="Failure class" options={FAILURE_CHOICES} value={query["class"]} any="Any" />
    <Select name="source" label="Source" options={sources} value={query["source"]} any="Any" />
    <Select name="destination" label="Destination" options={destinations} value={query["destination"]} any="Any" />
    <Field name="type" label="Type" value={query["type"]} placeholder="invoice.paid" />
    <Field name="entity" label="Record" value={query["entity"]} placeholder={`${ENTITY_KINDS[0]}/C-1`} />
    <Field name="from" label="From, UTC" type="datetime-local" value={query["from"]} />
    <Field name="to" label="To, UTC" type="datetime-local" value={query["to"]} />
    <div class="row">
      <Button tone="main">Show</Button>
      <a class="button" href={PATHS.events}>
        Clear
      </a>
    </div>
  </form>
);

function List({ of, filtered }: { readonly of: AnswerOf<"listEvents">; readonly filtered: boolean }) {
  if (of.items.length > 0)
    return (
      <section class="panel">
        <EventTable caption="Events" rows={of.items} />
      </section>
    );
  if (of.nextCursor !== null)
    return <Empty title="None among the newest">Few events match this. Older ones were not looked at yet: go on below.</Empty>;
  return filtered ? (
    <Empty title="No event matches">Loosen the filter, or look for the record by its number above.</Empty>
  ) : (
    <Empty title="No event yet">As soon as a sender posts one, it appears here.</Empty>
  );
}

export const EventTable = ({ caption, rows }: { readonly caption: string; readonly rows: AnswerOf<"listEvents">["items"] }) => (
  <Table
    caption={caption}
    rows={rows}
    columns={[
      { label: "Received", cell: (row) => <Time at={row.receivedAt} /> },
      { label: "Event", leads: true, cell: (row) => <a href={PATHS.event(row.id)}>{row.type ?? "not in the index yet"}</a> },
      { label: "Record", cell: (row) => <Entity of={row.entity} /> },
      { label: "From", cell: (row) => row.source },
      {
        label: "To",
        cell: (row) =>
          row.destinations.length === 0 ? (
            <span class="faint">{row.reason === null ? "nowhere" : sentence(row.reason)}</span>
          ) : (
            row.destinations.map((lane) => <Lane destination={lane.destination} status={lane.status} />)
          ),
      },
      {
        label: "Status",
        cell: (row) => (
          <>
            <Status of={row.status} /> {row.class === null ? null : <Failure of={row.class} />}
          </>
        ),
      },
    ]}
  />
);
