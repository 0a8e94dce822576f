import type * as z from "zod";
import type { EntityKind } from "../domain/entities/index.ts";
import type { Nature } from "../domain/event.ts";
import type { FailureClass } from "../domain/failure.ts";
import type { RequestSpec, ResponseSeen as AnyResponseSeen } from "../domain/http.ts";
import type { JsonObject } from "../domain/json.ts";
import type { OrderToken } from "../domain/order.ts";
import type { Result } from "../domain/result.ts";

export type { RequestSpec } from "../domain/http.ts";

/** One effect to bring about: this entity, in this destination, under this idempotency key. */
export interface Delivery {
  readonly eventId: string;
  /** Stable over every retry of the same effect. */
  readonly idempotencyKey: string;
  readonly type: string;
  readonly source: string;
  readonly entity: { readonly kind: EntityKind; readonly key: string; readonly schemaVersion: number };
  readonly nature: Nature;
  readonly deleted: boolean;
  readonly data: JsonObject;
  /** Canonical fields that a delta sets to nothing; not in `data`. */
  readonly cleared: readonly string[];
  readonly occurredAtMs: number | null;
  readonly receivedAtMs: number;
  readonly correlationId: string;
  readonly traceparent: string;
  readonly attempt: number;
  readonly nowMs: number;
}

export interface ResponseSeen extends AnyResponseSeen {
  readonly headers: Headers;
}

