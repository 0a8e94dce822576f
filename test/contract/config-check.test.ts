import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { locateProblems, undeclared, type Declared } from "../../scripts/config-problems.ts";
import type { RouterConfig } from "../../src/domain/config.ts";
import { router } from "../../src/router.config.ts";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** A deployment as a team writes it. Words of comments, and of other entries, must not be taken for the place of a mistake. */
const WRITTEN = `const router = defineRouter({
  version: "1",
  // owners: { nobody: {} }
  owners: {
    platform: { team: "Platform", contact: "platform@example.com", runbook: "https://runbooks.example.com/platform" },
  },
  sources: {
    custom: {
      scheme: "hmac",
      title: "routes: [ and destinations: {",
      owner: "platform",
      secrets: [{ env: "CUSTOM_SECRET" }, { env: "CUSTOM_SECRET_NEXT", optional: true }],
      settings: {
        header: "x-signature",
        timestampHeader: "x-timestamp",
        template: "{timestamp}.{body}",
      },
      priority: "standard",
      objects: {
        customer: { kind: "customer", key: "id", fields: {} },
        custom: { kind: "order", key: "id", fields: {} },
      },
    },
  },
  destinations: {
    erp: {
      module: "sandbox-erp",
      owner: "platform",
      url: { env: "ERP_URL" },
      secrets: { apiKey: "ERP_API_KEY" },
    },
    crm: { module: "http", owner: "platform", url: { env: "CRM_URL" }, settings: { path: "/webhooks" }, secrets: { signing: "CRM_SECRET" } },
  },
  slas: {
    everywhere: { title: "All", owner: "platform", from: { per: "event" }, to: { delivered: "all" }, within: "1m", target: 0.99, window: "1h" },
    handoff: {
      title: "Handoff",
      owner: "platform",
      from: { event: "order", when: { status: ["confirmed"] } },
      to: { delivered: "erp" },
      within: "15m",
      target: 0.95,
      window: "1d",
      calendar: { days: ["mon"], from: "09:00", to: "17:00", timezone: "Europe/Berlin" },
    },
  },
  routes: [
    { name: "customers", owner: "platform", kind: "customer", from: ["custom"], to: ["erp"], dataClass: "personal", sla: "everywhere" },
    {
      name: "orders",
      owner: "platform",
      kind: "order",
      when: { status: "confirmed" },
      to: ["erp", "crm"],
      dataClass: "internal",
      sla: "handoff",
    },
  ],
});
`;

const EXAMPLE = "CUSTOM_SECRET=any\nERP_API_KEY=any\nCRM_SECRET=any\n";

