import type { AnswerOf } from "../../operations.ts";
import { statusOf } from "../../problem.ts";
import { ActionForm, Button, Reason, Select } from "../forms.tsx";
import { Status } from "../marks.tsx";
import { Empty, NoPermission, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Contact, Facts, Time } from "../text.tsx";
import { filled, may, type Page, type Visit } from "../visit.ts";

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
        <div class="head">
          <div class="head-text">
            <h1>Alerts</h1>
            <p>Looked at once a minute. Each ends by itself, some minutes after its cause has.</p>
          </div>
        </div>
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

const Alerts = ({ of, visit }: { readonly of: readonly Alert[]; readonly visit: Visit }) =>
  of.length === 0 ? (
    <Empty title="No alert">Nothing of this kind needs anybody.</Empty>
  ) : (
    <div class="columns narrow">
      {of.map((alert) => (
        <One of={alert} visit={visit} />
      ))}
    </div>
  );

const One = ({ of: alert, visit }: { readonly of: Alert; readonly visit: Visit }) => (
  <section class="panel">
    <div class="panel-head">
      <h2>
        <a href={alert.page}>{alert.title}</a>
      </h2>
      <Status of={alert.state} />
    </div>
    <p>{alert.summary}.</p>
    <p>{alert.nextStep}</p>
    <Facts
      of={[
        ["Severity", <Status of={alert.severity} />],
        [
          "Owner",
          <>
            {alert.owner.team ?? alert.owner.name}, <Contact at={alert.owner.contact} />
          </>,
        ],
        ["Since", <Time at={alert.openedAt ?? alert.since} ago />],
        ...(alert.endedAt === null ? [] : [["Ended", <Time at={alert.endedAt} ago />] as const]),
        ...(alert.acknowledged === null ? [] : [["Acknowledged", `${alert.acknowledged.by}: ${alert.acknowledged.reason}`] as const]),
        ...(alert.silenced === null ? [] : [["Silenced until", <Silence of={alert.silenced} />] as const]),
        ["Runbook", <Runbook at={alert.runbook} />],
        ["Told", alert.channels.length === 0 ? "no channel" : alert.channels.map(told).join("; ")],
      ]}
    />
    {may(visit, "acknowledgeAlert") ? <Acts of={alert} visit={visit} /> : null}
  </section>
);

const told = ({ channel, told: tidings, problem }: Alert["channels"][number]): string =>
  `${channel}: ${problem ?? tidings ?? "nothing of this occurrence"}`;

const Silence = ({ of: { until, by, reason } }: { readonly of: NonNullable<Alert["silenced"]> }) => (
  <>
    <Time at={until} /> by {by}: {reason}
  </>
);

const Runbook = ({ at }: { readonly at: string }) => (/^https?:\/\//.test(at) ? <a href={at}>{at}</a> : <code>{at}</code>);

const DURATIONS: readonly (readonly [string, string])[] = [
  ["60", "an hour"],
  ["480", "8 hours"],
  ["1440", "a day"],
  ["10080", "a week"],
  ["0", "not any more: tell again"],
];

const Acts = ({ of: alert, visit }: { readonly of: Alert; readonly visit: Visit }) => (
  <>
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
  </>
);
