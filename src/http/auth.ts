import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { fail, ok, type Result } from "../domain/result.ts";
import { ROLES, type Actor, type Role } from "../domain/roles.ts";
import type { Refused } from "./ops-ports.ts";

export interface AuthSettings {
  readonly OPS_ISSUER: string;
  readonly OPS_AUDIENCE: string;
  readonly OPS_JWKS_URL: string;
  readonly OPS_JWKS: string;
}

/** Asymmetric only: a public key can never be taken for a shared secret. */
const ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"];

/** Who a credential names; or why nobody: it is not good, there were too many, or it cannot be told now. */
export type Authenticated = Result<Actor, Refused>;

export type CredentialCheck = (credential: string) => Promise<Authenticated>;

const unauthenticated = (detail: string): Authenticated => fail({ code: "unauthenticated", detail });

/**
 * Makes the check of bearer tokens: signature by the issuer's keys, issuer, audience and algorithm pinned, expiry
 * required, role from the claim `role` (or `custom.role`, where Cloudflare Access puts an identity provider's claims).
 * Keys come from OPS_JWKS if it is set, else from OPS_JWKS_URL: jose keeps them between requests, and asks again, once
 * in 30 s at most, when a token names a key that it does not know. An issuer out of reach is no fault of the token's.
 */
export function tokenCheck(settings: AuthSettings): CredentialCheck {
  const keys = keySource(settings);
  return async (token) => {
    if (keys === null) return unauthenticated("this deployment has no keys to check tokens with: set OPS_JWKS_URL or OPS_JWKS");
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: settings.OPS_ISSUER,
        audience: settings.OPS_AUDIENCE,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp", "sub"],
        clockTolerance: 60,
      });
      const role = roleOf(payload);
      return role === null
        ? unauthenticated(`the token has no role; it must be one of ${ROLES.join(", ")}`)
        : ok({ name: nameOf(payload), role });
    } catch (error) {
      return ofFailure(error);
    }
  };
}

/** What jose throws of a token is its own error; of an issuer that does not answer well, a bare JOSEError, a timeout, or fetch's. */
function ofFailure(error: unknown): Authenticated {
  const isOfToken = error instanceof errors.JOSEError && !UNREACHABLE.includes(error.code);
  if (isOfToken) return unauthenticated(error.message);
  return fail({ code: "unavailable", detail: "the issuer's keys could not be read; try again later" });
}

const UNREACHABLE: readonly string[] = ["ERR_JOSE_GENERIC", errors.JWKSTimeout.code, errors.JWKSInvalid.code];

function keySource(settings: AuthSettings): JWTVerifyGetKey | null {
  if (settings.OPS_JWKS !== "") return createLocalJWKSet(JSON.parse(settings.OPS_JWKS) as JSONWebKeySet);
  return settings.OPS_JWKS_URL === "" ? null : createRemoteJWKSet(new URL(settings.OPS_JWKS_URL));
}

/** The credential of a request, from the headers Authorization or Cf-Access-Jwt-Assertion. */
export function credentialOf(headers: Headers): string | null {
  const match = /^Bearer ([\w.-]+)$/i.exec(headers.get("authorization") ?? "");
  return match?.[1] ?? headers.get("cf-access-jwt-assertion");
}

function roleOf(payload: JWTPayload): Role | null {
  const custom = payload["custom"];
  const claimed = payload["role"] ?? (typeof custom === "object" && custom !== null && "role" in custom ? custom.role : undefined);
  return ROLES.find((role) => role === claimed) ?? null;
}

/** Never one that an API key could have: those alone have a colon after `key`. */
const nameOf = (payload: JWTPayload): string =>
  (typeof payload["email"] === "string" ? payload["email"] : (payload.sub ?? "unknown")).replace(/^key:/, "person:key:");
