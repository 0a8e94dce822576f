import * as z from "zod";

/** Plain variables that every deployment has; secrets and URLs are named by router.config.ts and read by name. */
const Vars = z.object({
  ENVIRONMENT: z.enum(["local", "staging", "production"]),
  OPS_ISSUER: z.string().min(1),
  OPS_AUDIENCE: z.string().min(1),
  OPS_JWKS_URL: z.union([z.literal(""), z.url()]).default(""),
  OPS_JWKS: z.string().default(""),
  /** JSON object of the local senders' secrets by name; only in the local environment. */
  LOCAL_SENDER_SECRETS: z.string().default("{}"),
});

export interface Settings extends z.infer<typeof Vars> {
  /** The value of a variable or secret that the configuration names; undefined if it is not set. */
  readonly read: (name: string) => string | undefined;
  /** What a binding of this name can do; null if there is none, or one of another sort. */
  readonly bound: (name: string) => "sends" | "stores" | null;
}

export type ParsedEnv = { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the environment once, and names every bad variable, not only the first. */
export function parseEnv(env: Env): ParsedEnv {
  const values = env as unknown as Readonly<Record<string, unknown>>;
  const parsed = Vars.safeParse(values);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) };
  const local = parsed.data.ENVIRONMENT === "local" ? parseObject(parsed.data.LOCAL_SENDER_SECRETS) : {};
  const read = (name: string): string | undefined => {
    const value = values[name] ?? (Object.hasOwn(local, name) ? local[name] : undefined);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return { ok: true, settings: { ...parsed.data, read, bound: (name) => abilityOf(values[name]) } };
}

/** A binding to a service answers to every name, also to a bucket's: what can fetch is no bucket. */
function abilityOf(binding: unknown): ReturnType<Settings["bound"]> {
  if (typeof binding !== "object" || binding === null) return null;
  const can = (method: string): boolean => typeof (binding as Readonly<Record<string, unknown>>)[method] === "function";
  if (can("fetch")) return "sends";
  return can("createMultipartUpload") ? "stores" : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
