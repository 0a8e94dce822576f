import type { z } from "zod";
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

export type Outcome =
  | { readonly kind: "applied"; readonly duplicate: boolean; readonly remote?: RemoteRecord }
  | {
      readonly kind: "failed";
      readonly class: FailureClass;
      readonly detail: string;
      readonly retryAfterMs?: number;
      readonly fields?: readonly FieldError[];
    };

/** What a read-back by external key says of an effect whose answer was lost. */
export type LookupOutcome =
  | { readonly kind: "applied"; readonly remote?: RemoteRecord }
  | { readonly kind: "absent" }
  | Extract<Outcome, { kind: "failed" }>;

export interface Connection<Settings> {
  readonly baseUrl: string;
  readonly settings: Settings;
  /** Secret values by the names that the module asks for. */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface DestinationDefinition<Settings = unknown> {
  /** Its name in router.config.ts. */
  readonly module: string;
  readonly title: string;
  readonly settings: z.ZodType<Settings>;
  readonly secretNames: readonly string[];
  /** Kinds it takes; absent: every kind. */
  readonly kinds?: readonly EntityKind[];
  /** Whether a second post of one idempotency key, or an upsert of one external key, has no second effect. */
  readonly deduplicates: boolean;
  toRequest(delivery: Delivery, connection: Connection<Settings>): Promise<RequestSpec>;
  classify(response: ResponseSeen): Outcome;
  /** Reads the record back by external key, where the system can. */
  readonly lookup?: {
    toRequest(delivery: Delivery, connection: Connection<Settings>): Promise<RequestSpec>;
    classify(response: ResponseSeen, delivery: Delivery): LookupOutcome;
  };
  /** Reads a record by this system's own id, where hints are read back from it. Fails with words when it cannot be had now. */
  readonly read?: {
    toRequest(entity: Delivery["entity"], connection: Connection<Settings>): Promise<RequestSpec>;
    classify(response: ResponseSeen, entity: Delivery["entity"]): Result<CurrentRecord | "absent", string>;
  };
}

/** A record as this system holds it now, in canonical words, with the version that orders reads of it. */
export interface CurrentRecord {
  readonly data: JsonObject;
  readonly order: OrderToken;
}

export const defineDestination = <Settings>(definition: DestinationDefinition<Settings>): DestinationDefinition => definition;

/** What every request carries, so that a hop can be traced: put first, a module's own headers over it. Lower-case names. */
export const traceHeaders = (delivery: Delivery): Readonly<Record<string, string>> => ({
  "user-agent": "signalbox",
  "x-correlation-id": delivery.correlationId,
  traceparent: delivery.traceparent,
  ...(delivery.occurredAtMs === null ? {} : { "x-signalbox-occurred-at": new Date(delivery.occurredAtMs).toISOString() }),
});
