import type { Connection, Delivery, DestinationDefinition } from "../../../../src/destinations/define.ts";
import type { EntityKind } from "../../../../src/domain/entities/index.ts";

/** A record as a fake holds it. */
export interface FakeRecord {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * A system that a module is tried against, in memory: it answers as the system's documentation says, and refuses what the real one
 * refuses (an unknown field, a missing header, a wrong algorithm). What it can do wrong on demand are its `tricks`.
 */
export interface FakeSystem {
  answer(request: Request): Promise<Response>;
  /** Records that carry our key: two of them are a duplicate effect. */
  held(kind: EntityKind, key: string): readonly FakeRecord[];
  /** The system's clock; its stamps are taken from it. */
  readonly time: { nowMs: number };
  readonly tricks: Tricks;
}

export interface Tricks {
  /** No credential given so far is taken any more. */
  readonly expireCredentials?: () => void;
  /** How often a credential was asked for. */
  readonly credentialsIssued?: () => number;
  /** Another user makes a record with our key, stamped `stampMs` (default: now). */
  readonly add?: (kind: EntityKind, key: string, stampMs?: number) => void;
  /** Another user changes a record: its version and stamp move on. */
  readonly touch?: (kind: EntityKind, key: string) => void;
  /** Another user changes the record just before the next write reaches it. */
  readonly touchBeforeNextWrite?: (kind: EntityKind, key: string) => void;
  /** The next write is refused with a success status. */
  readonly failInsideSuccess?: () => void;
  /** The next write answers success and changes nothing. */
  readonly ignoreNextWrite?: () => void;
  /** Another process holds the record; the next write is refused for it. */
  readonly lockNext?: () => void;
  /** Two records carry one key. */
  readonly doubleKey?: (kind: EntityKind, key: string) => void;
  /** The change token that the last run ended with is not taken any more. */
  readonly expireChangeToken?: () => void;
  /** CSRF tokens given so far are not taken any more; the rest of the credential is. */
  readonly expireCsrf?: () => void;
}

export const FAULTS = [
  "told to wait",
  "answer lost after commit",
  "request lost",
  "server error page",
  "unknown status",
  "credential expires under parallel callers",
  "credential cannot be had",
  "key of the wrong form",
  "two creates of one key at once",
  "refused data",
  "row locked",
  "record changed before our write",
  "key held by two records",
  "failure inside a success",
  "silent no-op",
  "CSRF token expires",
  "row changed between pages",
  "row committed late",
  "change token refused",
] as const;
export type Fault = (typeof FAULTS)[number];

/** All that the shared suite needs to try one module. A fault that cannot be tried says why it cannot happen. */
export interface Trial {
  readonly definition: DestinationDefinition;
  readonly connection: Connection<unknown>;
  readonly start: () => FakeSystem;
  /** By a name for people; together they cover every kind that the module takes. */
  readonly deliveries: Readonly<Record<string, Delivery>>;
  /** A delivery that the system refuses for its data, and the fields that it names. */
  readonly refused?: { readonly delivery: Delivery; readonly fields: readonly string[] };
  /** Connections whose secrets have the wrong form, and what is said of them. */
  readonly wrongKeys?: readonly { readonly connection: Connection<unknown>; readonly says: RegExp }[];
  /** Why secrets travel in the body of every request, where a system's protocol wants that. */
  readonly secretsInBody?: string;
  readonly cannotHappen: Readonly<Partial<Record<Fault, string>>>;
}
