import type { AnswerOf } from "../../operations.ts";
import { Head } from "../head.tsx";
import { Status, Word } from "../marks.tsx";
import { Empty, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Facts, Time } from "../text.tsx";
import { withQuery, type Page } from "../visit.ts";
import { count, sentence, spaced } from "../words.ts";

type Source = AnswerOf<"listSources">["items"][number];

/** The systems that send: whether each is ready, and when it was last heard of. */
export const sourcesPage: Page = async (visit) => {
  const found = await visit.ask("listSources");
  if (!found.ok) return refusedView(found.failure, "Sources");
  const troubled = (source: Source): number => (source.ready ? 0 : 2) + (source.rejectionsLastHour > 0 ? 1 : 0);
  const rows = found.value.items.toSorted(
    (a, b) => troubled(b) - troubled(a) || (b.lastAcceptedAt ?? "").localeCompare(a.lastAcceptedAt ?? ""),
  );
  return {
    title: "Sources",
    live: true,
    main: (
      <>
        <Head title="Sources" about="Those with trouble first, then those heard of last." />
        <section class="panel">
          <Table
            caption="Sources"
            rows={rows}
            columns={[
              {
                label: "Source",
                leads: true,
                cell: (row) => (
                  <>
                    <a href={PATHS.source(row.name)}>{row.title}</a> <span class="key faint">{row.name}</span>
                    {row.problem === null ? null : <p class="note">{row.problem}</p>}
                  </>
                ),
              },
              { label: "State", cell: (row) => <Status of={row.ready ? "ready" : "not ready"} /> },
              { label: "Proof", cell: (row) => <Word>{row.verdict}</Word> },
              { label: "Last event", cell: (row) => <Time at={row.lastAcceptedAt} ago none="not lately" /> },
              { label: "Last refusal", cell: (row) => <Time at={row.lastRejectedAt} ago /> },
              { label: "Refused in an hour", numeric: true, cell: (row) => count(row.rejectionsLastHour) },
            ]}
          />
        </section>
      </>
    ),
  };
};

/** One source: how it proves itself, its secrets' ages, and who was refused, really why. */
export const sourcePage: Page = async ({ params, ask }) => {
  const name = params["name"] ?? "";
  const found = await ask("listSources");
  if (!found.ok) return refusedView(found.failure, "Source");
  const source = found.value.items.find((each) => each.name === name);
  if (source === undefined) return refusedView({ code: "not_found", detail: `there is no source "${name}"` }, "Source");
  const [rejections, handshakes] = await Promise.all([
    ask("listRejections", { query: { source: name, limit: "30" } }),
    ask("listHandshakes", { query: { source: name, limit: "10" } }),
  ]);
  return {
    title: source.title,
    live: true,
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{source.title}</h1>
            <p>
              <a href={PATHS.sources}>Source</a>; <a href={withQuery(PATHS.events, { source: name })}>its events</a>
            </p>
          </div>
          <Status of={source.ready ? "ready" : "not ready"} />
        </div>
        <Health of={source} />
        <Secrets of={source} />
        {rejections.ok ? <Tallies title="Refused" none="Nobody was refused in a week" of={rejections.value.items} /> : null}
        {handshakes.ok && handshakes.value.items.length > 0 ? <Tallies title="Handshakes" none="" of={handshakes.value.items} /> : null}
      </>
    ),
  };
};

const Health = ({ of }: { readonly of: Source }) => (
  <section class="panel">
    <h2>Health</h2>
    {of.problem === null ? null : <p>{of.problem}</p>}
    <Facts
      of={[
        ["Address", <code>{of.url}</code>],
        ["Scheme", of.scheme],
        ["How requests are proven", of.check],
        ["Strongest verdict", of.verdict],
        ["Owner", of.owner],
        ["Last event", <Time at={of.lastAcceptedAt} none="not lately" />],
        ["Last refusal", <Time at={of.lastRejectedAt} />],
        ["Last handshake", <Time at={of.lastHandshakeAt} />],
        ["Refused in the last hour", count(of.rejectionsLastHour)],
        ["Accounts of its own", of.accounts ? "yes" : "no"],
      ]}
    />
    {of.subscriptions.length === 0 ? null : (
      <Table
        caption="Subscriptions at the sender"
        rows={of.subscriptions}
        columns={[
          { label: "Resource", leads: true, cell: (row) => row.resource },
          { label: "Ends", cell: (row) => <Time at={row.expiresAt} /> },
          { label: "Renewed", cell: (row) => <Time at={row.renewedAt} /> },
          { label: "Problem", cell: (row) => row.problem ?? "" },
        ]}
      />
    )}
  </section>
);

const Secrets = ({ of }: { readonly of: Source }) =>
  of.secrets.length === 0 ? null : (
    <section class="panel">
      <h2>Secrets, by name</h2>
      <Table
        caption="Secrets"
        rows={of.secrets}
        columns={[
          { label: "Name", leads: true, cell: (row) => <code>{row.name}</code> },
          { label: "Set", cell: (row) => (row.present ? "yes" : "no") },
          { label: "Age", cell: (row) => (row.ageDays === null ? "not noted" : `${count(row.ageDays)} d`) },
          { label: "Accepted until", cell: (row) => row.until ?? "no end set" },
        ]}
      />
    </section>
  );

interface TalliesProps {
  readonly title: string;
  readonly none: string;
  readonly of: AnswerOf<"listRejections">["items"];
}

const Tallies = ({ title, none, of }: TalliesProps) => (
  <section class="panel">
    <h2>{title}</h2>
    {of.length === 0 ? (
      <Empty title={none} />
    ) : (
      <Table
        caption={title}
        rows={of}
        columns={[
          { label: "Minute", cell: (row) => <Time at={row.minute} /> },
          { label: "Reason", leads: true, cell: (row) => sentence(spaced(row.reason)) },
          { label: "Requests", numeric: true, cell: (row) => count(row.count) },
          { label: "For example", cell: (row) => <code>{row.example}</code> },
        ]}
      />
    )}
  </section>
);
