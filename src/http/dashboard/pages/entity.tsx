import type { AnswerOf } from "../../operations.ts";
import { stepOf } from "../entity-line.tsx";
import { Button } from "../forms.tsx";
import { Failure, Status } from "../marks.tsx";
import { Notice, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Facts, Time } from "../text.tsx";
import { withQuery, type Page, type Visit } from "../visit.ts";
import { comparison } from "../versions.tsx";
import { Way } from "../way.tsx";
import { count, orderOf, sentence } from "../words.ts";

type EntitySeen = AnswerOf<"getEntity">;

const LINES = 40;

/** A record: everything that ever happened to it, over all systems, and where it stands. */
export const entityPage: Page = async (visit) => {
  const { params, ask } = visit;
  const name = `${sentence(params["kind"] ?? "")} ${params["key"] ?? ""}`;
  // The head tells where the newest lines begin; they are what people ask about.
  const head = await ask("getEntity", { params, query: { limit: "1" } });
  if (!head.ok) return refusedView(head.failure, name);
  const last = Math.min(Number(visit.query["before"] ?? Number.POSITIVE_INFINITY), head.value.head.seq + 1) - 1;
  const first = Math.max(0, last - LINES);
  const found = await ask("getEntity", { params, query: { cursor: String(first), limit: String(Math.max(1, last - first)) } });
  if (!found.ok) return refusedView(found.failure, name);
  const { value: entity } = found;
  return {
    title: name,
    live: visit.query["before"] === undefined && visit.query["verify"] === undefined,
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{name}</h1>
            <p>
              {count(entity.head.seq)} lines of history;{" "}
              <a href={withQuery(PATHS.events, { entity: `${params["kind"]}/${params["key"]}` })}>its events as a list</a>
            </p>
          </div>
          <form action={visit.path}>
            <input type="hidden" name="verify" value="yes" />
            <Button>Verify its history</Button>
          </form>
        </div>
        {visit.query["verify"] === undefined ? null : await verified(visit)}
        <Owed of={entity} />
        <div class="columns">
          <Links of={entity} />
          <Sources of={entity} />
        </div>
        <section class="panel" id="versions">
          <h2>Compare versions</h2>
          {await comparison(visit, entity)}
        </section>
        <section class="panel">
          <h2>Timeline, newest first</h2>
          <Way steps={entity.timeline.toReversed().map(stepOf)} />
          {first === 0 ? null : (
            <a class="button" href={withQuery(visit.path, { before: String(first + 1) })}>
              Older lines
            </a>
          )}
        </section>
      </>
    ),
  };
};

async function verified({ ask, params }: Visit) {
  const found = await ask("verifyEntity", { params });
  if (!found.ok)
    return (
      <Notice tone="bad" title="It could not be verified.">
        {found.failure.detail}
      </Notice>
    );
  const { intact, entries, brokenAtSeq, reason } = found.value;
  return intact ? (
    <Notice tone="good" title="The history is intact.">
      All {count(entries)} lines that are kept follow from each other; none was changed, moved or taken out.
    </Notice>
  ) : (
    <Notice tone="bad" title={`The history is broken at line ${brokenAtSeq}.`}>
      {sentence(reason ?? "")}.
    </Notice>
  );
}

const Owed = ({ of }: { readonly of: EntitySeen }) =>
  of.lanes.length === 0 ? null : (
    <section class="panel">
      <h2>Still owed</h2>
      <Table
        caption="What is still owed, by destination"
        rows={of.lanes}
        columns={[
          { label: "Destination", leads: true, cell: (lane) => <a href={PATHS.event(lane.eventId)}>{lane.destination}</a> },
          {
            label: "Status",
            cell: (lane) => (
              <>
                <Status of={lane.status} /> {lane.class === undefined ? null : <Failure of={lane.class} />}
              </>
            ),
          },
          { label: "Why", cell: (lane) => lane.reason ?? "" },
          { label: "Attempts", numeric: true, cell: (lane) => lane.attempts.length },
          { label: "Next", cell: (lane) => (lane.nextAttemptAt === undefined ? "" : <Time at={lane.nextAttemptAt} />) },
        ]}
      />
    </section>
  );

const Links = ({ of }: { readonly of: EntitySeen }) => (
  <section class="panel">
    <h2>Known elsewhere as</h2>
    {of.links.length === 0 ? (
      <p class="faint">No other system has told its own id on these lines.</p>
    ) : (
      <Facts of={of.links.map(({ term, system }) => [system, <code>{term}</code>] as const)} />
    )}
  </section>
);

const Sources = ({ of }: { readonly of: EntitySeen }) => (
  <section class="panel">
    <h2>Newest state by source</h2>
    {Object.keys(of.sources).length === 0 ? (
      <p class="faint">No source has told a state with an order.</p>
    ) : (
      <Facts
        of={Object.entries(of.sources).map(
          ([source, mark]) => [source, <a href={PATHS.event(mark.eventId)}>{orderOf(mark.order)}</a>] as const,
        )}
      />
    )}
  </section>
);
