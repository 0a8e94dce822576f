import { importSource, liveSource } from "./deployment/live-source.ts";
import { signalProblems } from "./deployment/signal-problems.ts";
import { targetOf, traitsOf, writtenTo } from "./deployment/target.ts";
import type { AuditContext } from "./domain/audit-record.ts";
import type { FlowConfig, RouterConfig } from "./domain/config.ts";
import { DIGEST_SOURCE } from "./domain/digest/define.ts";
import type { EntityEvent } from "./domain/event.ts";
import { flowNamed } from "./domain/flows/index.ts";
import type { LiveFlow } from "./domain/flows/listening.ts";
import { DEFAULT_GOVERNOR, type GovernorPolicy } from "./domain/governor.ts";
import { INDEX_DAYS, LEDGER_DAYS_LEAST, LIMITS } from "./domain/limits.ts";
import { permit } from "./domain/ownership.ts";
import { projectionRows } from "./domain/reconciliation/projection.ts";
import { fail, type Result } from "./domain/result.ts";
import { flowRoute, planRoutes, type RoutePlan } from "./domain/routing.ts";
import { slaRecorder } from "./domain/slas/spans.ts";
import { parseEnv, type Settings } from "./env.ts";
import { withLocalSenders } from "./local-senders.ts";
import type { DeliverPorts, Target } from "./pipeline/deliver.ts";
import type { LiveSource } from "./pipeline/ingest/ports.ts";
import type { LaneTraits } from "./pipeline/sequence/ports.ts";
import { router } from "./router.config.ts";

/** The configuration, resolved against this environment: what the Worker and its objects run by. */
export interface Deployment {
  readonly config: RouterConfig;
  readonly settings: Settings;
  /** Why a source or destination cannot work here, such as a missing secret; empty when all is well. */
  readonly problems: readonly string[];
  readonly source: (name: string) => Result<LiveSource, "unknown" | "misconfigured">;
  /** A source as the files of an import tell of it; fails with words. */
  readonly importSource: (name: string) => Result<LiveSource, string>;
  readonly target: (destination: string) => Result<Target, string>;
  readonly traits: (destination: string) => LaneTraits | null;
  readonly governorPolicy: (destination: string) => GovernorPolicy;
  readonly plan: (event: EntityEvent) => RoutePlan;
  /** Flows that are switched on, with what they were told. */
  readonly flows: readonly (LiveFlow & { readonly config: FlowConfig })[];
  readonly permit: DeliverPorts["permit"];
  readonly projections: AuditContext["projections"];
  readonly slas: AuditContext["slas"];
  readonly ownerOf: (route: string) => string;
  readonly sourceOwner: (source: string) => string;
  /** The keys that seal the secrets of accounts, newest first. */
  readonly accountKeys: readonly string[];
  /** How long a record's object remembers its deliveries and their lines, at least. */
  readonly ledgerDays: number;
  /** How long the index lists what is finished. */
  readonly indexDays: number;
}

const deployments = new WeakMap<Env, Deployment>();

/** The deployment of an environment, resolved once an isolate. Throws only if the plain variables themselves are wrong. */
export function deploymentOf(env: Env): Deployment {
  const known = deployments.get(env);
  if (known !== undefined) return known;
  const parsed = parseEnv(env);
  if (!parsed.ok) throw new Error(`the environment is not complete: ${parsed.problems.join("; ")}`);
  const config = parsed.settings.ENVIRONMENT === "local" ? withLocalSenders(router) : router;
  const deployment = resolveDeployment(config, parsed.settings);
  deployments.set(env, deployment);
  return deployment;
}

/** Resolves a configuration; what is wrong with one source or destination stops only that one. */
export function resolveDeployment(config: RouterConfig, settings: Settings): Deployment {
  const sources = new Map(Object.keys(config.sources).map((name) => [name, liveSource(config, name, settings)]));
  const targets = new Map(Object.keys(config.destinations).map((name) => [name, targetOf(config, name, settings)]));
  const flowOwners = Object.entries(config.flows ?? {}).map(([name, { owner }]) => [flowRoute(name), owner] as const);
  const owners = new Map([...config.routes.map((route) => [route.name, route.owner] as const), ...flowOwners]);
  return {
    config,
    settings,
    problems: [
      ...[...sources.values(), ...targets.values()].flatMap((resolved) => (resolved.ok ? [] : [resolved.failure])),
      ...signalProblems(config, settings),
    ],
    source: (name) => {
      const source = sources.get(name);
      return source === undefined ? fail("unknown") : source.ok ? source : fail("misconfigured");
    },
    importSource: (name) => importSource(config, name, sources),
    target: (name) => targets.get(name) ?? fail(`destination "${name}" is not configured`),
    traits: (name) => traitsOf(config, name),
    governorPolicy: (name) => {
      const { limits, breaker } = config.destinations[name] ?? {};
      return { ...DEFAULT_GOVERNOR, ...limits, ...breaker, leaseTtlMs: LIMITS.leaseTtlMs };
    },
    plan: (event) => planRoutes(config, event),
    flows: Object.entries(config.flows ?? {}).flatMap(([name, flow]) => liveFlow(name, flow) ?? []),
    projections: (event, outcome) => projectionRows(config, event, outcome, (...asked) => writtenTo(config, targets, ...asked)),
    slas: slaRecorder(config),
    permit: (work, data) => permit(config, work.event, work.plan.destination, data),
    ownerOf: (route) => owners.get(route) ?? "nobody",
    sourceOwner: (name) =>
      config.sources[name]?.owner ?? owners.get(name) ?? (name === DIGEST_SOURCE ? config.digest?.owner : undefined) ?? "nobody",
    ledgerDays: config.retention?.ledgerDays ?? LEDGER_DAYS_LEAST,
    indexDays: config.retention?.indexDays ?? Math.max(INDEX_DAYS, config.retention?.ledgerDays ?? 0),
    accountKeys: ["ACCOUNT_KEY", "ACCOUNT_KEY_PREVIOUS"].map(settings.read).filter((key) => key !== undefined),
  };
}

function liveFlow(name: string, config: FlowConfig): Deployment["flows"][number] | null {
  const flow = flowNamed(name);
  return flow === undefined ? null : { flow, when: config.when, config };
}
