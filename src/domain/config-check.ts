import { signalMistakes } from "./alerts/check.ts";
import { DIGEST_SOURCE } from "./digest/define.ts";
import { digestMistakes } from "./digest/due.ts";
import type { RouteConfig, RouterConfig, SourceConfig } from "./config.ts";
import { canonicalFields, type EntityKind } from "./entities/index.ts";
import { reconciliationMistakes } from "./reconciliation/check.ts";
import { governanceMistakes } from "./governance.ts";
import { systemOfDestination, systemOfSource } from "./ownership.ts";
import { INDEX_DAYS, LEDGER_DAYS_LEAST, LIMITS } from "./limits.ts";
import { canBothHold, mistakesIn } from "./conditions.ts";
import { serviceMistakes } from "./services.ts";
import { slaMistakes } from "./slas/check.ts";
import { checkFlows } from "./flows/config-check.ts";

/** What this build can do, so that a configuration can be held against it. */
export interface Abilities {
  readonly schemes: Readonly<
    Record<
      string,
      {
        readonly checkSettings: (settings: unknown) => readonly string[];
        readonly kinds: (settings: unknown) => readonly EntityKind[];
        /** The names of its built-in record types. */
        readonly objects: (settings: unknown) => readonly string[];
        readonly needsSecret: (settings: unknown) => boolean;
        /** Whether it checks nothing at all. */
        readonly provesNothing: (settings: unknown) => boolean;
      }
    >
  >;
  readonly modules: Readonly<
    Record<
      string,
      {
        readonly checkSettings: (settings: unknown) => readonly string[];
        readonly secretNames: (settings: unknown) => readonly string[];
        readonly kinds?: readonly EntityKind[];
        /** Kinds of which it tells what has changed. */
        readonly told?: readonly EntityKind[];
      }
    >
  >;
}

