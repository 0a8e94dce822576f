import { createHash, generateKeyPairSync } from "node:crypto";
import type { JoseAlgorithm, Verification } from "../../src/verification/define.ts";
import type { OfKind } from "./request.ts";

/** A secret as the router holds it and, where the sender holds something else, its half. */
export interface MadeSecret {
  readonly secret: string;
  readonly signingKey?: string;
}

const made = new Map<string, MadeSecret>();

/** A secret in the form that a scheme takes: the same for the same seed while the process lives; asymmetric keys are random. */
export function newSecret(verification: Verification, seed: string): MadeSecret {
  const name = JSON.stringify([verification, seed]);
  const known = made.get(name) ?? make(verification, seed);
  made.set(name, known);
  return known;
}

const materialOf = (seed: string): Buffer => createHash("sha256").update(seed).digest();

/** Characters that no URL or header changes, a few of which one has to escape in the other. */
const word = (seed: string): string => `${seed}-unguessable+word/${materialOf(seed).toString("hex").slice(0, 16)}`;

function make(verification: Verification, seed: string): MadeSecret {
  switch (verification.kind) {
    case "standardWebhooks":
      return { secret: `whsec_${materialOf(seed).toString("base64")}` };
    case "hmac":
      return { secret: hmacSecret(verification, seed) };
    case "basic":
      return { secret: `signalbox:${word(seed)}:with-a-colon` };
    case "jwt":
    case "jws":
      return joseSecret(verification.algorithms, seed);
    case "httpSignature":
      return httpSignatureSecret(verification, seed);
    case "anyOf":
      return make(verification.of[0] ?? { kind: "none" }, seed);
    case "allOf":
      return commonSecret(verification.of, seed);
    case "twilio":
    case "queryToken":
    case "headerToken":
    case "tokenInBody":
    case "clientCertificate":
    case "ipRanges":
    case "none":
      return { secret: word(seed) };
  }
}

const hmacSecret = ({ secretEncoding }: OfKind<"hmac">, seed: string): string =>
  secretEncoding === "utf8" ? `${seed} secret, größer als nötig` : materialOf(seed).toString(secretEncoding);

/** The first of the parts' own secrets that serves every part; where none does, a pair of keys, which serves the strongest. */
function commonSecret(of: readonly Verification[], seed: string): MadeSecret {
  const candidates = of.filter((part) => !TAKES_NONE.has(part.kind)).map((part) => make(part, seed));
  const common = candidates.find(({ secret, signingKey }) => signingKey === undefined && of.every((part) => serves(secret, part)));
  return common ?? candidates.find(({ signingKey }) => signingKey !== undefined) ?? candidates[0] ?? { secret: word(seed) };
}

const TAKES_NONE: ReadonlySet<Verification["kind"]> = new Set(["clientCertificate", "ipRanges", "none"]);

/** Whether a scheme can be signed and proven with this text. */
function serves(secret: string, scheme: Verification): boolean {
  switch (scheme.kind) {
    case "basic":
      return secret.includes(":");
    case "headerToken":
      return /^[\x21-\x7e]+$/.test(secret);
    case "standardWebhooks":
      return isEncoded(secret.replace(/^whsec_/, ""), "base64");
    case "hmac":
      return scheme.secretEncoding === "utf8" || isEncoded(secret, scheme.secretEncoding);
    case "httpSignature":
      return scheme.algorithm === "hmac-sha256" && (scheme.keyEncoding === "utf8" || isEncoded(secret, "base64"));
    case "jwt":
    case "jws":
      return scheme.algorithms[0]?.startsWith("HS") === true;
    case "anyOf":
      return serves(secret, scheme.of[0] ?? { kind: "none" });
    case "allOf":
      return scheme.of.every((part) => serves(secret, part));
    case "twilio":
    case "queryToken":
    case "tokenInBody":
    case "clientCertificate":
    case "ipRanges":
    case "none":
      return true;
  }
}

const isEncoded = (text: string, encoding: "base64" | "hex"): boolean => Buffer.from(text, encoding).toString(encoding) === text;

function joseSecret(algorithms: readonly JoseAlgorithm[], seed: string): MadeSecret {
  const [alg = "ES256"] = algorithms;
  if (alg.startsWith("HS")) return { secret: word(seed).padEnd(64, ".") };
  const pair = pairFor(alg);
  const named = { kid: `key-${materialOf(seed).toString("hex").slice(0, 12)}`, alg, use: "sig" };
  return {
    secret: JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: "jwk" }), ...named }] }),
    signingKey: JSON.stringify({ ...pair.privateKey.export({ format: "jwk" }), ...named }),
  };
}

const pairFor = (alg: JoseAlgorithm) =>
  alg === "EdDSA"
    ? generateKeyPairSync("ed25519")
    : alg.startsWith("ES")
      ? generateKeyPairSync("ec", { namedCurve: alg === "ES384" ? "P-384" : "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 });

function httpSignatureSecret(scheme: OfKind<"httpSignature">, seed: string): MadeSecret {
  if (scheme.algorithm === "hmac-sha256")
    return { secret: scheme.keyEncoding === "base64" ? materialOf(seed).toString("base64") : word(seed) };
  const pair = pairFor(scheme.algorithm === "ed25519" ? "EdDSA" : scheme.algorithm === "ecdsa-p256-sha256" ? "ES256" : "RS256");
  return {
    secret: pair.publicKey.export({ format: "pem", type: "spki" }).toString(),
    signingKey: JSON.stringify(pair.privateKey.export({ format: "jwk" })),
  };
}
