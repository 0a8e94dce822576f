import type { RouterConfig } from "../domain/config.ts";
import { entityDefinition, type EntityKind } from "../domain/entities/index.ts";
import type { AnswerOf } from "./operations.ts";

type Item = AnswerOf<"listOwnership">["items"][number];

/** Things of one sort with their owners. */
const owned = (what: Item["what"], things: Readonly<Record<string, { readonly owner: string }>> = {}): Item[] =>
  Object.entries(things).map(([name, { owner }]) => ({ what, name, owner }));

const named = (what: Item["what"], owners: Readonly<Record<string, string>> = {}): Item[] =>
  Object.entries(owners).map(([name, owner]) => ({ what, name, owner }));

/** The ownership matrix, as the configuration has it. */
export const ownershipView = (config: RouterConfig): AnswerOf<"listOwnership"> => ({
  owners: { ...config.owners },
  items: [
    ...owned("source", config.sources),
    ...owned("destination", config.destinations),
    ...config.routes.map(({ name, owner, dataClass, sla }) => ({
      what: "route" as const,
      name,
      owner,
      ...(dataClass === undefined ? {} : { dataClass }),
      ...(sla === undefined ? {} : { sla }),
    })),
    ...owned("sla", config.slas),
    ...owned("service", config.services),
    ...named("api", config.responsibilities?.apis),
    ...named("schema", config.responsibilities?.schemas).map((item) => ({
      ...item,
      version: entityDefinition(item.name as EntityKind).version,
    })),
    ...named("incident", config.responsibilities?.incidents),
  ],
  matrix: Object.entries(config.ownership ?? {}).map(([kind, { system, fields = {} }]) => ({ kind, system, fields: { ...fields } })),
});
