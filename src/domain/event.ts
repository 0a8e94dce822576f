import * as z from "zod";
import { ENTITY_KINDS } from "./entities/index.ts";
import type { JsonObject } from "./json.ts";
import { OrderToken } from "./order.ts";

/** Buffering and delivery classes, most urgent first. */
export const PRIORITIES = ["critical", "standard", "bulk"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What an event says of its entity: its whole state, a part that changed, or only that something changed. */
export const NATURES = ["snapshot", "delta", "hint"] as const;
export type Nature = (typeof NATURES)[number];

/**
 * How far a request was proven: `verified` covers the body, `authenticated` only who sent it, `unattempted` that its
 * source asks for no proof; `failed` is only ever kept in quarantine.
 */
export const VERDICTS = ["verified", "authenticated", "failed", "unattempted"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Bytes that travel with the event, or the R2 key they wait at when they do not fit a queue message. */
const Stored = z.discriminatedUnion("at", [
  z.object({ at: z.literal("text"), text: z.string() }),
  z.object({ at: z.literal("base64"), base64: z.string() }),
  z.object({ at: z.literal("r2"), key: z.string(), bytes: z.number().int() }),
]);
export type StoredBody = z.infer<typeof Stored>;

const dataObject = z.custom<JsonObject>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

const Subject = z.object({
  kind: z.enum(ENTITY_KINDS),
  key: z.string().min(1),
  /** Version of the kind's schema that `data` was checked against. */
  schemaVersion: z.number().int(),
});

/** The canonical entity, or its R2 key when it is larger than a message holds, with `outline`: its short fields, for routing. */
const Payload = z.discriminatedUnion("at", [
  z.object({ at: z.literal("inline"), data: dataObject }),
  z.object({ at: z.literal("r2"), key: z.string(), outline: dataObject }),
]);
export type Payload = z.infer<typeof Payload>;

/**
 * What a queue carries and a sequencer stores: CloudEvents 1.0 attributes and extensions in the first block (names in
 * lower case, as that specification demands), ours in the second. `v` is the version of this shape.
 */
const common = {
  v: z.literal(1),
  specversion: z.literal("1.0"),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string().optional(),
  subject: z.string().optional(),
  correlationid: z.string(),
  traceparent: z.string(),
  partitionkey: z.string().optional(),

  sourceName: z.string(),
  receivedAtMs: z.number().int(),
  priority: z.enum(PRIORITIES),
  verdict: z.enum(VERDICTS),
  /** Which of the live secrets proved it. */
  secretId: z.string(),
  configVersion: z.string(),
  /** The sender's id of this delivery, equal on its retries; `synthetic` if we had to derive one. */
  deliveryId: z.string(),
  synthetic: z.boolean(),
  contentHash: z.string(),
  contentType: z.string(),
  raw: Stored,
  /** Which of the sender's accounts it came from, where a source has several. */
  account: z.string().optional(),
  /** Its place in a request that held several. */
  part: z.number().int().optional(),
};

export const EntityEvent = z.object({
  ...common,
  what: z.literal("entity"),
  entity: Subject,
  nature: z.enum(NATURES),
  deleted: z.boolean(),
  order: OrderToken,
  /** Set where the sender counts the entity's changes one by one, so that a missing one is seen. */
  consecutive: z.boolean().optional(),
  /** Lifecycle rank of the state carried; breaks ties between equal time tokens. */
  rank: z.number().int(),
  payload: Payload,
  /** Canonical fields that a delta sets to nothing. */
  cleared: z.array(z.string()).optional(),
  /** The part of the entity that it speaks of: order is kept within it. */
  scope: z.string().optional(),
  /** The key it came under, where that is another name of its entity. */
  alias: z.string().optional(),
  /** Of a hint: the destination from which its state was read. */
  readFrom: z.string().optional(),
  /** The finding that it repairs, of an event that a reconciliation put in. */
  repairOf: z.string().optional(),
  /** Set on what a flow writes: its run and step, and where alone it goes. */
  flow: z.object({ name: z.string(), run: z.string(), step: z.string(), to: z.array(z.string()) }).optional(),
  /** Set on an event that an operator or a repair put in again. */
  replayOf: z.string().optional(),
  /** Set where that is part of a planned replay: which one, whether it goes over a newer state, and where alone it goes. */
  replay: z.object({ id: z.string(), force: z.boolean(), destinations: z.array(z.string()).optional() }).optional(),
});
export type EntityEvent = z.infer<typeof EntityEvent>;

/** A genuine request whose body could not be understood: kept, listed, replayable. */
const QuarantinedEvent = z.object({ ...common, what: z.literal("quarantine"), reason: z.string() });

/** A genuine request that by configuration concerns nobody: kept and listed as `ignored`. */
const IgnoredEvent = z.object({ ...common, what: z.literal("ignored"), reason: z.string() });

export const Envelope = z.discriminatedUnion("what", [EntityEvent, QuarantinedEvent, IgnoredEvent]);
export type Envelope = z.infer<typeof Envelope>;

/** The name of the one sequencer that orders an entity's events. */
export const entityName = (entity: { readonly kind: string; readonly key: string }): string => `${entity.kind}/${entity.key}`;

/** Where an event comes from, as far as ids and order of the sender reach: its source, and the account of it. */
export const originOf = (event: Pick<EntityEvent, "sourceName" | "account">): string =>
  event.account === undefined ? event.sourceName : `${event.sourceName}/${event.account}`;

/** The stream in which order tokens compare: of one origin, and of one part of the entity where the sender tells of parts. */
export const streamOf = (event: Pick<EntityEvent, "sourceName" | "account" | "scope">): string =>
  event.scope === undefined ? originOf(event) : `${originOf(event)}#${event.scope}`;

/** Whether an event leaves nothing of its stream's earlier ones to say. A change whose part is not known apart does. */
export const tellsAll = (event: Pick<EntityEvent, "nature" | "scope">): boolean => event.nature !== "delta" || event.scope !== undefined;

/** The key under which an entity's ledger remembers a delivery: the same on every copy of it, whatever event id it got. */
export const dedupeKey = (event: EntityEvent): string =>
  `${originOf(event)}\n${event.deliveryId}${event.replayOf === undefined ? "" : `\n${event.id}`}`;
