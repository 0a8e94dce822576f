import type { SourceConfig } from "../../domain/config.ts";
import type { EntityEvent, Priority, Verdict } from "../../domain/event.ts";
import type { RejectionReason } from "../../domain/failure.ts";
import type { Result } from "../../domain/result.ts";
import type { ObjectMaps, SourceDefinition } from "../../sources/define.ts";
import type { ClientCertificate, LiveSecret, Proof, Verification } from "../../verification/define.ts";

/** A source as this deployment runs it: its configuration, resolved once. */
export interface LiveSource {
  readonly name: string;
  readonly definition: SourceDefinition;
  readonly config: SourceConfig;
  readonly settings: unknown;
  /** What its requests must show: the scheme's own check, and what the configuration asks beside it. */
  readonly verification: Verification;
  readonly objects: ObjectMaps;
  /** Secrets that are accepted now. */
  readonly secrets: (nowMs: number) => readonly LiveSecret[];
  readonly configVersion: string;
}

export interface Arrival {
  readonly source: LiveSource;
  /** Which of the sender's accounts it came to; null for the source as a whole. */
  readonly account: string | null;
  readonly secrets: readonly LiveSecret[];
  readonly method: string;
  /** The plain bytes. */
  readonly body: Uint8Array;
  /** The bytes as they came, where those are compressed. */
  readonly compressed?: Uint8Array;
  readonly headers: Headers;
  /** As the sender saw it. */
  readonly url: URL;
  readonly clientCertificate: ClientCertificate | null;
  readonly receivedAtMs: number;
}

/** How a request was proven, or, for one that an operator puts in again, had been when it first came. */
export interface Proven extends Pick<Proof, "secretId" | "deliveryId" | "payload"> {
  readonly verdict: Verdict;
  readonly replayOf: string | null;
  /** Of a planned replay: what its events carry. */
  readonly replay?: NonNullable<EntityEvent["replay"]>;
  /** Take only this part of a request that held several. */
  readonly onlyPart?: number;
  /** Keep it for a person to look at, with these words, instead of reading it. */
  readonly quarantine?: string;
}

/** A message, and the record that it is about. */
export interface Outgoing {
  readonly text: string;
  readonly record: string;
}

export interface IngestPorts {
  readonly verify: (arrival: Arrival) => Promise<Result<Proof, RejectionReason>>;
  readonly random: (bytes: number) => Uint8Array;
  readonly sha256: (data: Uint8Array) => Promise<string>;
  /** Stores bytes beside the queue; rejects if it cannot. */
  readonly putBody: (key: string, body: Uint8Array | string) => Promise<void>;
  /** The one durable write. Rejects if the queue refuses or takes too long. */
  readonly enqueue: (priority: Priority, messages: readonly Outgoing[]) => Promise<void>;
  /** The second way to be durable: straight to the entity's object. Rejects if it cannot. */
  readonly spill: (entity: string, events: readonly EntityEvent[]) => Promise<void>;
}

export type Ingested =
  | {
      readonly kind: "stored";
      readonly status: "accepted" | "quarantined";
      readonly ids: readonly string[];
      readonly correlationId: string;
      readonly traceparent: string;
    }
  | { readonly kind: "rejected"; readonly reason: RejectionReason }
  | { readonly kind: "notStored"; readonly detail: string };
