import type { Child } from "hono/jsx";
import type { AnswerOf } from "../../operations.ts";
import { Status, Word } from "../marks.tsx";
import { Empty, NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Payload } from "../payload.tsx";
import { Entity, Facts, Time } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";
import { duration, orderOf, sentence, told } from "../words.ts";
import { Way, type Step } from "../way.tsx";
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
      <Status of={event.status} /> {event.class === null ? null : <Word>{event.class}</Word>}
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

function stepsOf(event: Event): readonly Step[] {
  const received: Step = {
    at: event.receivedAt,
    title: `Received from ${event.source}`,
    detail: `${event.verdict === "verified" ? "The body was proven" : `Verdict: ${event.verdict}`}${event.secretId === null ? "" : `, with ${event.secretId}`}. ${sentence(event.nature ?? "no")} of its record.`,
  };
  const matched = event.routing.filter((each) => each.matched);
  const routed: Step = {
    at: event.receivedAt,
    title: matched.length === 0 ? "No route takes it" : `Routed by ${matched.map((each) => each.route).join(", ")}`,
    detail: (
      <ul class="why">
        {event.routing.map((each) => (
          <li>
            {each.route}: {each.because}
          </li>
        ))}
      </ul>
    ),
  };
  const attempts = event.destinations.flatMap((lane) => lane.attempts.map((attempt, index) => attemptStep(lane, attempt, index)));
  const next = event.destinations.flatMap((lane) =>
    lane.nextAttemptAt === undefined
      ? []
      : [{ at: lane.nextAttemptAt, title: `Next attempt at ${lane.destination}`, tone: "warn" as const, detail: lane.reason }],
  );
  return [received, routed, ...[...attempts, ...next].toSorted((a, b) => (a.at < b.at ? -1 : 1))];
}

type LaneSeen = Event["destinations"][number];

const APPLIED: readonly string[] = ["applied", "duplicate", "confirmed"];

function attemptStep(lane: LaneSeen, attempt: LaneSeen["attempts"][number], index: number): Step {
  const applied = APPLIED.includes(attempt.result);
  const number = lane.remote?.number ?? lane.remote?.id;
  const detail: Child = (
    <>
      Attempt {index + 1}, {duration(attempt.durationMs)}
      {attempt.httpStatus === undefined ? "" : `, HTTP ${attempt.httpStatus}`}
      {attempt.detail === undefined ? "" : `: ${attempt.detail}`}
    </>
  );
  return {
    at: attempt.startedAt,
    title: applied ? `${lane.destination} has it${number === undefined ? "" : ` as ${number}`}` : `${lane.destination}: ${attempt.result}`,
    detail,
    tone: applied ? "good" : lane.status === "dead" && index === lane.attempts.length - 1 ? "bad" : "warn",
  };
}

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