/** A mistake in router.config.ts. `section`, `entry` and `word` find its line: the word, in the entry, in the section. */
export interface ConfigProblem {
  readonly section:
    | "reconciliations"
    | "digest"
    | "retention"
    | "ownership"
    | "migrations"
    | "flows"
    | "replays"
    | "owners"
    | "sources"
    | "destinations"
    | "routes"
    | "alerts"
    | "traces"
    | "slas"
    | "responsibilities"
    | "services"
    | "imports"
    | "exports";
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

/** Everything wrong with a configuration, not only the first thing. */
export function checkConfig(config: RouterConfig, abilities: Abilities): readonly ConfigProblem[] {
  return [
    ...checkRetention(config),
    ...checkReplays(config),
    ...checkOwnership(config),
    ...reconciliationMistakes(config, (module) => abilities.modules[module]?.told ?? []).map(({ entry, word, message }) =>
      reporter("reconciliations", entry)(word, message),
    ),
    ...checkMigrations(config, abilities),
    ...checkFlows(config, (destination) => abilities.modules[config.destinations[destination]?.module ?? ""]?.kinds),
    ...Object.keys(config.sources).flatMap((name) => checkSource(config, name, abilities)),
    ...Object.keys(config.destinations).flatMap((name) => checkDestination(config, name, abilities)),
    ...config.routes.flatMap((route, index) => checkRoute(config, { route, index }, abilities)),
    ...signalMistakes(config),
    ...digestMistakes(config),
    ...slaMistakes(config).map(({ entry, word, message }) => reporter("slas", entry)(word, message)),
    ...governanceMistakes(config),
    ...serviceMistakes(config).map(({ entry, word, message }) => reporter("services", entry)(word, message)),
  ];
}

const TIME_OF_DAY = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

function checkReplays({ replays }: RouterConfig): readonly ConfigProblem[] {
  const problem = (word: string, message: string): ConfigProblem => ({
    section: "replays",
    entry: word,
    word,
    message: `replays.${message}`,
  });
  const times = (replays?.windows ?? []).flatMap(({ from, to }) => [from, to]).filter((time) => !TIME_OF_DAY.test(time));
  return [
    ...times.map((time) => problem("windows", `windows: "${time}" is no time of day such as 22:00 (UTC)`)),
    ...((replays?.perSecond ?? 1) >= 1 ? [] : [problem("perSecond", "perSecond: must be 1 or more")]),
    ...((replays?.approvalAbove ?? 0) >= 0 ? [] : [problem("approvalAbove", "approvalAbove: must be 0 or more")]),
  ];
}

function checkRetention({ retention }: RouterConfig): readonly ConfigProblem[] {
  const ledgerDays = retention?.ledgerDays ?? LEDGER_DAYS_LEAST;
  const problem = (word: string, message: string): ConfigProblem => ({
    section: "retention",
    entry: word,
    word,
    message: `retention.${word}: ${message}`,
  });
  return [
    ...(ledgerDays >= LEDGER_DAYS_LEAST
      ? []
      : [problem("ledgerDays", `must be ${LEDGER_DAYS_LEAST} or more, or late copies of a delivery would count as new`)]),
    ...((retention?.indexDays ?? Math.max(ledgerDays, INDEX_DAYS)) >= ledgerDays
      ? []
      : [problem("indexDays", `must be ${ledgerDays} or more, as long as records remember their deliveries`)]),
  ];
}

function checkOwnership(config: RouterConfig): readonly ConfigProblem[] {
  const systems = new Set([
    ...Object.keys(config.sources).map((name) => systemOfSource(config, name)),
    ...Object.keys(config.destinations).map((name) => systemOfDestination(config, name)),
  ]);
  return Object.entries(config.ownership ?? {}).flatMap(([kind, row]) => {
    const report = reporter("ownership", kind);
    const unknown = [row.system, ...Object.values(row.fields ?? {})].filter((system) => !systems.has(system));
    const fields = Object.keys(row.fields ?? {}).filter((field) => !canonicalFields(kind as EntityKind).has(field));
    return [
      ...unknown.map((system) => report(system, `unknown system "${system}"; sources and destinations are ${known(systems)}`)),
      ...fields.map((field) => report(field, `${kind} has no field "${field}"; it has ${known(canonicalFields(kind as EntityKind))}`)),
    ];
  });
}

function checkMigrations(config: RouterConfig, abilities: Abilities): readonly ConfigProblem[] {
  return Object.entries(config.migrations ?? {}).flatMap(([name, { kind, from, to }]) => {
    const report = reporter("migrations", name);
    const missing = [from, to].filter((destination) => config.destinations[destination] === undefined);
    const kinds = abilities.modules[config.destinations[to]?.module ?? ""]?.kinds;
    return [
      ...missing.map((destination) =>
        report(destination, `unknown destination "${destination}"; declared are ${known(Object.keys(config.destinations))}`),
      ),
      ...(kinds === undefined || kinds.includes(kind)
        ? []
        : [report(to, `destination "${to}" does not take ${kind}; it takes ${known(kinds)}`)]),
    ];
  });
}

type Report = (word: string, message: string) => ConfigProblem;

const reporter =
  (section: ConfigProblem["section"], entry: string): Report =>
  (word, message) => ({ section, entry, word, message: `${section}.${entry}: ${message}` });

const known = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(", ") || "none";

function checkSource(config: RouterConfig, name: string, abilities: Abilities): readonly ConfigProblem[] {
  const report = reporter("sources", name);
  const source = config.sources[name];
  if (source === undefined) return [];
  const problems: ConfigProblem[] = [];
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name))
    problems.push(report(name, "a source's name is part of its URL: small letters, digits and hyphens"));
  if (config.owners[source.owner] === undefined)
    problems.push(report(source.owner, `unknown owner "${source.owner}"; declared are ${known(Object.keys(config.owners))}`));
  const scheme = abilities.schemes[source.scheme];
  if (scheme === undefined)
    problems.push(report(source.scheme, `unknown scheme "${source.scheme}"; there are ${known(Object.keys(abilities.schemes))}`));
  else problems.push(...scheme.checkSettings(source.settings ?? {}).map((message) => report("settings", `settings: ${message}`)));
  const wantsSecret = scheme?.needsSecret(source.settings ?? {}) ?? true;
  if (wantsSecret && !source.secrets.some((secret) => secret.optional !== true) && source.accounts === undefined)
    problems.push(report("secrets", "at least one secret must not be optional"));
  if (scheme?.provesNothing(source.settings ?? {}) === true && source.onVerdict?.unattempted === undefined)
    problems.push(
      report("settings", 'nothing proves its sender, so nothing gets in; if that is meant, say onVerdict: { unattempted: "accept" }'),
    );
  problems.push(...checkLimits(config, source, report));
  for (const secret of source.secrets) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(secret.env))
      problems.push(report(secret.env, `"${secret.env}" cannot be the name of a secret: capitals, digits and underscores`));
    if (secret.until !== undefined && Number.isNaN(Date.parse(secret.until)))
      problems.push(report(secret.until, `"${secret.until}" is not a date`));
  }
  if ((source.maxBodyBytes ?? 0) > LIMITS.bodyBytes)
    problems.push(report("maxBodyBytes", `maxBodyBytes is above the limit of ${LIMITS.bodyBytes}`));
  return problems;
}

const ADDRESS = /^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/;

function checkLimits(config: RouterConfig, source: SourceConfig, report: Report): readonly ConfigProblem[] {
  const { rate, ipRanges = [], publicOrigin, readBack } = source;
  const problems: ConfigProblem[] = [];
  if (rate !== undefined && !(rate.perSecond > 0 && (rate.burst ?? 1) >= 1))
    problems.push(report("rate", "perSecond must be above 0, and burst 1 or more"));
  for (const range of ipRanges) {
    if (!ADDRESS.test(range)) problems.push(report(range, `"${range}" is no address or range such as 192.0.2.0/24`));
  }
  if (publicOrigin !== undefined && !/^https?:\/\/[^/]+$/.test(publicOrigin))
    problems.push(report("publicOrigin", "must be an origin such as https://hooks.example.com, without a path"));
  for (const destination of source.echoOf ?? []) {
    if (config.destinations[destination] === undefined)
      problems.push(
        report(destination, `echoOf: unknown destination "${destination}"; declared are ${known(Object.keys(config.destinations))}`),
      );
  }
  if (readBack !== undefined && config.destinations[readBack.destination] === undefined)
    problems.push(
      report("readBack", `unknown destination "${readBack.destination}"; declared are ${known(Object.keys(config.destinations))}`),
    );
  return problems;
}

