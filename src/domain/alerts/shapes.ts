import type { JsonObject } from "../json.ts";
import type { AlertSeverity, ChannelShape } from "./define.ts";
import type { Tidings } from "./telling.ts";

/** One message about an alert, with everything that a person needs to act. */
export interface AlertMessage {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly tidings: Tidings;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly summary: string;
  readonly nextStep: string;
  readonly owner: { readonly name: string; readonly team: string; readonly contact: string };
  readonly runbook: string;
  /** The dashboard's page. */
  readonly page: string;
  readonly environment: string;
  readonly openedAt: string;
  readonly at: string;
  readonly acknowledgedBy: string | null;
}

export interface Shape {
  /** What the channel's secret is; null if it takes none. */
  readonly secret: "signing" | "integrationKey" | null;
  readonly body: (message: AlertMessage, secret: string) => JsonObject;
}

const WORD: Readonly<Record<Tidings, string>> = { open: "Open", acknowledged: "Acknowledged", resolved: "Resolved" };
const headline = ({ tidings, title, environment }: AlertMessage): string => `${WORD[tidings]}: ${title} (${environment})`;
const isLink = (text: string): boolean => /^https?:\/\//.test(text);
const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 3)}...`);

/** What is told beside the summary, by name. */
const facts = (message: AlertMessage): readonly (readonly [string, string])[] => [
  ["Concerns", message.subject],
  ["Severity", message.severity],
  ["Owner", `${message.owner.team}, ${message.owner.contact}`],
  ["Since", message.openedAt],
  ...(message.acknowledgedBy === null ? [] : [["Acknowledged by", message.acknowledgedBy] as const]),
  ...(message.tidings === "resolved" ? [["Resolved", message.at] as const] : []),
  ...(isLink(message.runbook) ? [] : [["Runbook", message.runbook] as const]),
];

/** Slack's three control characters: https://docs.slack.dev/messaging/formatting-message-text */
const forSlack = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const slackLink = (url: string, text: string): readonly string[] => (isLink(url) ? [`<${url}|${text}>`] : []);

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: `text` is what a notification shows. */
const slack = (message: AlertMessage): JsonObject => ({
  text: forSlack(`${headline(message)}: ${message.summary}`),
  blocks: [
    { type: "header", text: { type: "plain_text", text: cut(headline(message), 150) } },
    { type: "section", text: { type: "mrkdwn", text: cut(`${forSlack(message.summary)}\n${forSlack(message.nextStep)}`, 3_000) } },
    { type: "section", fields: facts(message).map(([name, value]) => ({ type: "mrkdwn", text: `*${name}*\n${forSlack(value)}` })) },
    {
      type: "context",
      elements: [
        {
          type: "mrkdwn",
          text: [...slackLink(message.page, "Open the page"), ...slackLink(message.runbook, "Runbook"), forSlack(message.id)].join(" · "),
        },
      ],
    },
  ],
});

/** An Adaptive Card in a message, as a Teams workflow takes it: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors */
const teams = (message: AlertMessage): JsonObject => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      contentUrl: null,
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        body: [
          { type: "TextBlock", text: headline(message), size: "Medium", weight: "Bolder", wrap: true },
          { type: "TextBlock", text: message.summary, wrap: true },
          { type: "TextBlock", text: message.nextStep, wrap: true, isSubtle: true },
          { type: "FactSet", facts: facts(message).map(([title, value]) => ({ title, value })) },
        ],
        actions: [
          { type: "Action.OpenUrl", title: "Open the page", url: message.page },
          ...(isLink(message.runbook) ? [{ type: "Action.OpenUrl", title: "Runbook", url: message.runbook }] : []),
        ],
      },
    },
  ],
});

const PAGERDUTY_ACTION: Readonly<Record<Tidings, string>> = { open: "trigger", acknowledged: "acknowledge", resolved: "resolve" };

/** Events API v2: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ One incident an alert, by its `dedup_key`. */
const pagerduty = (message: AlertMessage, routingKey: string): JsonObject => ({
  routing_key: routingKey,
  event_action: PAGERDUTY_ACTION[message.tidings],
  dedup_key: cut(`signalbox/${message.environment}/${message.id}`, 255),
  client: "Signalbox",
  client_url: message.page,
  links: [{ href: message.page, text: "Open the page" }, ...(isLink(message.runbook) ? [{ href: message.runbook, text: "Runbook" }] : [])],
  payload: {
    summary: cut(`${message.title}: ${message.summary}`, 1_024),
    source: `signalbox ${message.environment}`,
    severity: message.severity,
    timestamp: message.openedAt,
    component: message.subject,
    group: message.owner.name,
    class: message.rule,
    custom_details: { nextStep: message.nextStep, ...Object.fromEntries(facts(message)), runbook: message.runbook },
  },
});

/** Standard Webhooks 1.0: `{type, timestamp, data}`, signed by whoever sends it. */
const webhook = ({ tidings, at, ...alert }: AlertMessage): JsonObject => ({
  type: `alert.${tidings === "open" ? "opened" : tidings}`,
  timestamp: at,
  data: { ...alert, owner: { ...alert.owner } },
});

/** How an alert is told, by the shape of the channel. */
export const SHAPES: Readonly<Record<ChannelShape, Shape>> = {
  webhook: { secret: "signing", body: webhook },
  slack: { secret: null, body: slack },
  teams: { secret: null, body: teams },
  pagerduty: { secret: "integrationKey", body: pagerduty },
};
