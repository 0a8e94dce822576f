import type { FlowConfig, RouterConfig } from "../config.ts";
import { mistakesIn } from "../conditions.ts";
import type { EntityKind } from "../entities/index.ts";
import { SYSTEM_ROLES, type AnyFlow } from "./definition.ts";
import { FLOWS, flowNamed } from "./index.ts";

/** Kinds that a destination takes; undefined: all, or it is not known. */
type KindsOf = (destination: string) => readonly EntityKind[] | undefined;

/** A mistake, as the configuration's check reports it. */
interface Problem {
  readonly section: "flows";
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

/** Mistakes in what flows are told. */
export function checkFlows(config: RouterConfig, kindsOf: KindsOf): readonly Problem[] {
  return Object.entries(config.flows ?? {}).flatMap(([name, settings]) => {
    const report = (word: string, message: string): Problem => ({
      section: "flows",
      entry: name,
      word,
      message: `flows.${name}: ${message}`,
    });
    const flow = flowNamed(name);
    if (flow === undefined) return [report(name, `unknown flow "${name}"; there are ${Object.keys(FLOWS).join(", ")}`)];
    return [
      ...checkAddresses(config, settings, report),
      ...checkPolicy(flow, settings, report),
      ...mistakesIn(settings.when).map(({ field, message }) => report(field, `when.${field}: ${message}`)),
      ...(settings.personWithinHours !== undefined && !(settings.personWithinHours > 0)
        ? [report("personWithinHours", "personWithinHours: must be above zero")]
        : []),
      ...(settings.writeBack !== undefined && kindsOf(settings.writeBack)?.includes("activity") === false
        ? [report("writeBack", `writeBack: destination "${settings.writeBack}" does not take activity`)]
        : []),
    ];
  });
}

type Report = (word: string, message: string) => Problem;

function checkAddresses(config: RouterConfig, settings: FlowConfig, report: Report): readonly Problem[] {
  const roles = SYSTEM_ROLES.map((role) => [role, settings[role]] as const);
  const others = (settings.publishTo ?? []).map((name) => ["publishTo", name] as const);
  const named = [...roles, ...others, ["writeBack", settings.writeBack] as const];
  const unknown = named.flatMap(([word, name]) =>
    name === undefined || config.destinations[name] !== undefined
      ? []
      : [report(name, `${word}: unknown destination "${name}"; declared are ${Object.keys(config.destinations).join(", ")}`)],
  );
  const owner = config.owners[settings.owner] === undefined ? [report(settings.owner, `unknown owner "${settings.owner}"`)] : [];
  return [...owner, ...unknown];
}

function checkPolicy(flow: AnyFlow, { policy }: FlowConfig, report: Report): readonly Problem[] {
  const parsed = flow.policy.safeParse(policy ?? {});
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) =>
        report(String(path[0] ?? "policy"), `policy${path.map((part) => `.${String(part)}`).join("")}: ${message}`),
      );
}
