import type { AnswerOf } from "../../operations.ts";
import { Empty, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Contact, Facts } from "../text.tsx";
import { withQuery, type Page } from "../visit.ts";
import { kinds } from "../words.ts";

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
        <div class="head">
          <div class="head-text">
            <h1>Ownership</h1>
            <p>Whom to call about which sender, system and route, as router.config.ts says.</p>
          </div>
        </div>
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
                  <a href={runbook}>Runbook</a>
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
    <Facts
      of={WHAT.flatMap((what) => {
        const names = items.filter((item) => item.what === what).map(({ name }) => name);
        return names.length === 0 ? [] : [[kinds(what), names.join(", ")] as const];
      })}
    />
  );
