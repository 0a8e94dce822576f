import type { EntityKind } from "./entities/index.ts";
import type { FailureClass } from "./failure.ts";

/** How carefully a route's data is to be handled, least first. */
export const DATA_CLASSES = ["public", "internal", "confidential", "personal"] as const;
export type DataClass = (typeof DATA_CLASSES)[number];

/** What others call, and rely on. */
export const API_NAMES = ["ingest", "ops", "entities", "services"] as const;
export type ApiName = (typeof API_NAMES)[number];

/** Who answers for what is neither a source, a destination nor a route. */
export interface Responsibilities<Owner extends string = string> {
  readonly apis?: Readonly<Partial<Record<ApiName, Owner>>>;
  /** Who decides about a kind's schema. */
  readonly schemas?: Readonly<Partial<Record<EntityKind, Owner>>>;
  /** Who is called when deliveries fail for a reason of this class; absent: the route's owner. */
  readonly incidents?: Readonly<Partial<Record<FailureClass, Owner>>>;
}

/** As much of a configuration as governance looks at. */
export interface Governed {
  readonly owners: Readonly<Record<string, { readonly runbook?: string }>>;
  readonly routes: readonly { readonly name: string; readonly owner: string; readonly sla?: string; readonly dataClass?: DataClass }[];
  readonly slas?: Readonly<Record<string, unknown>>;
  readonly responsibilities?: Responsibilities;
}

export interface GovernanceMistake {
  readonly section: "routes" | "owners" | "responsibilities";
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

/** What a configuration must say beyond what makes it run: for each route an SLA, a data class, and an owner with a runbook. */
export const governanceMistakes = (config: Governed): readonly GovernanceMistake[] => [
  ...config.routes.flatMap((route) => ofRoute(config, route)),
  ...ofRunbooks(config),
  ...ofResponsibilities(config),
];

function ofRoute({ slas = {} }: Governed, { name, sla, dataClass }: Governed["routes"][number]): readonly GovernanceMistake[] {
  const mistake = (word: string, message: string): GovernanceMistake => ({
    section: "routes",
    entry: name,
    word,
    message: `routes.${name}: ${message}`,
  });
  const known =
    Object.keys(slas)
      .map((each) => `"${each}"`)
      .join(", ") || "none";
  return [
    ...(dataClass === undefined ? [mistake(name, `it has no dataClass; say one of ${DATA_CLASSES.join(", ")}`)] : []),
    ...(sla === undefined ? [mistake(name, `it has no sla; name one of ${known}`)] : []),
    ...(sla === undefined || slas[sla] !== undefined ? [] : [mistake(sla, `unknown sla "${sla}"; declared are ${known}`)]),
  ];
}

function ofRunbooks({ owners, routes }: Governed): readonly GovernanceMistake[] {
  const routesOf = (owner: string): string[] => routes.filter((route) => route.owner === owner).map(({ name }) => name);
  return Object.entries(owners).flatMap(([name, { runbook }]) => {
    const [route] = routesOf(name);
    if (route === undefined || (runbook !== undefined && /^https?:\/\/\S+$/.test(runbook))) return [];
    const message = `owners.${name}: it owns routes such as "${route}" and needs a runbook, as a link`;
    return [{ section: "owners" as const, entry: name, word: "runbook", message }];
  });
}

const ofResponsibilities = ({ owners, responsibilities = {} }: Governed): readonly GovernanceMistake[] =>
  Object.entries(responsibilities).flatMap(([entry, rows]) =>
    Object.values(rows as Readonly<Record<string, string>>)
      .filter((owner) => owners[owner] === undefined)
      .map((owner) => ({
        section: "responsibilities" as const,
        entry,
        word: owner,
        message: `responsibilities.${entry}: unknown owner "${owner}"; declared are ${Object.keys(owners).join(", ")}`,
      })),
  );
