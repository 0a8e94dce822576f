import type { AnswerOf } from "../../operations.ts";
import { stepsOf } from "../event-way.tsx";
import { Failure, Status } from "../marks.tsx";
import { Empty, NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Payload } from "../payload.tsx";
import { Entity, Facts, Time } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";
import { Way } from "../way.tsx";
import { orderOf, sentence, told } from "../words.ts";
import { EventTable } from "./events.tsx";

type Event = AnswerOf<"getEvent">;

/** A correlation of hundreds has a page of its own. */
const OTHERS_SHOWN = 20;

/** One event: its way through the router and over all systems, its data, and what it changed. */
export const eventPage: Page = async (visit) => {
  const { params, query, ask } = visit;
  const id = params["id"] ?? "";
  const found = await ask("getEvent", { params: { id } });
  if (!found.ok) return refusedView(found.failure, "Event");
  const { value: event } = found;
  if (event.source === null) return underWay(event);
  const against = query["against"] === undefined ? {} : { against: query["against"] };
  const [payload, hops] = await Promise.all([
    ask("getPayload", { params: { id }, query: against }),
    ask("trace", { params: { anyKey: event.correlationId ?? id } }),
  ]);
  const others = hops.ok ? hops.value.events.filter((hop) => hop.id !== id).slice(-OTHERS_SHOWN) : [];
  return {
    title: event.type ?? "Event",
    live: true,
    main: (
      <>
        <Head of={event} />
        <Summary of={event} />
        <section class="panel">
          <h2>Its way</h2>
          <Way steps={stepsOf(event)} />
        </section>
        {others.length === 0 ? null : (
          <section class="panel">
            <h2>The same business, in other systems</h2>
            <EventTable caption="Events with the same correlation" rows={others} />
          </section>
        )}
        <section class="panel" id="payload">
          <h2>Data</h2>
          {payload.ok ? <Payload of={payload.value} /> : <Empty title="No data can be shown">{sentence(payload.failure.detail)}.</Empty>}
          <Raw visit={visit} id={id} />
        </section>
        <Technical of={event} />
      </>
    ),
  };
};

const Head = ({ of: event }: { readonly of: Event }) => (
  <div class="head">
    <div class="head-text">
      <h1>{event.type}</h1>
      <p>
        <Entity of={event.entity} />, from <a href={PATHS.source(event.source ?? "")}>{event.source}</a>
      </p>
    </div>
    <p>
      <Status of={event.status} /> {event.class === null ? null : <Failure of={event.class} />}
    </p>
  </div>
);

/** An event that is durable and not in the index yet. */
const underWay = (event: Event) => ({
  title: "Event",
  live: true,
  main: (
    <>
      <div class="head">
        <h1>Event under way</h1>
        <Status of="pending" />
      </div>
      <Empty title="Accepted, and not in the index yet">
        It was received <Time at={event.receivedAt} /> and cannot be lost. This page looks again by itself; without a script, reload it.
      </Empty>
    </>
  ),
});

/** What became of it, in a sentence, and where to go on. */
const Summary = ({ of: event }: { readonly of: Event }) => (
  <>
    {event.reason === null ? null : (
      <section class="panel">
        <h2>Why it is {event.status}</h2>
        <p>
          {told(event.reason)}
          {event.of === null ? null : (
            <>
              {" "}
              (<a href={PATHS.event(event.of)}>the event that counts</a>)
            </>
          )}
        </p>
        {event.destinations
          .filter((lane) => lane.status === "dead")
          .map((lane) => (
            <p>
              <a class="button" href={PATHS.deadLetter(`${event.id}:${lane.destination}`)}>
                Deal with the dead letter for {lane.destination}
              </a>
            </p>
          ))}
        {event.status === "quarantined" ? (
          <p>
            <a class="button" href={PATHS.deadLetter(`${event.id}:-`)}>
              Deal with it
            </a>
          </p>
        ) : null}
      </section>
    )}
  </>
);

const Raw = ({ visit, id }: { readonly visit: Visit; readonly id: string }) =>
  may(visit, "getRaw") ? (
    <p class="after">
      <a href={PATHS.raw(id)} download={`${id}.txt`}>
        Save the raw body as it came
      </a>
    </p>
  ) : (
    <NoPermission what="The raw body" needs="operator" has={visit.actor.role} />
  );

const Technical = ({ of: event }: { readonly of: Event }) => (
  <section class="panel">
    <h2>Details</h2>
    <Facts
      of={[
        ["Event id", <code>{event.id}</code>],
        [
          "Correlation id",
          <a href={`${PATHS.trace}?key=${encodeURIComponent(event.correlationId ?? event.id)}`}>
            <code>{event.correlationId}</code>
          </a>,
        ],
        ["Delivery id", <code>{event.deliveryId}</code>],
        ["Trace", <code>{event.traceparent}</code>],
        ["Received", <Time at={event.receivedAt} />],
        ["Happened", event.occurredAt === null ? <span class="faint">not told</span> : <Time at={event.occurredAt} />],
        ["Priority", event.priority],
        ["Order token", orderOf(event.order)],
        ["Content hash", <code>{event.contentHash}</code>],
        ["Configuration", event.configVersion],
      ]}
    />
  </section>
);
