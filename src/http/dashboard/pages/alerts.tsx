import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { ActionForm, Button, Reason, Select } from "../forms.tsx";
import { Head } from "../head.tsx";
import { Status } from "../marks.tsx";
import { Empty, NoPermission, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Facts, Owner, Runbook, Time } from "../text.tsx";
import { filled, may, type Page, type Visit } from "../visit.ts";
import { sentence } from "../words.ts";

type Alert = AnswerOf<"listAlerts">["items"][number];

const FILTERS = ["state", "owner", "severity"] as const;

/** What is not as it should be, whose it is, and what to do about it. */
export const alertsPage: Page = async (visit) => {
  const found = await visit.ask("listAlerts", { query: filled(visit.query, [...FILTERS, "cursor"]) });
  return {
    title: "Alerts",
    live: true,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <Head title="Alerts" about="Looked at once a minute. Each ends by itself, some minutes after its cause has." />
        <form class="panel row" action={PATHS.alerts} aria-label="Filter alerts">
          <Select
            name="state"
            label="State"
            any="open or acknowledged"
            options={["pending", "open", "acknowledged", "resolved"]}
            value={visit.query["state"]}
          />
          <Select name="severity" label="Severity" any="any" options={["critical", "warning", "info"]} value={visit.query["severity"]} />
          <Button>Show</Button>
        </form>
        {may(visit, "acknowledgeAlert") ? null : (
          <NoPermission what="Acknowledging and silencing" needs="operator" has={visit.actor.role} />
        )}
        {found.ok ? <Alerts of={found.value.items} visit={visit} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={[...FILTERS]} next={found.value.nextCursor} older="More alerts" /> : null}
      </>
    ),
  };
};

const GRAVEST_FIRST: readonly Alert["severity"][] = ["critical", "warning", "info"];

const Alerts = ({ of, visit }: { readonly of: readonly Alert[]; readonly visit: Visit }) =>
  of.length === 0 ? (
    <Empty title="No alert">Nothing of this kind needs anybody.</Empty>
  ) : (
    <>
      {of
        .toSorted((a, b) => GRAVEST_FIRST.indexOf(a.severity) - GRAVEST_FIRST.indexOf(b.severity))
        .map((alert) => (
          <One of={alert} visit={visit} />
        ))}
    </>
  );

const One = ({ of: alert, visit }: { readonly of: Alert; readonly visit: Visit }) => (
  <section class="panel" aria-label={alert.id}>
    <div class="panel-head">
      <div>
        <p class="kicker">{alert.title}</p>
        <h2>
          <a href={alert.page}>{sentence(alert.summary)}</a>
        </h2>
      </div>
      <p>
        <Status of={alert.severity} /> <Status of={alert.state} />
      </p>
    </div>
    {alert.state === "resolved" ? null : <p class="next">{alert.nextStep}</p>}
    <Facts
      of={[
        ["Who must act", <Owner of={alert.owner} />],
        ["Since", <Time at={alert.openedAt ?? alert.since} ago />],
        ...(alert.endedAt === null ? [] : [["Ended", <Time at={alert.endedAt} ago />] as const]),
        ["What to do", <Runbook at={alert.runbook} of={alert.owner.team ?? alert.owner.name} />],
        ...(alert.acknowledged === null ? [] : [["Acknowledged", `${alert.acknowledged.by}: ${alert.acknowledged.reason}`] as const]),
        ...(alert.silenced === null ? [] : [["Silenced until", <Silence of={alert.silenced} />] as const]),
        [
          "Told",
          alert.channels.length === 0 ? <span class="faint">nobody: no channel is set up</span> : alert.channels.map(told).join("; "),
        ],
      ]}
    />
    {may(visit, "acknowledgeAlert") && alert.state !== "resolved" ? <Acts of={alert} visit={visit} /> : null}
  </section>
);

const told = ({ channel, told: tidings, problem }: Alert["channels"][number]): string =>
  `${channel}: ${problem ?? tidings ?? "nothing of this occurrence"}`;

const Silence = ({ of: { until, by, reason } }: { readonly of: NonNullable<Alert["silenced"]> }) => (
  <>
    <Time at={until} /> by {by}: {reason}
  </>
);

const DURATIONS: readonly (readonly [string, string])[] = [
  ["60", "an hour"],
  ["480", "8 hours"],
  ["1440", "a day"],
  ["10080", "a week"],
  ["0", "not any more: tell again"],
];

const Acts = ({ of: alert, visit }: { readonly of: Alert; readonly visit: Visit }) => (
  <div class="acts">
    {alert.state === "open" ? (
      <details>
        <summary>Acknowledge</summary>
        <ActionForm visit={visit} to={`${PATHS.alert(alert.id)}/acknowledge`} label={`Acknowledge ${alert.id}`}>
          <Reason within={`ack-${alert.id}`} />
          <div class="row">
            <Button tone="main">Acknowledge</Button>
          </div>
        </ActionForm>
      </details>
    ) : null}
    <details>
      <summary>Silence</summary>
      <ActionForm visit={visit} to={`${PATHS.alert(alert.id)}/silence`} label={`Silence ${alert.id}`}>
        <Select name="minutes" label="For" options={DURATIONS} value="60" within={alert.id} />
        <Reason within={`silence-${alert.id}`} />
        <div class="row">
          <Button tone="careful">Silence</Button>
        </div>
      </ActionForm>
    </details>
  </div>
);
