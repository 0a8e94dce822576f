import { DESTINATIONS } from "./destinations/index.ts";
import type { RouteConfig, RouterConfig, SourceConfig } from "./domain/config.ts";
import { ENTITY_KINDS } from "./domain/entities/index.ts";
import type { Sample, SourceDefinition } from "./sources/define.ts";
import { SOURCES } from "./sources/index.ts";
import { needsSecret, verdictOf } from "./verification/index.ts";

/** The variable that holds a local sender's secret: of all of them as one JSON object in LOCAL_SENDER_SECRETS. */
export const localSecretName = (source: string): string => `LOCAL_SENDER_${source.toUpperCase().replaceAll("-", "_")}`;

/**
 * Adds a source for every sender that the configuration does not name, set up as its samples need it, so that each can be
 * tried on a laptop. Only for the local environment: nothing of this exists in a deployment.
 */
export function withLocalSenders(config: RouterConfig): RouterConfig {
  const used = new Set(Object.values(config.sources).map(({ scheme }) => scheme));
  const owner = config.owners["platform"] === undefined ? (Object.keys(config.owners)[0] ?? "platform") : "platform";
  const unused = Object.values(SOURCES).filter(({ scheme }) => !used.has(scheme));
  const reader = Object.entries(config.destinations).find(([, { module }]) => DESTINATIONS[module]?.read !== undefined)?.[0] ?? null;
  const sources = Object.fromEntries(unused.flatMap((definition) => localSources(definition, { owner, reader, taken: config.sources })));
  return {
    ...config,
    sources: { ...config.sources, ...sources },
    routes: [...config.routes, ...localRoutes(config, Object.keys(sources), owner)],
  };
}

interface By {
  readonly owner: string;
  /** The destination that hints are read back from, where there is one. */
  readonly reader: string | null;
  /** Names that the configuration uses itself. */
  readonly taken: RouterConfig["sources"];
}

/** Samples of one sender may need different settings; each way of setting it up is a source of its own. */
function localSources(definition: SourceDefinition, by: By): readonly (readonly [string, SourceConfig])[] {
  const bySettings = Map.groupBy(definition.samples, (sample) => JSON.stringify(sample.settings ?? {}));
  return [...bySettings.values()].flatMap((samples, index) => {
    const [first] = samples;
    if (first === undefined) return [];
    const plain = index === 0 && by.taken[definition.scheme] === undefined;
    const name = plain ? definition.scheme : `${definition.scheme}-${first.name}`;
    return [[name, localSource(definition, samples, { name, ...by })] as const];
  });
}

function localSource(
  definition: SourceDefinition,
  samples: readonly Sample[],
  { name, owner, reader }: By & { readonly name: string },
): SourceConfig {
  const settings = samples[0]?.settings ?? {};
  const verification = definition.verification(definition.settings.parse(settings));
  return {
    scheme: definition.scheme,
    title: `${definition.title} (local)`,
    owner,
    secrets: needsSecret(verification) ? [{ env: localSecretName(name) }] : [],
    settings,
    priority: "standard",
    objects: Object.assign({}, ...samples.map((sample) => sample.objects ?? {})) as NonNullable<Sample["objects"]>,
    ...(reader === null ? {} : { readBack: { destination: reader } }),
    ...(verdictOf(verification) === "unattempted" ? { onVerdict: { unattempted: "accept" as const } } : {}),
  };
}

/** What the local senders tell of goes to the first destination that takes anything sent over HTTP. */
function localRoutes(config: RouterConfig, from: readonly string[], owner: string): readonly RouteConfig[] {
  const [destination] = Object.entries(config.destinations).find(([, { module }]) => module === "http") ?? [];
  if (destination === undefined || from.length === 0) return [];
  return ENTITY_KINDS.map((kind) => ({ name: `local-${kind}-to-${destination}`, owner, kind, from, to: [destination] }));
}
