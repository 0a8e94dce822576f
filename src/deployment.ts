import { egressProblem } from "./adapters/outbound.ts";
import { DESTINATIONS } from "./destinations/index.ts";
import { decodeRows } from "./decoding/import-rows.ts";
import type { DestinationConfig, FlowConfig, RouterConfig, SecretRef } from "./domain/config.ts";
import { pendingUrl } from "./domain/exporting.ts";
import type { EntityEvent } from "./domain/event.ts";
import { DEFAULT_GOVERNOR, type GovernorPolicy } from "./domain/governor.ts";
import type { AuditContext } from "./domain/audit-record.ts";
import type { JsonObject } from "./domain/json.ts";
import { DIGEST_SOURCE } from "./domain/digest/define.ts";
import { projectionRows, type Written } from "./domain/reconciliation/projection.ts";
import { DEFAULT_RETRY, INDEX_DAYS, LEDGER_DAYS_LEAST, LIMITS } from "./domain/limits.ts";
import { fail, ok, type Result } from "./domain/result.ts";
import { permit } from "./domain/ownership.ts";
import { slaRecorder } from "./domain/slas/spans.ts";
import { flowNamed } from "./domain/flows/index.ts";
import type { LiveFlow } from "./domain/flows/listening.ts";
import { flowRoute, planRoutes, type RoutePlan } from "./domain/routing.ts";
import { parseEnv, type Settings } from "./env.ts";
import { deliveryOf, type DeliverPorts, type Target } from "./pipeline/deliver.ts";
import type { LiveSource } from "./pipeline/ingest/ports.ts";
import type { LaneTraits } from "./pipeline/sequence/ports.ts";
import { withLocalSenders } from "./local-senders.ts";
import { router } from "./router.config.ts";
import { mergeObjects } from "./sources/define.ts";
import { SOURCES } from "./sources/index.ts";
import type { Verification } from "./verification/define.ts";

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

function liveSource(config: RouterConfig, name: string, settings: Settings): Result<LiveSource, string> {
  const source = config.sources[name];
  const definition = source === undefined ? undefined : SOURCES[source.scheme];
  if (source === undefined || definition === undefined) return fail(`sources.${name}: unknown scheme`);
  const parsed = definition.settings.safeParse(source.settings ?? {});
  if (!parsed.success)
    return fail(`sources.${name}: ${parsed.error.issues.map((issue) => `settings.${issue.path.join(".")}: ${issue.message}`).join("; ")}`);
  const missing = source.secrets.filter((secret) => secret.optional !== true && settings.read(secret.env) === undefined);
  if (missing.length > 0)
    return fail(`sources.${name}: missing secret ${missing.map((secret) => secret.env).join(", ")}; put it with wrangler secret put`);
  const renewal = definition.renewal?.(parsed.data) ?? null;
  const unset = Object.values(renewal?.secrets ?? {}).filter((variable) => settings.read(variable) === undefined);
  if (unset.length > 0)
    return fail(`sources.${name}: missing secret ${unset.join(", ")}, which its renewal takes; put it with wrangler secret put`);
  const accountKey = settings.read("ACCOUNT_KEY");
  if (source.accounts !== undefined && (accountKey === undefined || !SEALING_KEY.test(accountKey)))
    return fail(
      `sources.${name}: it has accounts, and the secret ACCOUNT_KEY that seals theirs is ${accountKey === undefined ? "missing" : "no base64 of 32 bytes"}; make one with: openssl rand -base64 32`,
    );
  return ok({
    name,
    definition,
    config: source,
    settings: parsed.data,
    verification: withRanges(definition.verification(parsed.data), source.ipRanges),
    objects: mergeObjects(definition.objects(parsed.data), source.objects ?? {}),
    secrets: liveSecrets(source.secrets, settings),
    configVersion: config.version,
  });
}

/** The source that an import speaks for, with rows of files where it has requests. */
function importSource(
  config: RouterConfig,
  name: string,
  sources: ReadonlyMap<string, Result<LiveSource, string>>,
): Result<LiveSource, string> {
  const rules = config.imports?.[name];
  const source = sources.get(rules?.source ?? "");
  if (rules === undefined || source === undefined) return fail(`imports.${name}: there is no such import, or no such source`);
  if (!source.ok) return source;
  const { definition } = source.value;
  return ok({
    ...source.value,
    definition: {
      ...definition,
      decode: (request, { objects }) => decodeRows(request, rules, objects),
      forStorage: (body) => body,
    },
  });
}

/** Base64 of 32 bytes. */
const SEALING_KEY = /^[A-Za-z0-9+/]{43}=$/;

const withRanges = (verification: Verification, ranges: readonly string[] | undefined): Verification =>
  ranges === undefined ? verification : { kind: "allOf", of: [verification, { kind: "ipRanges", ranges }] };

