import {
  exchange,
  type Delivery,
  type DestinationDefinition,
  type LookupOutcome,
  type Outcome,
  type ResponseSeen,
} from "../../src/destinations/define.ts";
import type { RequestSpec } from "../../src/domain/http.ts";
import * as z from "zod";
import { Chance } from "./chance.ts";

/** One change in a destination: what it is known by there, and by which event it came. */
export interface Effect {
  readonly destination: string;
  readonly entity: string;
  readonly key: string;
  readonly eventId: string;
  /** What it says of the entity. */
  readonly content: string;
  readonly atMs: number;
}

/** Which requests a destination knows for copies: of every key it has ever seen, of the record's last one alone, or none. */
type Memory = "everyKey" | "lastKey" | "none";

export interface RemoteTraits {
  readonly name: string;
  readonly knows: Memory;
  /** Whether it can be asked beforehand. */
  readonly lookup: boolean;
  /** Share of contents that it refuses until someone mends it. */
  readonly refuses: number;
}

export const REMOTES = [
  { name: "erp", knows: "everyKey", lookup: true, refuses: 0.01 },
  { name: "crm", knows: "none", lookup: true, refuses: 0.02 },
  { name: "hook", knows: "everyKey", lookup: false, refuses: 0 },
  { name: "mail", knows: "none", lookup: false, refuses: 0 },
  // Records are put by their key, whatever stood there.
  { name: "desk", knows: "lastKey", lookup: true, refuses: 0.01 },
] as const satisfies readonly RemoteTraits[];

const deduplicates = ({ knows }: RemoteTraits): boolean => knows !== "none";
export const lateTraitsOf = (traits: RemoteTraits): { readonly deduplicates: boolean; readonly knowsLateCopies: boolean } => ({
  deduplicates: deduplicates(traits),
  knowsLateCopies: traits.knows === "everyKey",
});

export type RemoteName = (typeof REMOTES)[number]["name"];

const NO_HEADERS = new Headers();
/** An answer as it comes back over the network. */
export const seen = (status: number, body = ""): ResponseSeen => ({ status, headers: NO_HEADERS, body, nowMs: 0 });

/** A system that effects are made in, for all entities; it keeps every effect in the order in which they came about. */
export class RemoteSystem {
  readonly traits: RemoteTraits;
  readonly #effects = new Map<string, Effect[]>();
  readonly #keys = new Set<string>();
  readonly #seed: string;
  /** From then on it refuses nothing. */
  mendedAtMs = Number.POSITIVE_INFINITY;
  effects = 0;
  /** Told of every effect. */
  onEffect: (effect: Effect) => void = () => undefined;

  constructor(traits: RemoteTraits, seed: string) {
    this.traits = traits;
    this.#seed = seed;
  }

  /** Whether the same request twice, one after the other, has one effect. */
  get deduplicates(): boolean {
    return deduplicates(this.traits);
  }

  effectsOn(entity: string): readonly Effect[] {
    return this.#effects.get(entity) ?? [];
  }

  receive(request: RequestSpec, nowMs: number): ResponseSeen {
    const key = request.headers["idempotency-key"] ?? "";
    const entity = request.headers["x-entity"] ?? "";
    if (request.method === "GET") return this.#has(entity, key) ? seen(200) : seen(404);
    if (this.deduplicates && this.#has(entity, key)) return seen(208);
    if (nowMs < this.mendedAtMs && this.#refuses(`${entity}/${String(request.headers["x-content"])}`)) return seen(422);
    this.#keys.add(key);
    const effects = this.#effects.get(entity) ?? [];
    if (effects.length === 0) this.#effects.set(entity, effects);
    const content = String(request.headers["x-content"]);
    const effect = { destination: this.traits.name, entity, key, eventId: request.headers["x-event"] ?? "", content, atMs: nowMs };
    effects.push(effect);
    this.effects++;
    this.onEffect(effect);
    return seen(201);
  }

  #has(entity: string, key: string): boolean {
    return this.traits.knows === "lastKey" ? this.#effects.get(entity)?.at(-1)?.key === key : this.#keys.has(key);
  }

  #refuses(content: string): boolean {
    return this.traits.refuses > 0 && new Chance(this.#seed, this.traits.name, content).happens(this.traits.refuses);
  }
}

const OUTCOMES: Readonly<Record<number, Outcome>> = {
  200: { kind: "applied", duplicate: false },
  201: { kind: "applied", duplicate: false },
  208: { kind: "applied", duplicate: true },
  401: { kind: "failed", class: "auth", detail: "the credentials are refused" },
  409: { kind: "failed", class: "conflict", detail: "the record is locked" },
  422: { kind: "failed", class: "business", detail: "the data is refused" },
  503: { kind: "failed", class: "transient", detail: "it is down" },
};

function classify(response: ResponseSeen): Outcome {
  if (response.status === 429)
    return { kind: "failed", class: "throttled", detail: "too many requests", retryAfterMs: 1_000 * Number(response.body) };
  return OUTCOMES[response.status] ?? { kind: "failed", class: "transient", detail: `status ${response.status}` };
}

export const addressOf = (name: string): string => `https://${name}.example.com`;

const requestOf = (name: string, method: "GET" | "POST", delivery: Delivery): RequestSpec => ({
  method,
  url: addressOf(name),
  headers: {
    "idempotency-key": delivery.idempotencyKey,
    "x-event": delivery.eventId,
    "x-entity": delivery.entity.key,
    "x-content": String(delivery.data["number"]),
  },
});

/** The destination module that speaks to a remote system. */
export function definitionOf(traits: RemoteTraits): DestinationDefinition {
  const { name, lookup } = traits;
  const found = (response: ResponseSeen): LookupOutcome => {
    if (response.status === 404) return { kind: "absent" };
    const outcome = classify(response);
    return outcome.kind === "failed" ? outcome : { kind: "applied" };
  };
  return {
    module: name,
    title: name,
    facts: { auth: "", upsert: "", order: "", changedSince: "", limits: "", proven: "strict fake" },
    settings: z.unknown(),
    secretNames: () => [],
    deduplicates: deduplicates(traits),
    write: (delivery, session) => exchange(session, requestOf(name, "POST", delivery), classify),
    ...(lookup ? { confirm: (delivery, session) => exchange(session, requestOf(name, "GET", delivery), found) } : {}),
  };
}