function checkDestination(config: RouterConfig, name: string, abilities: Abilities): readonly ConfigProblem[] {
  const report = reporter("destinations", name);
  const destination = config.destinations[name];
  if (destination === undefined) return [];
  const problems: ConfigProblem[] = [];
  if (config.owners[destination.owner] === undefined)
    problems.push(report(destination.owner, `unknown owner "${destination.owner}"; declared are ${known(Object.keys(config.owners))}`));
  for (const [limit, value] of Object.entries(destination.limits ?? {})) {
    if (typeof value === "number" && !(value > 0))
      problems.push(report(limit, `limits.${limit}: must be above 0; pause the destination to stop it`));
  }
  const bucket = destination.via !== undefined && "bucket" in destination.via;
  if (destination.url === undefined && !bucket) problems.push(report(name, "url: name the variable that holds its base URL"));
  if ((destination.module === "file") !== bucket)
    problems.push(report(destination.module, 'module "file" and via: { bucket } belong together'));
  const module = abilities.modules[destination.module];
  if (module === undefined)
    return [
      ...problems,
      report(destination.module, `unknown module "${destination.module}"; there are ${known(Object.keys(abilities.modules))}`),
    ];
  problems.push(...module.checkSettings(destination.settings ?? {}).map((message) => report("settings", `settings: ${message}`)));
  for (const secret of module.secretNames(destination.settings ?? {})) {
    if (destination.secrets?.[secret] === undefined)
      problems.push(report(name, `module "${destination.module}" needs secrets.${secret}: the name of the variable that holds it`));
  }
  return problems;
}

interface Place {
  readonly route: RouteConfig;
  readonly index: number;
}

function checkRoute(config: RouterConfig, place: Place, abilities: Abilities): readonly ConfigProblem[] {
  const { route } = place;
  const report = reporter("routes", route.name);
  const problems: ConfigProblem[] = [];
  if (config.owners[route.owner] === undefined)
    problems.push(report(route.owner, `unknown owner "${route.owner}"; declared are ${known(Object.keys(config.owners))}`));
  for (const { field, message } of mistakesIn(route.when)) problems.push(report(field, `when.${field}: ${message}`));
  if (route.to.length === 0) problems.push(report("to", "it goes nowhere; name a destination"));
  for (const destination of route.to) {
    const target = config.destinations[destination];
    if (target === undefined)
      problems.push(report(destination, `unknown destination "${destination}"; declared are ${known(Object.keys(config.destinations))}`));
    const kinds = target === undefined ? undefined : abilities.modules[target.module]?.kinds;
    if (kinds !== undefined && !kinds.includes(route.kind))
      problems.push(report(destination, `destination "${destination}" does not take ${route.kind}; it takes ${known(kinds)}`));
  }
  for (const source of route.from ?? []) {
    if (source === DIGEST_SOURCE && config.digest !== undefined && route.kind === "activity") continue;
    if (config.sources[source] === undefined)
      problems.push(report(source, `unknown source "${source}"; declared are ${known(Object.keys(config.sources))}`));
    else if (!kindsOf(config, source, abilities).has(route.kind))
      problems.push(
        report(
          source,
          `it can never match: source "${source}" gives no ${route.kind}; it gives ${known(kindsOf(config, source, abilities))}`,
        ),
      );
  }
  return [...problems, ...checkAgainstEarlier(config, place, report)];
}

function kindsOf(config: RouterConfig, name: string, abilities: Abilities): ReadonlySet<EntityKind> {
  const source = config.sources[name];
  if (source === undefined) return new Set();
  const own = Object.values(source.objects ?? {}).map((map) => map.kind);
  return new Set([...own, ...(abilities.schemes[source.scheme]?.kinds(source.settings ?? {}) ?? [])]);
}

/** Two routes that send one event to one destination: it would be sent once, under the first, and the second is silently void. */
function checkAgainstEarlier(config: RouterConfig, place: Place, report: Report): readonly ConfigProblem[] {
  const { route, index } = place;
  return config.routes.slice(0, index).flatMap((earlier) => {
    if (earlier.name === route.name) return [report(route.name, "the name is used twice")];
    const shared = route.to.filter((destination) => earlier.to.includes(destination));
    const [first] = shared;
    if (route.policy !== undefined && route.policy === earlier.policy) return [];
    if (first === undefined || earlier.kind !== route.kind || !shareSource(earlier, route) || !canBothHold(earlier.when, route.when))
      return [];
    return [
      report(
        route.name,
        `it and "${earlier.name}" can match the same ${route.kind} for destination "${first}", and only one can deliver it; make their conditions exclude each other`,
      ),
    ];
  });
}

const shareSource = (left: RouteConfig, right: RouteConfig): boolean =>
  left.from === undefined || right.from === undefined || left.from.some((source) => right.from?.includes(source) ?? false);
