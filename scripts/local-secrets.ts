import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { router } from "../src/router.config.ts";

export interface LocalSecrets {
  /** Every secret of router.config.ts by the name of its variable, and OPS_JWKS. */
  readonly vars: Readonly<Record<string, string>>;
  /** The private halves that no deployment holds: of the tokens' key, and of ed25519 senders' by variable. */
  readonly privateKeys: { readonly ops: Record<string, unknown>; readonly senders: Readonly<Record<string, string>> };
}

interface Keys {
  ops?: { private: Record<string, unknown>; public: Record<string, unknown> };
  senders?: Record<string, { private: string; public: string }>;
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
  return { vars, privateKeys: { ops: keys.ops.private, senders } };
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
