import { egressProblem } from "../adapters/outbound.ts";
import { DESTINATIONS } from "../destinations/index.ts";
import type { DestinationConfig, RouterConfig } from "../domain/config.ts";
import { pendingUrl } from "../domain/exporting.ts";
import type { JsonObject } from "../domain/json.ts";
import { DEFAULT_RETRY, LIMITS } from "../domain/limits.ts";
import { permit } from "../domain/ownership.ts";
import type { Written } from "../domain/reconciliation/projection.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Settings } from "../env.ts";
import { deliveryOf, type Target } from "../pipeline/deliver.ts";
import type { LaneTraits } from "../pipeline/sequence/ports.ts";

/** A destination as this environment reaches it, or what it lacks. */
export function targetOf(config: RouterConfig, name: string, settings: Settings): Result<Target, string> {
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
export function writtenTo(
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

/** How lanes to a destination behave; null where there is no such destination. */
export function traitsOf(config: RouterConfig, name: string): LaneTraits | null {
  const destination = config.destinations[name];
  if (destination === undefined) return null;
  return {
    retry: { ...DEFAULT_RETRY, ...destination.retry },
    timeoutMs: destination.timeoutMs ?? LIMITS.deliveryTimeoutMs,
    deduplicates: DESTINATIONS[destination.module]?.deduplicates ?? false,
    knowsLateCopies: DESTINATIONS[destination.module]?.knowsLateCopies ?? false,
  };
}
