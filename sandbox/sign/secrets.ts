import { createHash, generateKeyPairSync } from "node:crypto";
import type { JoseAlgorithm, Verification } from "../../src/verification/define.ts";

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

/** Characters that no URL or header changes, a few of which one has to escape in the other. */
const word = (seed: string): string => `${seed}-unguessable+word/${createHash("sha256").update(seed).digest("hex").slice(0, 16)}`;

function make(verification: Verification, seed: string): MadeSecret {
  const material = createHash("sha256").update(seed).digest();
  switch (verification.kind) {
    case "standardWebhooks":
      return { secret: `whsec_${material.toString("base64")}` };
    case "hmac":
      return { secret: verification.secretEncoding === "utf8" ? `${seed} secret, größer als nötig` : material.toString(verification.secretEncoding) };
    case "basic":
      return { secret: `signalbox:${word(seed)}:with-a-colon` };
    case "jwt":
    case "jws":
      return joseSecret(verification.algorithms, seed);
    case "httpSignature":
      return httpSignatureSecret(verification, seed);
    case "anyOf":
    case "allOf": {
      const [first = { kind: "none" } as const] = verification.of;
      return make(first, seed);
    }
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

function joseSecret(algorithms: readonly JoseAlgorithm[], seed: string): MadeSecret {
  const [alg = "ES256"] = algorithms;
  if (alg.startsWith("HS")) return { secret: word(seed).padEnd(64, ".") };
  const pair = pairFor(alg);
  const named = { kid: `key-of-${seed}`.slice(0, 24), alg, use: "sig" };
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

function httpSignatureSecret(scheme: Extract<Verification, { readonly kind: "httpSignature" }>, seed: string): MadeSecret {
  const material = createHash("sha256").update(seed).digest();
  if (scheme.algorithm === "hmac-sha256") return { secret: scheme.keyEncoding === "base64" ? material.toString("base64") : word(seed) };
  const pair = pairFor(scheme.algorithm === "ed25519" ? "EdDSA" : scheme.algorithm === "ecdsa-p256-sha256" ? "ES256" : "RS256");
  return {
    secret: pair.publicKey.export({ format: "pem", type: "spki" }).toString(),
    signingKey: JSON.stringify(pair.privateKey.export({ format: "jwk" })),
  };
}
