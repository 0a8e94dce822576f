import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { alertId, RULE_NAMES, type AlertFacts, type RuleName } from "../../src/domain/alerts/define.ts";
import { conditionsIn, RULES } from "../../src/domain/alerts/rules.ts";

const NOW_MS = Date.parse("2026-11-27T06:00:00Z");
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const WELL: AlertFacts = {
  nowMs: NOW_MS,
  destinations: [{ name: "erp", title: "ERP", owner: "finance", state: "closed", problem: null, pausedBy: null }],
  deadLetters: [],
  backlog: [
    { priority: "critical", ageSeconds: 2 },
    { priority: "bulk", ageSeconds: 600 },
  ],
  drift: [{ reconciliation: "orders", owner: "finance", open: 0 }],
  flows: [],
  expected: [{ source: "stripe", title: "Stripe", owner: "finance", everyMinutes: 60, lastAtMs: NOW_MS - 30 * MINUTE_MS }],
  unproven: [{ source: "stripe", owner: "finance", count: 3 }],
  subscriptions: [{ source: "hubspot", owner: "revops", resource: "contacts", expiresAtMs: NOW_MS + 48 * HOUR_MS, problem: null }],
  slas: [{ name: "won-to-order", title: "Orders in time", owner: "revops", burnRate: 0.5, words: "2 % are late" }],
};
const ERP = { name: "erp", title: "ERP", owner: "finance", problem: null, pausedBy: null };

/** For each rule, what is wrong when it is true, and what it then says. */
const WRONG: Readonly<
  Record<RuleName, readonly [Partial<AlertFacts>, { subject: string; owner: string; severity: string; summary: RegExp }]>
> = {
  "sla-burn": [
    { slas: [{ name: "won-to-order", title: "Orders in time", owner: "revops", burnRate: 12, words: "7 % are late" }] },
    { subject: "won-to-order", owner: "revops", severity: "critical", summary: /7 % are late/ },
  ],
  "destination-open": [
    { destinations: [{ ...ERP, state: "open" }] },
    { subject: "erp", owner: "finance", severity: "critical", summary: /ERP takes no deliveries/ },
  ],
  "destination-paused": [
    { destinations: [{ ...ERP, state: "paused", pausedBy: "ada" }] },
    { subject: "erp", owner: "finance", severity: "warning", summary: /paused by ada/ },
  ],
  "dead-letters": [
    {
      deadLetters: [
        { owner: "finance", class: "business", letters: 2 },
        { owner: "finance", class: "auth", letters: 1 },
      ],
    },
    { subject: "finance", owner: "finance", severity: "warning", summary: /3 open dead letters \(business, auth\)/ },
  ],
  "backlog-age": [
    {
      backlog: [
        { priority: "critical", ageSeconds: 200 },
        { priority: "bulk", ageSeconds: 200 },
      ],
    },
    { subject: "critical", owner: "platform", severity: "critical", summary: /critical events wait for 3 min/ },
  ],
  drift: [
    { drift: [{ reconciliation: "orders", owner: "finance", open: 1 }] },
    { subject: "orders", owner: "finance", severity: "warning", summary: /1 record differs/ },
  ],
  "flow-waits": [
    { flows: [{ name: "quote-to-cash", title: "Quote to cash", owner: "revops", runs: 2, sinceMs: NOW_MS - 2 * HOUR_MS }] },
    { subject: "quote-to-cash", owner: "revops", severity: "warning", summary: /2 runs wait for a person, the first for 2 h longer/ },
  ],
  "source-silent": [
    { expected: [{ source: "stripe", title: "Stripe", owner: "finance", everyMinutes: 60, lastAtMs: NOW_MS - 2 * HOUR_MS }] },
    { subject: "stripe", owner: "finance", severity: "warning", summary: /nothing for 2 h; something every 1 h/ },
  ],
  "signature-failures": [
    { unproven: [{ source: "stripe", owner: "finance", count: 21 }] },
    { subject: "stripe", owner: "finance", severity: "warning", summary: /21 requests to stripe/ },
  ],
  "subscription-ending": [
    {
      subscriptions: [
        { source: "hubspot", owner: "revops", resource: "contacts", expiresAtMs: NOW_MS + 3 * HOUR_MS, problem: "401" },
        { source: "hubspot", owner: "revops", resource: "deals", expiresAtMs: NOW_MS + 96 * HOUR_MS, problem: null },
      ],
    },
    { subject: "hubspot", owner: "revops", severity: "warning", summary: /contacts of hubspot ends in 3 h: 401/ },
  ],
};

describe("the rules of alerts", () => {
  it("find nothing while all is well", () => {
    expect(conditionsIn(WELL)).toEqual([]);
  });

  it.each(RULE_NAMES)("%s is found alone when it is true, with its owner, and is off where configuration says so", (rule) => {
    const [wrong, said] = WRONG[rule];
    const facts = { ...WELL, ...wrong };
    const found = conditionsIn(facts);
    expect(found).toEqual([
      {
        rule,
        subject: said.subject,
        owner: said.owner,
        severity: said.severity,
        summary: expect.stringMatching(said.summary),
        page: expect.stringMatching(/^\/ops/),
      },
    ]);
    expect(alertId(found[0] ?? { rule, subject: "" })).toBe(`${rule}:${said.subject}`);
    expect(conditionsIn(facts, { [rule]: { off: true } })).toEqual([]);
  });

  it("compare with the thresholds that a deployment sets", () => {
    const [wrong] = WRONG["dead-letters"];
    expect(conditionsIn({ ...WELL, ...wrong }, { "dead-letters": { threshold: 4 } })).toEqual([]);
    expect(conditionsIn(WELL, { "signature-failures": { threshold: 2 } })).toHaveLength(1);
  });

  it.each(RULE_NAMES)("%s has a runbook that says what it means, how to look and what to do", (rule) => {
    const file = path.join(import.meta.dirname, "..", "..", "docs", "runbooks", `${rule}.md`);
    expect(existsSync(file)).toBe(true);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(`# ${RULES[rule].title}`);
    for (const heading of ["## What it means", "## How to look", "## What to do"]) expect(text).toContain(heading);
  });
});