function liveSecrets(refs: readonly SecretRef[], settings: Settings): LiveSource["secrets"] {
  const secrets = refs.flatMap((ref) => {
    const value = settings.read(ref.env);
    return value === undefined
      ? []
      : [
          {
            id: ref.env,
            value,
            untilMs: ref.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(ref.until),
            ...(ref.for === undefined ? {} : { for: ref.for as Verification["kind"] }),
            ...(ref.keyId === undefined ? {} : { keyId: ref.keyId }),
          },
        ];
  });
  return (nowMs) => secrets.filter((secret) => nowMs < secret.untilMs);
}

function targetOf(config: RouterConfig, name: string, settings: Settings): Result<Target, string> {
  const destination = config.destinations[name];
  const definition = destination === undefined ? undefined : DESTINATIONS[destination.module];
  if (destination === undefined || definition === undefined) return fail(`destinations.${name}: unknown module`);
  const parsed = definition.settings.safeParse(destination.settings ?? {});
  if (!parsed.success)
    return fail(
      `destinations.${name}: ${parsed.error.issues.map((issue) => `settings.${issue.path.join(".")}: ${issue.message}`).join("; ")}`,
    );
  const baseUrl = baseUrlOf(name, destination, settings);
  if (!baseUrl.ok) return fail(`destinations.${name}: ${baseUrl.failure}`);
  const secrets: Record<string, string> = {};
  for (const [role, variable] of Object.entries(destination.secrets ?? {})) {
    const value = settings.read(variable);
    if (value === undefined) return fail(`destinations.${name}: missing secret ${variable}; put it with wrangler secret put`);
    secrets[role] = value;
  }
  return ok({
    definition,
    connection: { baseUrl: baseUrl.value, settings: parsed.data, secrets },
    timeoutMs: destination.timeoutMs ?? LIMITS.deliveryTimeoutMs,
    ...(destination.via === undefined ? {} : { via: destination.via }),
  });
}

/** Where a destination is called; or why it may not be, or cannot be since what it is called through is not there. */
function baseUrlOf(name: string, { via, url }: DestinationConfig, settings: Settings): Result<string, string> {
  if (via !== undefined && "bucket" in via)
    return settings.bound(via.bucket) === "stores"
      ? ok(pendingUrl(name))
      : fail(`the R2 bucket "${via.bucket}" is not bound; add it to r2_buckets in wrangler.toml`);
  if (via !== undefined && settings.bound(via.binding) !== "sends")
    return fail(`the binding "${via.binding}" is not there, so nothing is sent; see docs/on-premises.md`);
  const baseUrl = url === undefined ? undefined : settings.read(url.env);
  if (url === undefined || baseUrl === undefined) return fail(`missing variable ${url?.env ?? "url"} (its base URL)`);
  const egress = egressProblem(baseUrl, { local: settings.ENVIRONMENT === "local", bound: via !== undefined });
  return egress === null ? ok(baseUrl) : fail(`${url.env}: ${egress}`);
}

/** What a delivery leaves in a destination, as its module knows it; else all that it was sent. */
function writtenTo(
  config: RouterConfig,
  targets: ReadonlyMap<string, Result<Target, string>>,
  ...[event, destination, data]: Parameters<Written>
): JsonObject {
  const permitted = permit(config, event, destination, data);
  const sent = permitted.ok ? permitted.value.data : data;
  const target = targets.get(destination);
  if (target?.ok !== true) return sent;
  const { definition, connection } = target.value;
  return definition.written?.(deliveryOf(event, sent), connection.settings) ?? sent;
}

/** Characters of the token that scrapers read the metrics with. */
export const METRICS_TOKEN_LEAST = 32;

/** What alerts and metrics lack here: only these do not work then. */
function signalProblems({ alerts }: RouterConfig, settings: Settings): readonly string[] {
  const ofChannels = Object.entries(alerts?.channels ?? {}).flatMap(([name, { url, secret }]) => {
    const address = settings.read(url.env);
    const egress = address === undefined ? null : egressProblem(address, { local: settings.ENVIRONMENT === "local", bound: false });
    return [
      ...(address === undefined ? [`alerts.channels.${name}: missing variable or secret ${url.env} (its address)`] : []),
      ...(egress === null ? [] : [`alerts.channels.${name}: ${url.env}: ${egress}`]),
      ...(secret === undefined || settings.read(secret) !== undefined ? [] : [`alerts.channels.${name}: missing secret ${secret}`]),
    ];
  });
  const short = (settings.read("METRICS_TOKEN")?.length ?? METRICS_TOKEN_LEAST) < METRICS_TOKEN_LEAST;
  return [...ofChannels, ...(short ? [`METRICS_TOKEN: must have ${METRICS_TOKEN_LEAST} characters or more`] : [])];
}

function traitsOf(config: RouterConfig, name: string): LaneTraits | null {
  const destination = config.destinations[name];
  if (destination === undefined) return null;
  return {
    retry: { ...DEFAULT_RETRY, ...destination.retry },
    timeoutMs: destination.timeoutMs ?? LIMITS.deliveryTimeoutMs,
    deduplicates: DESTINATIONS[destination.module]?.deduplicates ?? false,
  };
}
