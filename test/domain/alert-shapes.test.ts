import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALERT_SEVERITIES, CHANNEL_SHAPES } from "../../src/domain/alerts/define.ts";
import { SHAPES, type AlertMessage } from "../../src/domain/alerts/shapes.ts";

const message: AlertMessage = {
  id: "destination-open:erp",
  rule: "destination-open",
  subject: "erp",
  tidings: "open",
  severity: "critical",
  title: "A system takes no deliveries",
  summary: "ERP & <CRM> take no deliveries",
  nextStep: "Find out whether it is down.",
  owner: { name: "finance", team: "Finance systems", contact: "erp-team@example.com" },
  runbook: "https://wiki.example.com/destination-open.md",
  page: "https://hooks.example.com/ops/destinations",
  environment: "production",
  openedAt: "2026-11-27T06:00:00.000Z",
  at: "2026-11-27T06:00:00.000Z",
  acknowledgedBy: null,
};

const anyMessage: fc.Arbitrary<AlertMessage> = fc
  .record({
    tidings: fc.constantFrom("open", "acknowledged", "resolved"),
    severity: fc.constantFrom(...ALERT_SEVERITIES),
    summary: fc.string({ maxLength: 4_000, unit: "grapheme" }),
    title: fc.string({ maxLength: 400 }),
    subject: fc.string({ maxLength: 400 }),
    runbook: fc.constantFrom("https://wiki.example.com/x", "docs/runbooks/x.md"),
  })
  .map((some) => ({ ...message, ...some, id: `drift:${some.subject}` }));

describe("the shapes of alerts", () => {
  it.each(CHANNEL_SHAPES)("%s names owner, runbook, page and what to do next", (shape) => {
    const text = JSON.stringify(SHAPES[shape].body(message, "K"));
    for (const word of [message.owner.team, message.owner.contact, message.runbook, message.page, message.nextStep, "critical"])
      expect(text).toContain(word);
  });

  it("PagerDuty: one incident by its dedup_key, with the events API's actions and severities, within its limits", () => {
    expect(SHAPES.pagerduty.body(message, "R".repeat(32))).toMatchObject({
      routing_key: "R".repeat(32),
      event_action: "trigger",
      dedup_key: "signalbox/production/destination-open:erp",
      payload: { severity: "critical", source: "signalbox production", timestamp: message.openedAt, component: "erp" },
      links: [
        { href: message.page, text: "Open the page" },
        { href: message.runbook, text: "Runbook" },
      ],
    });
    const actions = { open: "trigger", acknowledged: "acknowledge", resolved: "resolve" };
    fc.assert(
      fc.property(anyMessage, (any) => {
        const body = SHAPES.pagerduty.body(any, "K") as unknown as {
          dedup_key: string;
          event_action: string;
          payload: Record<string, string>;
        };
        expect(body.event_action).toBe(actions[any.tidings]);
        expect(body.dedup_key.length).toBeLessThanOrEqual(255);
        expect(body.payload["summary"]?.length).toBeLessThanOrEqual(1_024);
        expect(["info", "warning", "error", "critical"]).toContain(body.payload["severity"]);
      }),
    );
  });

  it("Slack: fallback text and blocks within its limits, with its control characters escaped", () => {
    const body = SHAPES.slack.body(message, "") as unknown as { text: string; blocks: { text?: { text: string } }[] };
    expect(body.text).toContain("ERP &amp; &lt;CRM&gt;");
    expect(body.blocks[1]?.text?.text).toContain("ERP &amp; &lt;CRM&gt;");
    expect(JSON.stringify(body)).toContain(`<${message.page}|Open the page>`);
    fc.assert(
      fc.property(anyMessage, (any) => {
        const { blocks } = SHAPES.slack.body(any, "") as unknown as {
          blocks: { type: string; text?: { text: string }; fields?: { text: string }[] }[];
        };
        for (const { type, text, fields = [] } of blocks) {
          if (text !== undefined) expect(text.text.length).toBeLessThanOrEqual(type === "header" ? 150 : 3_000);
          expect(fields.length).toBeLessThanOrEqual(10);
          for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(2_000);
        }
      }),
    );
  });

  it("Teams: an Adaptive Card in a message, whose buttons lead to addresses only", () => {
    expect(SHAPES.teams.body(message, "")).toMatchObject({
      type: "message",
      attachments: [
        { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: { type: "AdaptiveCard", version: "1.4" } },
      ],
    });
    const named = { ...message, runbook: "docs/runbooks/destination-open.md" };
    const text = JSON.stringify(SHAPES.teams.body(named, ""));
    expect(text).toContain('{"title":"Runbook","value":"docs/runbooks/destination-open.md"}');
    expect(text.match(/Action.OpenUrl/g)).toHaveLength(1);
  });

  it("Standard Webhooks: type, timestamp and data", () => {
    expect(SHAPES.webhook.body({ ...message, tidings: "resolved" }, "")).toMatchObject({
      type: "alert.resolved",
      timestamp: message.at,
      data: { id: message.id, severity: "critical", owner: message.owner, runbook: message.runbook },
    });
  });
});
