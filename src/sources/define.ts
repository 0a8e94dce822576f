import type * as z from "zod";
import type { Nature } from "../domain/event.ts";
import type { RejectionReason } from "../domain/failure.ts";
import type { RequestSpec, ResponseSeen } from "../domain/http.ts";
import type { JsonValue } from "../domain/json.ts";
import type { CanonicalEntity, ObjectMap } from "../domain/mapping.ts";
import type { OrderToken } from "../domain/order.ts";
import type { Result } from "../domain/result.ts";
import type { Verification } from "../verification/define.ts";

/** What is known of the request once its bytes are proven. */
export interface GenuineRequest {
  /** The plain bytes, of which a compression or a signature around them is taken off. */
  readonly body: Uint8Array;
  readonly headers: Headers;
  readonly url: URL;
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
  /** Canonical fields that a delta sets to nothing. */
  readonly cleared?: readonly string[];
  /** The order token counts the entity's changes one by one: a missing number is a missing change. */
  readonly consecutive?: boolean;
  /** The part of the entity that this speaks of, such as one property: order is kept within it, not across parts. */
  readonly scope?: string;
  /** The part of the body that is this item; its text decides whether two copies say the same. Absent: the whole body. */
  readonly content?: string;
}

/** A part of a batch that is no business event: it alone is set aside, the others go on. */
export interface OddPart {
  /** `unmapped` is kept as `ignored`; `unintelligible` is quarantined. */
  readonly odd: "unmapped" | "unintelligible";
  readonly type: string;
  readonly deliveryId: string | null;
  readonly detail: string;
  readonly content?: string;
}

export type Part = SourceItem | OddPart;

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
  /** Added to the source's URL, such as `?foo=1`. */
  readonly query?: string;
  /** What a deployment must configure to read it: the source's settings as written, and objects that are not built in. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly objects?: ObjectMaps;
  /** `{now}` is replaced by the time of sending, in the form the field needs: `{now:iso}`, `{now:s}`, `{now:ms}`; `{id}` by a fresh id. */
  readonly body: string;
  /** Of the first part, which must be a business event. */
  readonly expect: { readonly kind: string; readonly key: string; readonly type: string; readonly data: JsonValue };
}

/**
 * What we answer so that this sender does the right thing. `stored` may be the sender's own form; the rest are statuses.
 * A delivery seen before is always answered as `stored`: only its sequencer knows, and a sender must not repeat it.
 */
export interface StatusPolicy {
  readonly stored: Reply | "accepted";
  /** Genuine, but nobody here can read it: mostly a success, since the sender cannot mend it and we have kept it. */
  readonly notUnderstood: Reply | "accepted";
  readonly notVerified: number;
  readonly cannotStore: number;
  readonly rateLimited: number;
  readonly tooLarge: number;
  readonly wrongEncoding: number;
  /** Headers beside a refusal for lack of proof. */
  readonly notVerifiedHeaders?: Readonly<Record<string, string>>;
}

/** Statuses as a sender's documentation groups them. */
export type StatusSet = readonly (number | "4xx" | "5xx" | "3xx")[];

/** What this sender does with an answer: the policy is held against it in the tests. */
export interface SenderBehaviour {
  /** Answers after which it tries again; empty if it never does by itself. */
  readonly retries: StatusSet;
  /** Answers that end or suspend its subscription, or drop what it sent for good when another would not. */
  readonly harmful: StatusSet;
  /** Statuses of a harmful group that do no harm. */
  readonly harmlessExceptions?: readonly number[];
  /** The only statuses that count as success; absent: every 2xx. */
  readonly succeeds?: readonly number[];
  /** How long it waits for an answer; null if nobody says. */
  readonly timeoutMs: number | null;
  /** Where this is said, and when it was read. */
  readonly source: string;
}

/** How a sender behaves of which nobody knows more than that it posts. */
export const UNKNOWN_SENDER: SenderBehaviour = {
  retries: ["5xx", 429],
  harmful: [],
  timeoutMs: null,
  source: "depends on the sender: most senders that retry at all retry these",
};