/** The text with one place changed, and the configuration that it is. */
function changed(from: string, to: string): { readonly text: string; readonly config: RouterConfig } {
  const parts = WRITTEN.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is not in the text exactly once`);
  const text = parts.join(to);
  // oxlint-disable-next-line typescript/no-implied-eval -- the text with its lines and the configuration must be one thing
  const evaluate = new Function("defineRouter", `${text}; return router;`) as (
    define: (config: RouterConfig) => RouterConfig,
  ) => RouterConfig;
  return { text, config: evaluate((config) => config) };
}

/** The mistakes, each with what is written in the line that it names. */
function mistakesIn({
  text,
  config,
}: {
  readonly text: string;
  readonly config: RouterConfig;
}): readonly (readonly [line: string, message: string])[] {
  return locateProblems(config, text).map(({ line, message }) => [text.split("\n")[line - 1]?.trim() ?? "", message]);
}

const mistakesAfter = (from: string, to: string): ReturnType<typeof mistakesIn> => mistakesIn(changed(from, to));

describe("a mistake in the router's configuration is named with its line", () => {
  it("finds none in a sound one", () => {
    expect(mistakesAfter('version: "1"', 'version: "2"')).toEqual([]);
  });

  it("finds none in the configuration of this deployment", () => {
    expect(locateProblems(router, readFileSync(path.join(ROOT, "src/router.config.ts"), "utf8"))).toEqual([]);
  });

  it("an unknown destination in a route", () => {
    expect(mistakesAfter('to: ["erp", "crm"]', 'to: ["erp", "cmr"]')).toEqual([
      ['to: ["erp", "cmr"],', 'routes.orders: unknown destination "cmr"; declared are "erp", "crm"'],
    ]);
  });

  it("an unknown owner, of a source, a destination and a route", () => {
    const unknown = 'unknown owner "nobody"; declared are "platform"';
    expect(mistakesAfter('{",\n      owner: "platform"', '{",\n      owner: "nobody"')).toEqual([
      ['owner: "nobody",', `sources.custom: ${unknown}`],
    ]);
    expect(mistakesAfter('"http", owner: "platform"', '"http", owner: "nobody"')).toEqual([
      [expect.stringContaining('crm: { module: "http", owner: "nobody"'), `destinations.crm: ${unknown}`],
    ]);
    expect(mistakesAfter('"customers", owner: "platform"', '"customers", owner: "nobody"')).toEqual([
      [expect.stringContaining('name: "customers", owner: "nobody"'), `routes.customers: ${unknown}`],
    ]);
  });

  it("an interval in which a source can never send", () => {
    expect(mistakesAfter('priority: "standard",', 'priority: "standard",\n      expectEveryMinutes: 0,')).toEqual([
      ["expectEveryMinutes: 0,", "sources.custom: expectEveryMinutes: must be 1 or more"],
    ]);
  });

  it("a destination without the secret that its module needs", () => {
    expect(mistakesAfter('secrets: { apiKey: "ERP_API_KEY" }', "secrets: {}")).toEqual([
      ["erp: {", 'destinations.erp: module "sandbox-erp" needs secrets.apiKey: the name of the variable that holds it'],
    ]);
  });

  it.each([
    ["retention: { ledgerDays: 7 }", "ledgerDays", "must be 30 or more"],
    ['replays: { windows: [{ from: "25:00", to: "06:00" }] }', "windows", '"25:00" is no time of day'],
    ["replays: { perSecond: 0 }", "perSecond", "must be 1 or more"],
    ["traces: { url: { env: 'OTLP_URL' }, sample: 1.5 }", "sample", "must be between 0 and 1"],
    ['alerts: { channels: { chat: { shape: "slack", url: { env: "CHAT" } } } }', "channels", "alerts.origin: name the variable"],
    ['alerts: { rules: { "dead-letter": { off: true } } }', "dead-letter", 'there is no such rule; there are "sla-burn"'],
    ["alerts: { rules: { drift: { threshold: 0 } } }", "drift", "must be above 0"],
    [
      'alerts: { origin: { env: "ME" }, channels: { chat: { shape: "slack", url: { env: "CHAT" }, owners: ["nobody"] } } }',
      "chat",
      'unknown owner "nobody"; declared are "platform"',
    ],
    [
      'alerts: { origin: { env: "ME" }, channels: { pager: { shape: "pagerduty", url: { env: "PAGER" } } } }',
      "pager",
      "a pagerduty channel needs secret: the name of the one that holds its integration key",
    ],
    [
      'alerts: { origin: { env: "ME" }, channels: { pager: { shape: "email", url: { env: "PAGER" } } } }',
      "pager",
      'unknown shape "email"; there are "webhook", "slack"',
    ],
  ])("%s", (written, word, message) => {
    const [[line, said] = ["", ""], ...more] = mistakesAfter('version: "1",', `version: "1",\n  ${written},`);
    expect(more).toEqual([]);
    expect(line).toContain(word);
    expect(said).toContain(message);
  });

  it.each([
    ["rate: { perSecond: 0 }", "perSecond must be above 0"],
    ['ipRanges: ["everywhere"]', '"everywhere" is no address or range'],
    ['publicOrigin: "https://hooks.example.com/in"', "must be an origin"],
    ['readBack: { destination: "nowhere" }', 'unknown destination "nowhere"'],
    ['echoOf: ["nowhere"]', 'echoOf: unknown destination "nowhere"'],
  ])("%s of a source", (written, message) => {
    const found = mistakesAfter('{",\n      owner: "platform"', `{",\n      ${written},\n      owner: "platform"`);
    expect(found).toEqual([[expect.stringContaining(written), expect.stringContaining(message)]]);
  });

  it.each([
    ['ownership: { order: { system: "nobody" } }', 'unknown system "nobody"'],
    ['ownership: { order: { system: "erp", fields: { colour: "crm" } } }', 'order has no field "colour"'],
    ['migrations: { switch: { kind: "order", from: "erp", to: "nowhere", phase: "dual" } }', 'unknown destination "nowhere"'],
  ])("%s", (written, message) => {
    const found = mistakesAfter('version: "1",', `version: "1",\n  ${written},`);
    expect(found).toEqual([[expect.stringContaining(written), expect.stringContaining(message)]]);
  });

  it.each([
    ['dataClass: "internal",', "", 'name: "orders",', "routes.orders: it has no dataClass"],
    ['sla: "handoff",', "", 'name: "orders",', 'routes.orders: it has no sla; name one of "everywhere", "handoff"'],
    ['sla: "handoff",', 'sla: "handof",', 'sla: "handof",', 'routes.orders: unknown sla "handof"'],
    [
      ', runbook: "https://runbooks.example.com/platform"',
      "",
      "platform: {",
      'owners.platform: it owns routes such as "customers" and needs a runbook',
    ],
  ])("a route that nobody governs: %s", (from, to, line, message) => {
    expect(mistakesAfter(from, to)).toEqual([[expect.stringContaining(line), expect.stringContaining(message)]]);
  });

  it.each([
    ['within: "15m"', 'within: "15 minutes"', '"15 minutes" is no duration'],
    ["target: 0.95", "target: 1", "must be above 0 and below 1"],
    ['to: { delivered: "erp" }', 'to: { delivered: "sap" }', 'unknown destination "sap"'],
    ['to: { delivered: "erp" }', 'to: { event: "invoice", by: "orderNo" }', 'invoice has no field "orderNo"'],
    ['from: { event: "order", when', 'from: { event: "order", source: ["crm"], when', 'unknown source "crm"'],
    ['from: { event: "order", when', "from: { when", 'from: name the kind in event, or say per: "event"'],
    ['timezone: "Europe/Berlin"', 'timezone: "Europe/Berlln"', '"Europe/Berlln" is no time zone'],
    ['from: "09:00", to: "17:00"', 'from: "17:00", to: "09:00"', "calendar.to: must be after from"],
  ])("an SLA with %s as %s", (from, to, message) => {
    const found = mistakesAfter(from, to);
    expect(found).toEqual([[expect.stringContaining(to.split(":")[0] ?? ""), expect.stringContaining(message)]]);
  });

  it("a condition that is no decimal, or that nothing can fulfil", () => {
    const [[line, said] = ["", ""]] = mistakesAfter('when: { status: "confirmed" }', 'when: { "total.amount": { gte: "5", lt: "5" } }');
    expect(line).toContain("when:");
    expect(said).toContain("when.total.amount: no value can fulfil these bounds");
  });

  it("a rate of nothing, which would hold everything for ever", () => {
    const [[, said] = ["", ""], ...more] = mistakesAfter(
      '{ module: "http", owner: "platform"',
      '{ module: "http", limits: { perMinute: 0 }, owner: "platform"',
    );
    expect(more).toEqual([]);
    expect(said).toContain("limits.perMinute: must be above 0");
  });

  it("a source without a secret that must be there", () => {
    expect(mistakesAfter('{ env: "CUSTOM_SECRET" }, ', "")).toEqual([
      ['secrets: [{ env: "CUSTOM_SECRET_NEXT", optional: true }],', "sources.custom: at least one secret must not be optional"],
    ]);
  });

  it("two routes that could deliver one event to one destination, at the second", () => {
    const again = '{ name: "again", owner: "platform", kind: "customer", to: ["erp"], dataClass: "internal", sla: "handoff" },';
    expect(mistakesAfter("  ],\n});", `    ${again}\n  ],\n});`)).toEqual([
      [again, expect.stringMatching(/^routes\.again: it and "customers" can match the same customer for destination "erp"/)],
    ]);
  });

  it("a name that two routes have, at the second", () => {
    expect(mistakesAfter('name: "orders"', 'name: "customers"')).toEqual([
      ['name: "customers",', "routes.customers: the name is used twice"],
    ]);
  });

  it("a route that can never match, since its source gives no such kind", () => {
    expect(mistakesAfter('kind: "customer", from: ["custom"], to', 'kind: "invoice", from: ["custom"], to')).toEqual([
      [
        expect.stringContaining('name: "customers"'),
        'routes.customers: it can never match: source "custom" gives no invoice; it gives "customer", "order"',
      ],
    ]);
  });

  it("a route to a destination that does not take the kind", () => {
    expect(mistakesAfter('kind: "order",\n      when: { status: "confirmed" },', 'kind: "case",')).toEqual([
      ['to: ["erp", "crm"],', expect.stringMatching(/^routes\.orders: destination "erp" does not take case/)],
    ]);
  });

  it("a bad setting of a source, at the setting", () => {
    expect(mistakesAfter('template: "{timestamp}.{body}"', 'template: "{body}"')).toEqual([
      ['template: "{body}",', expect.stringMatching(/^sources\.custom: settings: template: lacks \{timestamp\}/)],
    ]);
  });

  it("a setting that nobody knows, at the setting", () => {
    expect(mistakesAfter('header: "x-signature"', 'header: "x-signature",\n        headr: "x"')).toEqual([
      ['headr: "x",', expect.stringMatching(/^sources\.custom: settings: .*"headr"/)],
    ]);
  });

  it("an unknown scheme, also where the sources' objects have its name", () => {
    expect(mistakesAfter('scheme: "hmac"', 'scheme: "hmca"')).toEqual([
      ['scheme: "hmca",', expect.stringMatching(/^sources\.custom: unknown scheme "hmca"; there are .*"hmac",/)],
    ]);
  });

  it("an unknown module", () => {
    expect(mistakesAfter('module: "sandbox-erp"', 'module: "sap"')).toEqual([
      ['module: "sap",', expect.stringMatching(/^destinations\.erp: unknown module "sap"/)],
    ]);
  });

  it("all of them, not only the first", () => {
    const { text, config } = changed('scheme: "hmac"', 'scheme: "hmca"');
    const routes = config.routes.map((route) => ({ ...route, owner: "nobody" }));
    expect(mistakesIn({ text, config: { ...config, routes } }).map(([, message]) => message.split(": ")[0])).toEqual([
      "sources.custom",
      "routes.customers",
      "routes.orders",
    ]);
  });
});

