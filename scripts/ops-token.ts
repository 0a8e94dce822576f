import { SignJWT, importJWK } from "jose";
import type { LocalSecrets } from "./local-secrets.ts";

export const ROLES = ["viewer", "operator", "approver", "admin"] as const;

/** A bearer token for the local ops API, good for twelve hours. */
export async function opsToken(secrets: LocalSecrets, role: (typeof ROLES)[number]): Promise<string> {
  return new SignJWT({ role })
    .setProtectedHeader({ alg: "ES256", kid: "local" })
    .setIssuer("signalbox-local")
    .setAudience("signalbox-ops")
    .setSubject(`local-${role}`)
    .setIssuedAt()
    .setExpirationTime("12h")
    .sign(await importJWK(secrets.privateKeys.ops, "ES256"));
}
