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

const IMPORT = `  imports: {
    legacy: {
      source: "custom",
      owner: "platform",
      prefix: "inbox/legacy/",
      format: "csv",
      object: "customer",
    },
  },
`;

const EXPORTS = `  exports: {
    orders: {
      destination: "files",
      kind: "order",
      owner: "platform",
      folder: "outbox/orders/",
      format: "csv",
      at: "02:00",
      columns: [
        { header: "Number", field: "number" },
        { header: "Total", field: "total.amount" },
      ],
    },
  },
`;

const EXAMPLE = "CUSTOM_SECRET=any\nERP_API_KEY=any\nCRM_SECRET=any\n";

/** The text with one place changed, and the configuration that it is. */
function changed(from: string, to: string): { readonly text: string; readonly config: RouterConfig } {
  const parts = WRITTEN.split(from);
  if (parts.length !== 2) throw new Error(`"${from}" is not in the text exactly once`);
  return evaluated(parts.join(to));
}

function evaluated(text: string): { readonly text: string; readonly config: RouterConfig } {
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

describe("a mistake in how files are read and written is named with its line", () => {
  const withImport = (from: string, to: string) => {
    const text = WRITTEN.replace("  routes: [", `${IMPORT}  routes: [`);
    expect(text).toContain(from);
    return mistakesAfter("  routes: [", `${IMPORT.replace(from, to)}  routes: [`);
  };
  const withExport = (
    from: string,
    to: string,
    route = '{ name: "files", owner: "platform", kind: "order", to: ["files"], dataClass: "internal", sla: "everywhere" },',
  ) => {
    expect(EXPORTS).toContain(from);
    const file = 'files: { module: "file", owner: "platform", via: { bucket: "FILES" } },\n    crm:';
    const { text } = changed("    crm:", `    ${file}`);
    const exports = EXPORTS.replace(from, to);
    const whole = text.replace("  routes: [", () => `${exports}  routes: [\n    ${route}`);
    return mistakesIn(evaluated(whole));
  };

  it("finds none in sound ones", () => {
    expect(withImport("legacy", "legacy")).toEqual([]);
    expect(withExport("orders", "orders")).toEqual([]);
  });

  it.each([
    ['source: "custom"', 'source: "costum"', 'unknown source "costum"; declared are "custom"'],
    ['owner: "platform"', 'owner: "nobody"', 'unknown owner "nobody"; declared are "platform"'],
    ['object: "customer"', 'object: "contact"', 'object: source "custom" has no object "contact"; it has "customer", "custom"'],
    ['prefix: "inbox/legacy/"', 'prefix: "inbox/"', 'prefix: "inbox/" must begin with inbox/, go on with a folder, and end with /'],
    [
      'prefix: "inbox/legacy/"',
      'prefix: "outbox/legacy/"',
      'prefix: "outbox/legacy/" must begin with inbox/, go on with a folder, and end with /',
    ],
    ['format: "csv"', 'format: "csv", delimiter: "||"', "delimiter: must be one ASCII character, and neither a quote nor a line end"],
  ])("of an import: %s as %s", (from, to, message) => {
    expect(withImport(from, to)).toEqual([[`${to},`, `imports.legacy: ${message}`]]);
  });

  it("two imports that would take the same files", () => {
    const second = 'other: { source: "custom", owner: "platform", format: "csv", object: "customer",\n prefix: "inbox/legacy/other/",\n},';
    expect(withImport("legacy: {", `${second}\n    legacy: {`)).toEqual([
      ['prefix: "inbox/legacy/other/",', 'imports.other: prefix: import "legacy" would take the same files'],
    ]);
  });

  it.each([
    ['field: "total.amount"', 'field: "totl.amount"', 'columns: order has no field "totl.amount"'],
    ['header: "Total"', 'header: "Number"', 'columns: the header "Number" is there twice'],
    ['at: "02:00"', 'at: "25:00"', 'at: "25:00" is no time of day such as 02:00 (UTC)'],
    ['at: "02:00"', "everyMinutes: 0", "everyMinutes: must be a whole number, 1 or more"],
    ['at: "02:00"', 'at: "02:00", everyMinutes: 5', "give one of at and everyMinutes"],
    ['folder: "outbox/orders/"', 'folder: "inbox/orders/"', 'folder: "inbox/orders/" must begin with outbox/ and end with /'],
    ['destination: "files"', 'destination: "fails"', 'unknown destination "fails"'],
  ])("of an export: %s as %s", (from, to, message) => {
    const messages = withExport(from, to).map(([, said]) => said);
    expect(messages).toContainEqual(expect.stringContaining(`exports.orders: ${message}`));
  });

  it("a route whose rows no export takes, an export that no route feeds, and one whose destination has no bucket", () => {
    const customers =
      '{ name: "files", owner: "platform", kind: "customer", from: ["custom"], when: { region: "x" }, to: ["files"], dataClass: "internal", sla: "everywhere" },';
    expect(withExport("orders", "orders", customers).map(([, message]) => message)).toEqual([
      'exports.orders: no route brings order to "files": the file would never hold anything',
      'routes.files: no export takes customer from "files": it would wait there for ever',
    ]);
    expect(withExport('destination: "files"', 'destination: "crm"').map(([, message]) => message)).toContain(
      'exports.orders: destination "crm" has no bucket; give it module: "file" and via: { bucket: "FILES" }',
    );
  });

  it("a destination of files without a bucket, and another one without an address", () => {
    expect(mistakesAfter('module: "http", owner: "platform"', 'module: "file", owner: "platform"').map(([, message]) => message)).toContain(
      'destinations.crm: module "file" and via: { bucket } belong together',
    );
    expect(mistakesAfter('      url: { env: "ERP_URL" },\n', "").map(([, message]) => message)).toEqual([
      "destinations.erp: url: name the variable that holds its base URL",
    ]);
  });
});

describe("a variable that the configuration names and that is not declared is named with what to add", () => {
  const { config } = changed('version: "1"', 'version: "2"');
  const secrets = ["CUSTOM_SECRET", "ERP_API_KEY", "CRM_SECRET"];
  const local: Declared = { environment: "local", secrets, vars: ["ERP_URL", "CRM_URL"], ways: [], buckets: ["FILES"] };
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

  it("what a destination is reached through, in the environment that lacks it", () => {
    const hidden = changed('url: { env: "ERP_URL" },', 'url: { env: "ERP_URL" }, via: { binding: "ERP_VPC" },').config;
    const bound = { ...local, ways: ["ERP_VPC"] };
    expect(undeclared(hidden, [bound, production], EXAMPLE)).toEqual([
      'wrangler.toml (production): declare the binding "ERP_VPC" that destinations.erp is reached through; docs/on-premises.md has examples',
    ]);
    expect(undeclared(hidden, [bound, { ...bound, environment: "production" }], EXAMPLE)).toEqual([]);
  });

  it("the bucket of imports and of destinations that take files", () => {
    const bare: Declared = { ...production, buckets: [] };
    const imports = changed("  routes: [", `${IMPORT}  routes: [`).config;
    expect(undeclared(imports, [bare], EXAMPLE)).toEqual([
      'wrangler.toml (production): add the bucket "FILES" of the imports to r2_buckets',
    ]);
    const exports = changed(
      'module: "http", owner: "platform", url: { env: "CRM_URL" }',
      'module: "file", via: { bucket: "FILES" }',
    ).config;
    expect(undeclared(exports, [bare], EXAMPLE)).toEqual([
      'wrangler.toml (production): add the bucket "FILES" of destinations.crm to r2_buckets',
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
