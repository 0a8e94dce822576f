import type { AnswerOf } from "../../operations.ts";
import { Empty, Refusal } from "../notices.tsx";
import { statusOf } from "../../problem.ts";
import { Entity } from "../text.tsx";
import type { Page } from "../visit.ts";
import { counted } from "../words.ts";
import { EventTable } from "./events.tsx";

/** Keeps the page light; the API answers all. */
const HOPS_SHOWN = 60;

/** Everything that any word of the business leads to: every hop over all systems. */
export const tracePage: Page = async ({ query, ask }) => {
  const key = (query["key"] ?? "").trim();
  if (key === "")
    return {
      title: "Find",
      main: (
        <>
          <h1>Find</h1>
          <Empty title="What are you looking for?">An order number, an id of any system, an event id or a correlation id.</Empty>
        </>
      ),
    };
  const found = await ask("trace", { params: { anyKey: key } });
  return {
    title: `Find ${key}`,
    live: found.ok,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>
              Everything about <span class="key">{key}</span>
            </h1>
            {found.ok ? (
              <p>
                {counted(found.value.events.length, "event")}, oldest first, over all systems
                {found.value.events.length > HOPS_SHOWN ? `; the newest ${HOPS_SHOWN} are shown` : ""}
              </p>
            ) : null}
          </div>
        </div>
        {found.ok ? (
          <Hops of={found.value} />
        ) : found.failure.code === "not_found" ? (
          <Empty title="Nothing is known of it">
            Numbers count letter for letter. Ids that a system gave are found once it has told them to the router.
          </Empty>
        ) : (
          <Refusal of={found.failure} />
        )}
      </>
    ),
  };
};

const Hops = ({ of }: { readonly of: AnswerOf<"trace"> }) => (
  <>
    {of.entities.length === 0 ? null : (
      <section class="panel">
        <h2>It names</h2>
        <ul class="chips">
          {of.entities.map((entity) => (
            <li>
              <Entity of={entity} />, in {entity.system}
            </li>
          ))}
        </ul>
      </section>
    )}
    <section class="panel">
      <h2>Every hop</h2>
      <EventTable caption={`Events about ${of.key}`} rows={of.events.slice(-HOPS_SHOWN)} />
    </section>
  </>
);
