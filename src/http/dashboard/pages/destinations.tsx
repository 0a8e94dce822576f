import type { AnswerOf } from "../../operations.ts";
import { ActionForm, Button, Reason } from "../forms.tsx";
import { Head } from "../head.tsx";
import { Status, destinationWord } from "../marks.tsx";
import { NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Facts, Time } from "../text.tsx";
import { may, withQuery, type Page, type Visit } from "../visit.ts";
import { count } from "../words.ts";

type Destination = AnswerOf<"listDestinations">["items"][number];

/** The systems that events go to: how they are, and the switch that holds everything for one. */
export const destinationsPage: Page = async (visit) => {
  const [found, ownership] = await Promise.all([visit.ask("listDestinations"), visit.ask("listOwnership")]);
  if (!found.ok) return refusedView(found.failure, "Destinations");
  return {
    title: "Destinations",
    live: true,
    main: (
      <>
        <Head title="Destinations" about="While one is paused, everything for it is held in order, and nothing is lost." />
        {may(visit, "pauseDestination") ? null : <NoPermission what="Pausing and resuming" needs="operator" has={visit.actor.role} />}
        <div class="columns narrow">
          {found.value.items.map((destination) => (
            <One visit={visit} of={destination} team={ownership.ok ? ownership.value.owners[destination.owner]?.team : undefined} />
          ))}
        </div>
      </>
    ),
  };
};

const EXPLAINED: Readonly<Record<string, string>> = {
  open: "It kept failing, so the breaker lets nothing through for now.",
  halfOpen: "One attempt at a time finds out whether it works again.",
  quiet: "It asked us to come later.",
};

interface OneProps {
  readonly visit: Visit;
  readonly of: Destination;
  readonly team: string | undefined;
}

const One = ({ visit, of: destination, team }: OneProps) => {
  const paused = destination.pausedBy !== null;
  const verb = paused ? "resume" : "pause";
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{destination.title}</h2>
        <Status of={destinationWord(destination.state)} />
      </div>
      {destination.problem === null ? null : <p>{destination.problem}</p>}
      {EXPLAINED[destination.state] === undefined ? null : <p>{EXPLAINED[destination.state]}</p>}
      {destination.pausedBy === null ? null : <p>Paused by {destination.pausedBy}.</p>}
      <Facts
        of={[
          ["Name", <code>{destination.name}</code>],
          ["Owner", team ?? destination.owner],
          ["Attempts running", count(destination.running)],
          ...(destination.until === null ? [] : [["Until", <Time at={destination.until} />] as const]),
          [
            "Its events",
            <>
              <a href={withQuery(PATHS.events, { destination: destination.name, status: "held" })}>held</a>,{" "}
              <a href={withQuery(PATHS.events, { destination: destination.name, status: "retrying" })}>retrying</a>
            </>,
          ],
          ["Module", destination.module],
        ]}
      />
      {may(visit, "pauseDestination") ? (
        <details open={paused || visit.params["name"] === destination.name}>
          <summary>{paused ? "Resume" : "Pause"}</summary>
          <ActionForm
            visit={visit}
            to={`${PATHS.destinations}/${encodeURIComponent(destination.name)}/${verb}`}
            label={`${verb} ${destination.title}`}
          >
            <Reason within={destination.name} />
            <div class="row">
              {paused ? <Button tone="main">Resume {destination.title}</Button> : <Button tone="careful">Pause {destination.title}</Button>}
            </div>
          </ActionForm>
        </details>
      ) : null}
    </section>
  );
};
