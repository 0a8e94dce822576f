import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { fail, ok, type Result } from "../domain/result.ts";

/** What a person may do; each role may also do what those before it may. */
export const ROLES = ["viewer", "operator", "approver", "admin"] as const;
export type Role = (typeof ROLES)[number];

export const mayActAs = (has: Role, needs: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needs);

export interface Actor {
  readonly name: string;
  readonly role: Role;
}

export interface AuthSettings {
  readonly OPS_ISSUER: string;
  readonly OPS_AUDIENCE: string;
  readonly OPS_JWKS_URL: string;
  readonly OPS_JWKS: string;
}

/** Asymmetric only: a public key can never be taken for a shared secret. */
const ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"];

export interface TokenCheck {
  readonly ofToken: (token: string) => Promise<Result<Actor, string>>;
  /** Takes the token from the headers Authorization or Cf-Access-Jwt-Assertion. */
  readonly ofRequest: (request: Request) => Promise<Result<Actor, string>>;
}

/**
 * Makes the check of bearer tokens: signature by the issuer's keys, issuer, audience and algorithm pinned, expiry
 * required, role from the claim `role` (or `custom.role`, where Cloudflare Access puts an identity provider's claims).
 * Keys come from OPS_JWKS if it is set, else from OPS_JWKS_URL, kept by jose between requests.
 */
export function tokenCheck(settings: AuthSettings): TokenCheck {
  const keys = keySource(settings);
  const ofToken = async (token: string): Promise<Result<Actor, string>> => {
    if (keys === null) return fail("this deployment has no keys to check tokens with: set OPS_JWKS_URL or OPS_JWKS");
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: settings.OPS_ISSUER,
        audience: settings.OPS_AUDIENCE,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        clockTolerance: 60,
      });
      const role = roleOf(payload);
      return role === null ? fail(`the token has no role; it must be one of ${ROLES.join(", ")}`) : ok({ name: nameOf(payload), role });
    } catch (error) {
      return fail(error instanceof Error ? error.message : "the token is not valid");
    }
  };
  return {
    ofToken,
    ofRequest: async (request) => {
      const token = bearerOf(request.headers);
      return token === null ? fail("send a token: Authorization: Bearer <token>") : ofToken(token);
    },
  };
}

function keySource(settings: AuthSettings): JWTVerifyGetKey | null {
  if (settings.OPS_JWKS !== "") return createLocalJWKSet(JSON.parse(settings.OPS_JWKS) as JSONWebKeySet);
  return settings.OPS_JWKS_URL === "" ? null : createRemoteJWKSet(new URL(settings.OPS_JWKS_URL));
}

function bearerOf(headers: Headers): string | null {
  const match = /^Bearer ([\w.-]+)$/i.exec(headers.get("authorization") ?? "");
  return match?.[1] ?? headers.get("cf-access-jwt-assertion");
}

function roleOf(payload: JWTPayload): Role | null {
  const custom = payload["custom"];
  const claimed = payload["role"] ?? (typeof custom === "object" && custom !== null && "role" in custom ? custom.role : undefined);
  return ROLES.find((role) => role === claimed) ?? null;
}

const nameOf = (payload: JWTPayload): string => (typeof payload["email"] === "string" ? payload["email"] : (payload.sub ?? "unknown"));
