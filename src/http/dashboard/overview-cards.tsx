import type { Child } from "hono/jsx";
import type { AnswerOf } from "../operations.ts";
import { destinationWord } from "./marks.tsx";
import { PATHS } from "./paths.ts";
import { Time } from "./text.tsx";
import { withQuery } from "./visit.ts";
import { count, counted, duration } from "./words.ts";

type Overview = AnswerOf<"getOverview">;

export const sum = <T,>(items: readonly T[], figure: (item: T) => number): number => items.reduce((all, item) => all + figure(item), 0);

const UNDER_WAY = ["pending", "retrying", "held"];

/** The state of things at a glance. */
export function Cards({ of }: { readonly of: Overview }) {
  const letters = sum(of.deadLetters, (each) => each.letters);
  const under = of.waiting.filter(({ status }) => UNDER_WAY.includes(status));
  const waiting = sum(under, (each) => each.events);
  const oldest = under
    .flatMap(({ oldestAt }) => (oldestAt === null ? [] : [oldestAt]))
    .toSorted()
    .at(0);
  const down = of.destinations.filter(({ state }) => state !== "closed");
  return (
    <div class="cards">
      <Card tone={letters === 0 ? "good" : "bad"} title="Need a person" figure={count(letters)} href={PATHS.deadLetters}>
        {letters === 0
          ? "No dead letter is open."
          : `${counted(letters, "dead letter")} of ${counted(new Set(of.deadLetters.map(({ owner }) => owner.name)).size, "team")}`}
      </Card>
      <Card tone={waiting === 0 ? "good" : "warn"} title="On their way" figure={atLeast(waiting, under)} href={PATHS.events}>
        {oldest === undefined ? (
          "Nothing waits."
        ) : (
          <>
            the oldest from <Time at={oldest} ago />
          </>
        )}
      </Card>
      <Card
        tone={down.length === 0 ? "good" : "bad"}
        title="Systems that take deliveries"
        figure={`${of.destinations.length - down.length} of ${of.destinations.length}`}
        href={PATHS.destinations}
      >
        {down.length === 0 ? "All do." : down.map(({ title, state }) => `${title}: ${destinationWord(state)}`).join(", ")}
      </Card>
      <Card
        tone="quiet"
        title="From sender to system"
        figure={of.recent.medianMs === null ? "no event yet" : duration(of.recent.medianMs)}
        href={withQuery(PATHS.events, { status: "delivered" })}
      >
        {of.recent.p95Ms === null
          ? "Send one to see how fast it is."
          : `is the median; 95 % within ${duration(of.recent.p95Ms)}, of the newest ${count(of.recent.events)}`}
      </Card>
    </div>
  );
}

const atLeast = (events: number, of: readonly { readonly atLeast: boolean }[]): string =>
  `${count(events)}${of.some((each) => each.atLeast) ? " or more" : ""}`;

interface CardProps {
  readonly tone: string;
  readonly title: string;
  readonly figure: string;
  readonly href: string;
  readonly children: Child;
}

const Card = ({ tone, title, figure, href, children }: CardProps) => (
  <section class={`card ${tone}`}>
    <h2>
      <a href={href}>{title}</a>
    </h2>
    <p class="figure">{figure}</p>
    <p>{children}</p>
  </section>
);
