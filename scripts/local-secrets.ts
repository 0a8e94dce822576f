import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { newSecret } from "../sandbox/sign/secrets.ts";
import { localSecretName, withLocalSenders } from "../src/local-senders.ts";
import { router } from "../src/router.config.ts";
import { SOURCES } from "../src/sources/index.ts";

export interface LocalSecrets {
  /** Every secret of router.config.ts by the name of its variable, and OPS_JWKS. */
  readonly vars: Readonly<Record<string, string>>;
  /** Those of the senders that only the local environment has, by name. */
  readonly localSenders: Readonly<Record<string, string>>;
  /** The private halves that no deployment holds: of the tokens' key, and of ed25519 senders' by variable. */
  readonly privateKeys: { readonly ops: Record<string, unknown>; readonly senders: Readonly<Record<string, string>> };
}

interface Keys {
  ops?: { private: Record<string, unknown>; public: Record<string, unknown> };
  senders?: Record<string, { private: string; public: string }>;
  /** Of the senders that only the local environment has. */
  local?: Record<string, LocalSecret>;
}

interface LocalSecret {
  readonly secret: string;
  /** What the sender signs with, where that is not what the router holds. */
  readonly signingKey?: string;
}

const webhookSecret = (): string => `whsec_${randomBytes(24).toString("base64")}`;

/**
 * Makes the local secrets that are missing, or still as the example has them, and keeps the others: `.dev.vars` and
 * `.local/keys.json`, both ignored by git.
 */
export function ensureLocalSecrets(directory: string): LocalSecrets {
  const varsFile = path.join(directory, ".dev.vars");
  const keysFile = path.join(directory, ".local", "keys.json");
  const written = readIfThere(varsFile);
  const example = parseVars(readIfThere(path.join(import.meta.dirname, "..", ".dev.vars.example")));
  const vars = Object.fromEntries(Object.entries(parseVars(written)).filter(([name, value]) => value !== example[name]));
  const keys = JSON.parse(readIfThere(keysFile) || "{}") as Keys;
  keys.ops ??= opsKey();
  keys.senders ??= {};
  for (const name of secretNames()) {
    if (name.endsWith("_PUBLIC_KEY")) vars[name] = (keys.senders[name] ??= senderKey()).public;
    else vars[name] ??= webhookSecret();
  }
  keys.local = localSenderSecrets(keys.local ?? {});
  vars["ACCOUNT_KEY"] ??= randomBytes(32).toString("base64");
  vars["AUDIT_SIGNING_KEY"] ??= JSON.stringify(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }));
  // The sandbox checks CRM and support deliveries with one secret.
  vars["SUPPORT_SIGNING_SECRET"] = vars["CRM_SIGNING_SECRET"] ?? webhookSecret();
  vars["OPS_JWKS"] = JSON.stringify({ keys: [keys.ops.public] });
  mkdirSync(path.dirname(keysFile), { recursive: true });
  writeFileSync(keysFile, JSON.stringify(keys), { mode: 0o600 });
  const text = Object.entries(vars)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");
  if (text !== written) writeFileSync(varsFile, text, { mode: 0o600 });
  const senders = Object.fromEntries(Object.entries(keys.senders).map(([name, pair]) => [name, pair.private]));
  const signing = Object.entries(keys.local).flatMap(([name, { signingKey }]) => (signingKey === undefined ? [] : [[name, signingKey]]));
  const localSenders = Object.fromEntries(Object.entries(keys.local).map(([name, { secret }]) => [name, secret]));
  return { vars, localSenders, privateKeys: { ops: keys.ops.private, senders: { ...senders, ...Object.fromEntries(signing) } } };
}

/** A secret for each local sender in the form that its scheme takes; those that are there stay. */
export function localSenderSecrets(known: Readonly<Record<string, LocalSecret>>, seed?: string): Record<string, LocalSecret> {
  const { sources } = withLocalSenders(router);
  return Object.fromEntries(
    Object.entries(sources).flatMap(([source, config]) => {
      const name = localSecretName(source);
      const definition = SOURCES[config.scheme];
      if (definition === undefined || config.secrets[0]?.env !== name) return [];
      const verification = definition.verification(definition.settings.parse(config.settings ?? {}));
      return [[name, known[name] ?? newSecret(verification, seed ?? randomBytes(16).toString("hex"))]];
    }),
  );
}

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

function secretNames(): readonly string[] {
  const ofSources = Object.values(router.sources).flatMap((source) => source.secrets.map((secret) => secret.env));
  const ofDestinations = Object.values(router.destinations).flatMap((destination) => Object.values(destination.secrets ?? {}));
  return [...new Set([...ofSources, ...ofDestinations])];
}

function parseVars(text: string): Record<string, string> {
  const lines = text.split("\n").map((line) => /^([A-Z][A-Z0-9_]*)=(?:'(.*)'|"(.*)"|(.*))$/.exec(line.trim()));
  return Object.fromEntries(
    lines.flatMap((match) => (match?.[1] === undefined ? [] : [[match[1], match[2] ?? match[3] ?? match[4] ?? ""]])),
  );
}

function opsKey(): NonNullable<Keys["ops"]> {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const named = { kid: "local", alg: "ES256", use: "sig" };
  return { private: { ...privateKey.export({ format: "jwk" }), ...named }, public: { ...publicKey.export({ format: "jwk" }), ...named } };
}

/** An ed25519 pair as Standard Webhooks writes it: `whsk_` and both halves, `whpk_` and the public one. */
function senderKey(): { private: string; public: string } {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const [seed, open] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  return { private: `whsk_${Buffer.concat([seed, open]).toString("base64")}`, public: `whpk_${open.toString("base64")}` };
}
