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
}

/** How a destination tells the second of two requests: by their key, when asked beforehand, or not at all. */
export interface RemoteTraits {
  readonly name: string;
  readonly deduplicates: boolean;
  readonly lookup: boolean;
  /** Share of contents that it refuses until someone mends it. */
  readonly refuses: number;
}

export const REMOTES = [
  { name: "erp", deduplicates: true, lookup: true, refuses: 0.01 },
  { name: "crm", deduplicates: false, lookup: true, refuses: 0.02 },
  { name: "hook", deduplicates: true, lookup: false, refuses: 0 },
  { name: "mail", deduplicates: false, lookup: false, refuses: 0 },
] as const satisfies readonly RemoteTraits[];

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

  effectsOn(entity: string): readonly Effect[] {
    return this.#effects.get(entity) ?? [];
  }

  receive(request: RequestSpec, nowMs: number): ResponseSeen {
    const key = request.headers["idempotency-key"] ?? "";
    const entity = request.headers["x-entity"] ?? "";
    if (request.method === "GET") return this.#keys.has(key) ? seen(200) : seen(404);
    if (this.traits.deduplicates && this.#keys.has(key)) return seen(208);
    if (nowMs < this.mendedAtMs && this.#refuses(`${entity}/${String(request.headers["x-content"])}`)) return seen(422);
    this.#keys.add(key);
    const effects = this.#effects.get(entity) ?? [];
    if (effects.length === 0) this.#effects.set(entity, effects);
    const content = String(request.headers["x-content"]);
    const effect = { destination: this.traits.name, entity, key, eventId: request.headers["x-event"] ?? "", content };
    effects.push(effect);
    this.effects++;
    this.onEffect(effect);
    return seen(201);
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
export function definitionOf({ name, deduplicates, lookup }: RemoteTraits): DestinationDefinition {
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
    deduplicates,
    write: (delivery, session) => exchange(session, requestOf(name, "POST", delivery), classify),
    ...(lookup ? { confirm: (delivery, session) => exchange(session, requestOf(name, "GET", delivery), found) } : {}),
  };
}
