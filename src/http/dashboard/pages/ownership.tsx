import type { AnswerOf } from "../../operations.ts";
import { Head } from "../head.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Contact, Runbook } from "../text.tsx";
import { withQuery, type Page } from "../visit.ts";
import { failureWords, kinds } from "../words.ts";

type Item = AnswerOf<"listOwnership">["items"][number];

const WHAT: readonly Item["what"][] = ["source", "destination", "route", "sla", "service", "api", "schema", "incident"];

/** Who answers for what. */
export const ownershipPage: Page = async ({ ask }) => {
  const found = await ask("listOwnership");
  if (!found.ok) return refusedView(found.failure, "Ownership");
  const { owners, items } = found.value;
  return {
    title: "Ownership",
    main: (
      <>
        <Head title="Ownership" about="Whom to call about which sender, system and route, as router.config.ts says." />
        <div class="columns">
          {Object.entries(owners).map(([name, { team, contact, runbook }]) => (
            <section class="panel">
              <div class="panel-head">
                <h2>{team}</h2>
                <p>
                  <Contact at={contact} />
                </p>
              </div>
              {runbook === undefined ? null : (
                <p>
                  <Runbook at={runbook} of={team} />
                </p>
              )}
              <Owned items={items.filter(({ owner }) => owner === name)} />
              <p class="note after">
                <a href={withQuery(PATHS.deadLetters, { owner: name })}>Their dead letters</a>
              </p>
            </section>
          ))}
        </div>
      </>
    ),
  };
};

const Owned = ({ items }: { readonly items: readonly Item[] }) =>
  items.length === 0 ? (
    <Empty title="Nothing is theirs" />
  ) : (
    <dl class="facts rows">
      {WHAT.map((what) => ({ what, names: items.filter((item) => item.what === what).map(({ name }) => name) }))
        .filter(({ names }) => names.length > 0)
        .map(({ what, names }) => (
          <div>
            <dt>{what === "incident" ? "Called first" : kinds(what)}</dt>
            <dd>{names.map((name) => (what === "incident" ? failureWords(name) : name)).join(", ")}</dd>
          </div>
        ))}
    </dl>
  );
