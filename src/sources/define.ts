import type { z } from "zod";
import type { Nature, Verdict } from "../domain/event.ts";
import type { RejectionReason } from "../domain/failure.ts";
import type { JsonValue } from "../domain/json.ts";
import type { CanonicalEntity, ObjectMap } from "../domain/mapping.ts";
import type { OrderToken } from "../domain/order.ts";
import type { Result } from "../domain/result.ts";

/** How far a signed time may be from ours, both ways, unless a source says else: what Stripe's and the Standard Webhooks libraries use. */
export const DEFAULT_WINDOW_MS = 300_000;

export type Encoding = "hex" | "base64" | "base64url";

/**
 * How a sender proves itself, as data; `verify.ts` is the one engine that runs it, over the raw bytes.
 * `window` refuses timestamps further away than this, both in the past and in the future.
 */
export type Verification =
  | {
      readonly kind: "hmac";
      readonly header: string;
      /** `bare`: the value is the signature, after `prefix`. `pairs`: `t=1,v1=ab,v1=cd`, with these two names. */
      readonly form:
        | { readonly type: "bare"; readonly prefix?: string }
        | { readonly type: "pairs"; readonly timestamp?: string; readonly signature: string };
      readonly algorithm: "SHA-1" | "SHA-256" | "SHA-512";
      readonly encoding: Encoding;
      readonly secretEncoding: "utf8" | "base64" | "hex";
      /** The signed text, of `{timestamp}`, `{id}` and `{body}` (exactly one, last) and literals between them. */
      readonly template: string;
      /** Where the timestamp is, unless `pairs` holds it. Absent: the sender signs none. */
      readonly timestamp?: { readonly header?: string; readonly format: "s" | "ms" | "iso" };
      readonly idHeader?: string;
      readonly windowMs: number;
      /** Secrets that the whole world knows, such as a vendor's published test secret: never accepted as live ones. */
      readonly refusedSecrets?: readonly string[];
    }
  /** Standard Webhooks 1.0: `v1` HMAC and `v1a` ed25519, headers `webhook-*` or `svix-*`, secrets `whsec_` and `whpk_`. */
  | { readonly kind: "standardWebhooks"; readonly windowMs: number }
  /** A secret in the URL's query, for senders that sign nothing. Proves the sender, not the body. */
  | { readonly kind: "queryToken"; readonly parameter: string };

export interface LiveSecret {
  readonly id: string;
  readonly value: string;
}

/** What is known of the request once its bytes are proven. */
export interface GenuineRequest {
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly contentType: string;
  readonly receivedAtMs: number;
}

/** One business event inside a request. */
export interface SourceItem {
  /** The sender's id of the delivery, stable over its retries; null where it has none. */
  readonly deliveryId: string | null;
  /** The sender's own name of what happened, such as `invoice.paid`. */
  readonly type: string;
  readonly occurredAtMs: number | null;
  readonly order: OrderToken;
  readonly nature: Nature;
  readonly deleted: boolean;
  readonly entity: CanonicalEntity;
  /** The part of the body that is this item; its text decides whether two copies say the same. Absent: the whole body. */
  readonly content?: string;
}

export type DecodeFailure =
  /** Genuine, but its body cannot be understood: quarantined, for a person to look at. */
  | { readonly kind: "unintelligible"; readonly detail: string }
  /** Genuine and understood, but of a type that nobody here maps: kept as `ignored`. */
  | { readonly kind: "unmapped"; readonly type: string; readonly deliveryId: string | null; readonly detail: string }
  /** Not to be let in after all: the body names a tenant we do not know, or attacks the parser. */
  | { readonly kind: "rejected"; readonly reason: RejectionReason };

/** A sender's record types by name: the built-in ones, with the team's own merged over them. */
export type ObjectMaps = Readonly<Record<string, ObjectMap>>;

/**
 * Lays a team's objects over the built-in ones. For an object that both have, with one kind, the team's fields are added
 * or take precedence, and its key counts; a new name, or another kind, stands alone.
 */
export function mergeObjects(builtIn: ObjectMaps, team: ObjectMaps): ObjectMaps {
  const merged: Record<string, ObjectMap> = { ...builtIn };
  for (const [name, map] of Object.entries(team)) {
    const base = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
    merged[name] = base?.kind === map.kind ? { ...map, fields: { ...base.fields, ...map.fields } } : map;
  }
  return merged;
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** A dated example of what the sender really sends, and what must come of it. */
export interface Sample {
  readonly name: string;
  /** Where the shape comes from, and when it was read. */
  readonly provenance: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a deployment must configure to read it: the source's settings as written, and objects that are not built in. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly objects?: ObjectMaps;
  /** `{now}` is replaced by the time of sending, in the form the field needs: `{now:iso}`, `{now:s}`, `{now:ms}`; `{id}` by a fresh id. */
  readonly body: string;
  readonly expect: { readonly kind: string; readonly key: string; readonly type: string; readonly data: JsonValue };
}

/**
 * What we answer so that this sender does the right thing (reference: each vendor's retry rules, in the source's file).
 * `stored` may be the sender's own form; the rest are statuses. A duplicate is always answered as `stored`.
 */
export interface StatusPolicy {
  readonly stored: Reply | "accepted";
  readonly notVerified: number;
  readonly cannotStore: number;
  readonly notUnderstood: Reply | "accepted";
}

export interface SourceDefinition<Settings = unknown> {
  /** Its name in router.config.ts. */
  readonly scheme: string;
  readonly title: string;
  readonly settings: z.ZodType<Settings>;
  readonly verdict: Verdict;
  verification(settings: Settings): Verification;
  /** Splits a proven body into its business events. Pure; never throws for what a sender can send. */
  decode(
    request: GenuineRequest,
    context: { readonly settings: Settings; readonly objects: ObjectMaps },
  ): Result<readonly SourceItem[], DecodeFailure>;
  /** The body as it may be kept, where what is sent holds a credential: the same bytes, unless there is one in them. */
  forStorage?(body: Uint8Array): Uint8Array;
  /** The record types this sender has out of the box. */
  objects(settings: Settings): ObjectMaps;
  readonly statusPolicy: StatusPolicy;
  readonly samples: readonly Sample[];
}

/** Gives a source its types; the settings' type is forgotten again in the registry, where zod guards it. */
export const defineSource = <Settings>(definition: SourceDefinition<Settings>): SourceDefinition => definition;