describe("a variable that the configuration names and that is not declared is named with what to add", () => {
  const { config } = changed('version: "1"', 'version: "2"');
  const secrets = ["CUSTOM_SECRET", "ERP_API_KEY", "CRM_SECRET"];
  const local: Declared = { environment: "local", secrets, vars: ["ERP_URL", "CRM_URL"] };
  const production: Declared = { ...local, environment: "production" };

  it("finds none when all are declared; an optional secret need not be", () => {
    expect(undeclared(config, [local, production], EXAMPLE)).toEqual([]);
  });

  it("a secret, in the environment that lacks it", () => {
    expect(undeclared(config, [local, { ...production, secrets: secrets.slice(1) }], EXAMPLE)).toEqual([
      'wrangler.toml (production): add "CUSTOM_SECRET" to secrets.required, and put it with: npx wrangler secret put CUSTOM_SECRET',
    ]);
  });

  it("the address of a destination", () => {
    expect(undeclared(config, [{ ...local, vars: ["ERP_URL"] }, production], EXAMPLE)).toEqual([
      "wrangler.toml (local): add CRM_URL to vars, the base URL of a destination",
    ]);
  });

  it("a secret in .dev.vars.example, where a comment does not count", () => {
    expect(undeclared(config, [local, production], EXAMPLE.replace("ERP_API_KEY", "# ERP_API_KEY"))).toEqual([
      ".dev.vars.example: add a line ERP_API_KEY=... that says what it is",
    ]);
  });
});

it("npm run check finds nothing to mend in this deployment's configuration", () => {
  const said = execFileSync(process.execPath, [path.join(ROOT, "scripts/check-config.ts")], { encoding: "utf8" });
  expect(said).toBe("router.config.ts is sound\n");
}, 30_000);
