import { decodeRows } from "../decoding/import-rows.ts";
import type { RouterConfig, SecretRef } from "../domain/config.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Settings } from "../env.ts";
import type { LiveSource } from "../pipeline/ingest/ports.ts";
import { mergeObjects } from "../sources/define.ts";
import { SOURCES } from "../sources/index.ts";
import type { Verification } from "../verification/define.ts";

/** A source as this environment can serve it, or what it lacks. */
export function liveSource(config: RouterConfig, name: string, settings: Settings): Result<LiveSource, string> {
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
export function importSource(
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