/** What a sender asks before, or between, its events. Each is answered without being an event, and recorded. */
export type Handshake =
  /** CloudEvents webhook 1.0: OPTIONS with `WebHook-Request-Origin`. `authorized`: only with the proof that posts carry. */
  | {
      readonly kind: "cloudEventsOptions";
      readonly origins: readonly string[];
      readonly ratePerMinute: number;
      readonly authorized: boolean;
    }
  /** Business Central, Microsoft Graph: the token in the query comes back as plain text. */
  | { readonly kind: "validationToken"; readonly parameter: string }
  /** Slack: a proven body of this type has its challenge echoed. Paths are dotted. */
  | { readonly kind: "challengeInBody"; readonly typeAt: string; readonly type: string; readonly challengeAt: string }
  /** Zoom: a proven body of this type has its plain token returned with its HMAC. */
  | { readonly kind: "signedChallenge"; readonly typeAt: string; readonly type: string; readonly tokenAt: string }
  /** Meta: GET with `hub.mode=subscribe` and a token that is one of the secrets. */
  | { readonly kind: "hubChallenge" }
  /** Okta: GET with a header whose value comes back as a member of a JSON object. */
  | { readonly kind: "headerChallenge"; readonly header: string; readonly member: string }
  /** Asana: the first POST of an account brings the secret in this header; taken only while an operator's window is open. */
  | { readonly kind: "hookSecret"; readonly header: string }
  /** Intercom, Trello: a HEAD to see that somebody is there. */
  | { readonly kind: "probe" }
  /** GitHub, Intercom: a proven greeting, by header or by a dotted path in the body. */
  | { readonly kind: "ping"; readonly in: "header" | "body"; readonly at: string; readonly value: string };

/** A subscription at the sender that brings its events to us, and ends at a set time. */
export interface Subscription {
  readonly id: string;
  readonly resource: string;
  readonly expiresAtMs: number;
  /** What the sender must see again before it changes the subscription. */
  readonly etag: string;
}

/** What a renewal may show: secret values by role, and the token that they were given for. */
export interface RenewalAccess {
  readonly token: string;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * How subscriptions at the sender are kept alive: what to ask, and how to read the answers. Pure; a stage does the asking.
 * A failure is words for a person: what is wrong and who must act, without a secret in them.
 */
export interface Renewal {
  /** Environment variables of the secrets that it takes, by role. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A subscription that ends within this time is due. */
  readonly windowMs: number;
  tokenRequest(secrets: RenewalAccess["secrets"]): RequestSpec;
  readToken(response: ResponseSeen): Result<string, string>;
  listRequest(token: string): RequestSpec;
  /** The sender's subscriptions whose notifications come to this source, and no others. */
  readList(response: ResponseSeen): Result<readonly Subscription[], string>;
  renewRequest(subscription: Subscription, access: RenewalAccess): RequestSpec;
  /** When the renewed subscription ends; null if the answer does not say. */
  readRenewed(response: ResponseSeen): Result<number | null, string>;
}

export interface SourceDefinition<Settings = unknown> {
  /** Its name in router.config.ts. */
  readonly scheme: string;
  readonly title: string;
  readonly settings: z.ZodType<Settings>;
  verification(settings: Settings): Verification;
  /** Splits a proven body into its business events. Pure; never throws for what a sender can send. */
  decode(
    request: GenuineRequest,
    context: { readonly settings: Settings; readonly objects: ObjectMaps },
  ): Result<readonly Part[], DecodeFailure>;
  handshakes?(settings: Settings): readonly Handshake[];
  /** The body as it may be kept, where what is sent holds a credential: the same bytes, unless there is one in them. */
  forStorage?(body: Uint8Array): Uint8Array;
  /** Where the sender's subscriptions end by themselves and the settings say how to renew them. */
  renewal?(settings: Settings): Renewal | null;
  /** The record types this sender has out of the box. */
  objects(settings: Settings): ObjectMaps;
  readonly statusPolicy: StatusPolicy;
  readonly behaviour: SenderBehaviour;
  /** What to do at the sender, step by step; `{url}` and `{secret}` stand for the source's own. */
  readonly setup: readonly string[];
  readonly samples: readonly Sample[];
}

/** Gives a source its types; the settings' type is forgotten again in the registry, where zod guards it. */
export const defineSource = <Settings>(definition: SourceDefinition<Settings>): SourceDefinition => definition;
