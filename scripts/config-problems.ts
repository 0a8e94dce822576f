import { checkConfig, type Abilities } from "../src/domain/config-check.ts";
import type { RouterConfig } from "../src/domain/config.ts";
import { DESTINATIONS } from "../src/destinations/index.ts";
import { needsSecret, verdictOf } from "../src/verification/index.ts";
import { SOURCES } from "../src/sources/index.ts";
import { lineOfProblem } from "./config-lines.ts";

type Issues = {
  readonly success: boolean;
  readonly error?: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
};

const words = (parsed: Issues): readonly string[] =>
  (parsed.error?.issues ?? []).map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.map(String).join(".")}: ${issue.message}`,
  );

/** What this build's sources and destinations can do. */
const ABILITIES: Abilities = {
  schemes: Object.fromEntries(
    Object.entries(SOURCES).map(([scheme, source]) => [
      scheme,
      {
        checkSettings: (settings) => words(source.settings.safeParse(settings)),
        kinds: (settings) => {
          const parsed = source.settings.safeParse(settings);
          return parsed.success ? Object.values(source.objects(parsed.data)).map((map) => map.kind) : [];
        },
        needsSecret: (settings) => {
          const parsed = source.settings.safeParse(settings);
          return !parsed.success || needsSecret(source.verification(parsed.data));
        },
        provesNothing: (settings) => {
          const parsed = source.settings.safeParse(settings);
          return parsed.success && verdictOf(source.verification(parsed.data)) === "unattempted";
        },
      },
    ]),
  ),
  modules: Object.fromEntries(
    Object.entries(DESTINATIONS).map(([module, destination]) => [
      module,
      {
        checkSettings: (settings) => words(destination.settings.safeParse(settings)),
        secretNames: (settings) => {
          const parsed = destination.settings.safeParse(settings);
          return parsed.success ? destination.secretNames(parsed.data) : [];
        },
        ...(destination.kinds === undefined ? {} : { kinds: destination.kinds }),
        told: destination.changes?.kinds ?? [],
      },
    ]),
  ),
};

export interface Located {
  readonly line: number;
  readonly message: string;
}

/** Everything wrong with a configuration, each with its line in the file's text. */
export const locateProblems = (config: RouterConfig, text: string): readonly Located[] =>
  checkConfig(config, ABILITIES).map((problem) => ({ line: lineOfProblem(text, problem), message: problem.message }));

export interface Declared {
  readonly environment: string;
  readonly secrets: readonly string[];
  readonly vars: readonly string[];
}

/** Secrets and URLs that the configuration names and an environment of wrangler.toml does not declare. */
export function undeclared(config: RouterConfig, declared: readonly Declared[], example: string): readonly string[] {
  const ofSources = Object.values(config.sources).flatMap((source) =>
    source.secrets.filter((secret) => secret.optional !== true).map((secret) => secret.env),
  );
  const ofDestinations = Object.values(config.destinations).flatMap((destination) => Object.values(destination.secrets ?? {}));
  const ofRenewals = Object.values(config.sources).flatMap(({ scheme, settings }) => {
    const parsed = SOURCES[scheme]?.settings.safeParse(settings ?? {});
    return parsed?.success === true ? Object.values(SOURCES[scheme]?.renewal?.(parsed.data)?.secrets ?? {}) : [];
  });
  const sealing = Object.values(config.sources).some((source) => source.accounts !== undefined) ? ["ACCOUNT_KEY"] : [];
  const ofChannels = Object.values(config.alerts?.channels ?? {}).flatMap(({ secret }) => secret ?? []);
  const ofTraces = Object.values(config.traces?.headers ?? {});
  const secrets = [...new Set([...ofSources, ...ofDestinations, ...ofRenewals, ...sealing, ...ofChannels, ...ofTraces])];
  const addresses = [config.alerts?.origin, ...Object.values(config.alerts?.channels ?? {}).map(({ url }) => url)].flatMap(
    (url) => url?.env ?? [],
  );
  const urls = [...new Set(Object.values(config.destinations).map((destination) => destination.url.env))];
  return [
    ...declared.flatMap(({ environment, ...has }) => [
      ...secrets
        .filter((name) => !has.secrets.includes(name))
        .map(
          (name) => `wrangler.toml (${environment}): add "${name}" to secrets.required, and put it with: npx wrangler secret put ${name}`,
        ),
      ...urls
        .filter((name) => !has.vars.includes(name))
        .map((name) => `wrangler.toml (${environment}): add ${name} to vars, the base URL of a destination`),
      ...[...new Set(addresses)]
        .filter((name) => !has.vars.includes(name) && !has.secrets.includes(name))
        .map((name) => `wrangler.toml (${environment}): add ${name} to vars, or to secrets.required if its address is a credential`),
    ]),
    ...secrets
      .filter((name) => !new RegExp(`^${name}=`, "m").test(example))
      .map((name) => `.dev.vars.example: add a line ${name}=... that says what it is`),
  ];
}