/** The record in the destination that an effect made or found. */
export interface RemoteRecord {
  readonly id: string;
  /** The number people know it by. */
  readonly number?: string;
  readonly version?: string;
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface Failed {
  readonly kind: "failed";
  readonly class: FailureClass;
  readonly detail: string;
  readonly retryAfterMs?: number;
  readonly fields?: readonly FieldError[];
}

export type Outcome = { readonly kind: "applied"; readonly duplicate: boolean; readonly remote?: RemoteRecord } | Failed;

/** What a read-back by external key says of an effect whose answer was lost. */
export type LookupOutcome = { readonly kind: "applied"; readonly remote?: RemoteRecord } | { readonly kind: "absent" } | Failed;

/** How a deployment reaches one system: its address, settings and secrets. */
export interface Connection<Settings> {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly settings: Settings;
  /** Secret values by the names that the module asks for. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * One conversation with a system. `send` puts the connection's credential on a request and sends it; a refused
 * credential is renewed once. It fails when there is no answer or no credential, with a failure that can be returned
 * as it is: `ambiguous` if an effect may exist, else `transient`, or the class of what the credential's issuer said.
 */
export interface Session<Settings> extends Connection<Settings> {
  readonly nowMs: () => number;
  readonly send: (request: RequestSpec) => Promise<Result<ResponseSeen, Failed>>;
}

/** What an issuer gave, by names of the module's own choice: a token, or a CSRF token with its cookies. */
export interface Credential {
  readonly values: Readonly<Record<string, string>>;
  /** Null where the issuer does not say; then it lasts until it is refused. */
  readonly expiresAtMs: number | null;
}

/** How requests prove who we are. */
export interface Authentication<Settings> {
  /** Asks for a credential, over a session that proves nothing by itself; absent where the secrets are all that is needed. */
  obtain?(session: Session<Settings>): Promise<Result<Credential, Failed>>;
  /** Of a module that obtains one by some settings only: whether these are such. Default: wherever `obtain` is. */
  obtains?(settings: Settings): boolean;
  /** Puts the proof on a request, anew for every attempt. */
  apply(request: RequestSpec, credential: Credential | null, session: Session<Settings>): RequestSpec | Promise<RequestSpec>;
  /** Whether an answer refuses the credential itself; default: status 401. */
  refuses?(response: ResponseSeen): boolean;
}

/** A record of a system, by our key (the external id it holds) or by its own id. */
export interface RecordRef {
  readonly kind: EntityKind;
  readonly by: "key" | "id";
  readonly value: string;
}

/** A record as a system holds it now, in canonical words. */
export interface RemoteState {
  readonly remote: RemoteRecord;
  /** Our key, as far as the system holds it; null for a record that nobody has linked. */
  readonly key: string | null;
  readonly data: JsonObject;
  /** What orders reads of it. */
  readonly order: OrderToken;
  readonly modifiedAtMs: number | null;
  readonly deleted: boolean;
}

export interface ChangeQuery {
  readonly kind: EntityKind;
  /** Records changed at or after this; null: all that there are. */
  readonly fromMs: number | null;
  /** And before this. */
  readonly untilMs: number;
  /** As the page before gave it; null for the first. */
  readonly cursor: string | null;
  /** Of systems that keep their place by a token: the one of the last run. */
  readonly token: string | null;
  readonly limit: number;
}

export interface ChangePage {
  readonly records: readonly RemoteState[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
  /** On the last page, where the system keeps its place by a token. */
  readonly token?: string;
  /** The system's clock, where it tells (`Date`). */
  readonly serverNowMs: number | null;
}

/** How a system tells what has changed. */
export interface ChangeReader<Settings> {
  readonly kinds: readonly EntityKind[];
  /** How coarse its stamps are. */
  readonly resolutionMs: number;
  /** How far behind the last watermark a run begins, since a stamp may become visible after later ones. */
  readonly overlapMs: number;
  /** How far behind the system's clock a run ends. */
  readonly lagMs: number;
  /** Whether deleted records are told of. */
  readonly tellsDeletions: boolean;
  /** One page, in an order that changes meanwhile do not shift. `restart`: the token or cursor is not taken any more; begin with all. */
  page(query: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>>;
}

/** Facts for people: what docs/destinations.md says of a module. */
export interface DestinationFacts {
  readonly auth: string;
  readonly upsert: string;
  readonly order: string;
  readonly changedSince: string;
  readonly limits: string;
  /** What its behaviour was proven by. */
  readonly proven: "real system" | "published description" | "strict fake";
}

export interface DestinationDefinition<Settings = unknown> {
  /** Its name in router.config.ts. */
  readonly module: string;
  readonly title: string;
  readonly facts: DestinationFacts;
  readonly settings: z.ZodType<Settings>;
  secretNames(settings: Settings): readonly string[];
  /** Kinds it takes; absent: every kind. */
  readonly kinds?: readonly EntityKind[];
  /** Whether a second write under one idempotency key, or of one external key, has no second effect, even while the first is under way. */
  readonly deduplicates: boolean;
  /**
   * Whether a request has no effect either that comes in after newer ones: a key or a version that it carries gives it away.
   * Where records are only put by their key, it would put an older state over a newer one.
   */
  readonly knowsLateCopies?: true;
  readonly authentication?: Authentication<Settings>;
  /** Origins other than the base URL's that it must reach, such as a token issuer's. Every other one is refused. */
  origins?(settings: Settings): readonly string[];
  /** Brings the effect about. Doing it again after any failure converges on the same effect. */
  write(delivery: Delivery, session: Session<Settings>): Promise<Outcome>;
  /** Whether an effect whose answer was lost is there; absent: `read` by key, compared with `written`. */
  confirm?(delivery: Delivery, session: Session<Settings>): Promise<LookupOutcome>;
  /** The canonical fields that `write` leaves in the system, as a later `read` would tell them. Needed where `read` serves as read-back. */
  written?(delivery: Delivery, settings: Settings): JsonObject;
  read?(ref: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>>;
  readonly changes?: ChangeReader<Settings>;
}

/**
 * `confirm` of a module whose `write` reads before each call and goes on where it was broken off: it is its own read-back.
 * What `written` tells is not enough there, since a record may look done before its last step.
 */
export const confirmsByWriting = (): Promise<LookupOutcome> => Promise.resolve({ kind: "absent" });

export const defineDestination = <Settings>(definition: DestinationDefinition<Settings>): DestinationDefinition => definition;

/** Sends one request and reads its answer: all that a simple system needs. */
export async function exchange<Settings, Answer>(
  session: Session<Settings>,
  request: RequestSpec,
  read: (response: ResponseSeen) => Answer,
): Promise<Answer | Failed> {
  const answer = await session.send(request);
  return answer.ok ? read(answer.value) : answer.failure;
}

/** What every request carries, so that a hop can be traced: put first, a module's own headers over it. Lower-case names. */
export const traceHeaders = (delivery: Delivery): Readonly<Record<string, string>> => ({
  "user-agent": "signalbox",
  "x-correlation-id": delivery.correlationId,
  traceparent: delivery.traceparent,
  ...(delivery.occurredAtMs === null ? {} : { "x-signalbox-occurred-at": new Date(delivery.occurredAtMs).toISOString() }),
});
