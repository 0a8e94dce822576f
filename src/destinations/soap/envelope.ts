import { put } from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import type { Delivery } from "../define.ts";
import type { Operation, Settings } from "./settings.ts";
import { compile, escapeXml, fill } from "./template.ts";

export const ENVELOPE_NAMESPACES = {
  "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
  "1.2": "http://www.w3.org/2003/05/soap-envelope",
} as const;

/** https://docs.oasis-open.org/wss/v1.1/wss-v1.1-spec-os-UsernameTokenProfile.pdf */
const OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
const SECURITY = `${OASIS}-wssecurity-secext-1.0.xsd`;
const UTILITY = `${OASIS}-wssecurity-utility-1.0.xsd`;
const TOKEN_PROFILE = `${OASIS}-username-token-profile-1.0`;
const BASE64 = `${OASIS}-soap-message-security-1.0#Base64Binary`;

const HEADER_START = "<soap:Header>";

/** The whole request body: an envelope with a Header, which is never missing, and the operation's element in the Body. */
export function envelopeOf(delivery: Delivery, operation: Operation, { version, header }: Settings): string {
  const scope = scopeOf(delivery);
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soap:Envelope xmlns:soap="${ENVELOPE_NAMESPACES[version]}">${HEADER_START}${filled(header, scope)}</soap:Header>` +
    `<soap:Body>${filled(operation.body, scope)}</soap:Body></soap:Envelope>`
  );
}

function filled(text: string, scope: JsonObject): string {
  const template = compile(text);
  // The settings have refused every template that cannot be taken apart.
  if (!template.ok) throw new Error(`a template of this destination: ${template.failure}`);
  return fill(template.value, scope);
}

/** What a template is filled from: the canonical fields, and under `@` what identifies the delivery. A cleared field is empty. */
function scopeOf(delivery: Delivery): JsonObject {
  const scope: Record<string, JsonValue> = { ...delivery.data };
  for (const field of delivery.cleared) put(scope, field, "");
  return {
    ...scope,
    "@key": delivery.entity.key,
    "@kind": delivery.entity.kind,
    "@idempotencyKey": delivery.idempotencyKey,
    "@eventId": delivery.eventId,
    "@source": delivery.source,
    "@occurredAt": new Date(delivery.occurredAtMs ?? delivery.receivedAtMs).toISOString(),
    "@correlationId": delivery.correlationId,
  };
}

export interface UsernameToken {
  readonly user: string;
  readonly password: string;
  readonly as: "digest" | "text";
  readonly nonce: Uint8Array;
  readonly nowMs: number;
}

/** The envelope with a UsernameToken as the first element of its Header. */
export async function withUsernameToken(envelope: string, token: UsernameToken): Promise<string> {
  const security =
    `<wsse:Security xmlns:wsse="${SECURITY}" xmlns:wsu="${UTILITY}" soap:mustUnderstand="1">` +
    `<wsse:UsernameToken><wsse:Username>${escapeXml(token.user)}</wsse:Username>${await passwordOf(token)}</wsse:UsernameToken></wsse:Security>`;
  // Nothing of the delivery stands before the Header's own beginning.
  return envelope.replace(HEADER_START, () => HEADER_START + security);
}

/** Password_Digest = Base64(SHA-1(nonce + created + password)), section 3.1 of the profile. */
async function passwordOf({ password, as, nonce, nowMs }: UsernameToken): Promise<string> {
  if (as === "text") return `<wsse:Password Type="${TOKEN_PROFILE}#PasswordText">${escapeXml(password)}</wsse:Password>`;
  const created = new Date(nowMs).toISOString();
  const rest = new TextEncoder().encode(created + password);
  const digest = await crypto.subtle.digest("SHA-1", new Uint8Array([...nonce, ...rest]));
  return (
    `<wsse:Password Type="${TOKEN_PROFILE}#PasswordDigest">${base64OfBytes(new Uint8Array(digest))}</wsse:Password>` +
    `<wsse:Nonce EncodingType="${BASE64}">${base64OfBytes(nonce)}</wsse:Nonce><wsu:Created>${created}</wsu:Created>`
  );
}

const base64OfBytes = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
