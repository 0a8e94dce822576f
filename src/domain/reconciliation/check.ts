import type { ReconciliationConfig, RouterConfig } from "../config.ts";
import { canonicalFields, type EntityKind } from "../entities/index.ts";
import { systemOfDestination, systemOfSource } from "../ownership.ts";

/** A mistake in a declared reconciliation; `word` finds its line. */
export interface Mistake {
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

const known = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(", ") || "none";

/** Everything that is wrong with the declared reconciliations. `told` are the kinds of which a module tells what has changed. */
export const reconciliationMistakes = (config: RouterConfig, told: (module: string) => readonly EntityKind[]): readonly Mistake[] =>
  Object.entries(config.reconciliations ?? {}).flatMap(([entry, declared]) => [
    ...mistakesOfPlace(config, declared, told).map((each) => ({ entry, ...each })),
    ...mistakesOfTerms(config, declared).map((each) => ({ entry, ...each })),
  ]);

type Found = Omit<Mistake, "entry">;

function mistakesOfPlace(
  config: RouterConfig,
  { kind, system, owner }: ReconciliationConfig,
  told: (module: string) => readonly EntityKind[],
): readonly Found[] {
  const target = config.destinations[system];
  const kinds = told(target?.module ?? "");
  const found: Found[] = [];
  if (config.owners[owner] === undefined)
    found.push({ word: owner, message: `unknown owner "${owner}"; declared are ${known(Object.keys(config.owners))}` });
  if (target === undefined)
    found.push({ word: system, message: `unknown destination "${system}"; declared are ${known(Object.keys(config.destinations))}` });
  else if (!kinds.includes(kind))
    found.push({
      word: system,
      message: `destination "${system}" does not tell what has changed of ${kind}; it tells of ${known(kinds)}`,
    });
  return found;
}

function mistakesOfTerms(
  config: RouterConfig,
  { kind, system, everyMinutes, fields = [], repair = {} }: ReconciliationConfig,
): readonly Found[] {
  const own = canonicalFields(kind);
  const speaks = Object.keys(config.sources).some((source) => systemOfSource(config, source) === systemOfDestination(config, system));
  return [
    ...(everyMinutes >= 1 ? [] : [{ word: "everyMinutes", message: "everyMinutes: must be 1 or more" }]),
    ...fields
      .filter(({ field }) => !own.has(field))
      .map(({ field }) => ({ word: field, message: `${kind} has no field "${field}"; it has ${known(own)}` })),
    ...(Object.values(repair).includes("pull") && !speaks
      ? [
          {
            word: "repair",
            message: `no source speaks for ${system}, so nothing can be pulled from it; give one system: "${systemOfDestination(config, system)}"`,
          },
        ]
      : []),
  ];
}
