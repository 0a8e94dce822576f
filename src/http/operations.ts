import { z } from "zod";
import { ENTITY_KINDS } from "../domain/entities/index.ts";
import { VERDICTS } from "../domain/event.ts";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import { STATUSES } from "../domain/outcome.ts";
import type { Role } from "./auth.ts";
import { DeadLetterView, EventView, LaneView, RejectionView } from "./views.ts";

const Limit = z.coerce.number().int().min(1).max(LIMITS.pageItems).default(50);
const Cursor = z.string().max(512).optional();
const Time = z.iso.datetime({ offset: true }).optional();
const Nothing = z.object({});
const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });

const TimelineLine = z.object({
  seq: z.number(),
  at: z.string(),
  eventId: z.string(),
  prev: z.string(),
  hash: z.string(),
  body: z.unknown(),
});

const EntityView = z.object({
  entity: z.object({ kind: z.string(), key: z.string() }),
  head: z.object({ seq: z.number(), hash: z.string() }),
  sources: z.record(z.string(), z.object({ eventId: z.string(), order: z.unknown() })).describe("The newest state from each source"),
  lanes: z.array(LaneView.extend({ eventId: z.string(), position: z.number() })).describe("What is still owed, by destination"),
  links: z.array(z.object({ term: z.string(), system: z.string() })),
  timeline: z.array(TimelineLine),
  nextCursor: z.string().nullable(),
});

const VerifyView = z.object({
  intact: z.boolean(),
  entries: z.number(),
  head: z.string().optional(),
  brokenAtSeq: z.number().optional(),
  reason: z.string().optional(),
});

const DestinationView = z.object({
  name: z.string(),
  title: z.string(),
  module: z.string(),
  owner: z.string(),
  state: z
    .enum(["open", "halfOpen", "closed", "paused", "quiet", "misconfigured"])
    .describe("Of the breaker, unless paused, quiet or misconfigured"),
  problem: z.string().nullable(),
  pausedBy: z.string().nullable(),
  until: z.string().nullable(),
  running: z.number(),
});

const SourceView = z.object({
  name: z.string(),
  title: z.string(),
  url: z.string(),
  scheme: z.string(),
  owner: z.string(),
  ready: z.boolean(),
  problem: z.string().nullable(),
  verdict: z.enum(VERDICTS).describe("The strongest that its scheme can reach"),
  check: z.string().describe("How its requests are proven"),
  handshakes: z.array(z.string()),
  secrets: z
    .array(
      z.object({
        name: z.string(),
        present: z.boolean(),
        since: z.string().nullable().describe("As router.config.ts says; the platform keeps no date"),
        ageDays: z.number().nullable(),
        until: z.string().nullable(),
      }),
    )
    .describe("Names, never values"),
  accounts: z.boolean(),
  lastAcceptedAt: z.string().nullable().describe("Among the newest events that the index holds"),
  lastRejectedAt: z.string().nullable(),
  lastHandshakeAt: z.string().nullable(),
  rejectionsLastHour: z.number(),
  subscriptions: z
    .array(
      z.object({
        id: z.string(),
        resource: z.string(),
        expiresAt: z.string(),
        renewedAt: z.string().nullable(),
        problem: z.string().nullable(),
      }),
    )
    .describe("At the sender, where they end unless they are renewed"),
});

const AccountView = z.object({
  source: z.string(),
  account: z.string(),
  url: z.string(),
  state: z.enum(["active", "disabled"]),
  secrets: z.array(z.object({ name: z.string(), since: z.string(), until: z.string().nullable() })).describe("Names, never values"),
  registrationUntil: z.string().nullable().describe("Until when the sender may bring its own secret"),
  effectiveWithinSeconds: z.number().describe("How long an isolate may still act on what it remembers"),
  createdAt: z.string(),
  updatedAt: z.string(),
});
const ShownOnce = AccountView.extend({ secret: z.string().nullable().describe("Only if it was made here, and only this once") });
const Secret = z.string().min(8).max(16_384);
const Reason = z.string().min(3).max(500);

const Action = z.object({ reason: z.string().min(3).max(500), force: z.boolean().default(false) });
const ActionAnswer = z.object({ id: z.string(), status: z.string(), eventIds: z.array(z.string()) });

export interface Operation {
  readonly method: "get" | "post";
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly answer: z.ZodType | "bytes";
}

/** Every call of the ops API: its role, what it takes and what it answers. The routes and openapi.json are both made from it. */
export const OPERATIONS = {
  listEvents: {
    method: "get",
    path: "/events",
    role: "viewer",
    summary: "Events, newest first",
    query: z.object({
      entity: z
        .string()
        .regex(/^[a-z]+\/.+$/, "must be <kind>/<key>")
        .optional(),
      source: z.string().optional(),
      type: z.string().optional(),
      status: z.enum(STATUSES).optional(),
      class: z.enum(FAILURE_CLASSES).optional(),
      destination: z.string().optional(),
      from: Time,
      to: Time,
      cursor: Cursor,
      limit: Limit,
    }),
    answer: page(EventView),
  },
  getEvent: {
    method: "get",
    path: "/events/:id",
    role: "viewer",
    summary: "One event with its attempts and why it was routed so",
    answer: EventView,
  },
  getRaw: { method: "get", path: "/events/:id/raw", role: "operator", summary: "The raw body as it came", answer: "bytes" },
  getEntity: {
    method: "get",
    path: "/entities/:kind/:key",
    role: "viewer",
    summary: "An entity: its timeline, lanes and linked ids",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: EntityView,
  },
  verifyEntity: {
    method: "get",
    path: "/entities/:kind/:key/verify",
    role: "viewer",
    summary: "Walks the entity's hash chain",
    answer: VerifyView,
  },
  trace: {
    method: "get",
    path: "/trace/:anyKey",
    role: "viewer",
    summary: "Every hop of a correlation id, event id, remote id or business number",
    answer: z.object({
      key: z.string(),
      entities: z.array(z.object({ kind: z.string(), key: z.string(), system: z.string() })),
      events: z.array(EventView),
    }),
  },
  listDeadLetters: {
    method: "get",
    path: "/dead-letters",
    role: "viewer",
    summary: "What needs a person: `business` letters concern data and systems, `platform` ones our own processing",
    query: z.object({
      list: z.enum(["business", "platform"]).default("business"),
      status: z.enum(["open", "resolved", "skipped"]).default("open"),
      owner: z.string().optional(),
      class: z.enum(FAILURE_CLASSES).optional(),
      destination: z.string().optional(),
      cursor: Cursor,
      limit: Limit,
    }),
    answer: page(DeadLetterView),
  },
  getDeadLetter: { method: "get", path: "/dead-letters/:id", role: "viewer", summary: "One dead letter", answer: DeadLetterView },
  retryDeadLetter: {
    method: "post",
    path: "/dead-letters/:id/retry",
    role: "operator",
    summary: "Tries it again",
    body: Action,
    answer: ActionAnswer,
  },
  skipDeadLetter: {
    method: "post",
    path: "/dead-letters/:id/skip",
    role: "operator",
    summary: "Gives it up",
    body: Action,
    answer: ActionAnswer,
  },
  listDestinations: {
    method: "get",
    path: "/destinations",
    role: "viewer",
    summary: "Destinations and their health",
    answer: page(DestinationView),
  },
  pauseDestination: {
    method: "post",
    path: "/destinations/:name/pause",
    role: "operator",
    summary: "Holds everything for it, in order",
    body: Action,
    answer: DestinationView,
  },
  resumeDestination: {
    method: "post",
    path: "/destinations/:name/resume",
    role: "operator",
    summary: "Lets what is held go on, in order",
    body: Action,
    answer: DestinationView,
  },
  listSources: { method: "get", path: "/sources", role: "viewer", summary: "Sources and whether they are ready", answer: page(SourceView) },
  listAccounts: {
    method: "get",
    path: "/sources/:source/accounts",
    role: "viewer",
    summary: "Accounts of a source that has several",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: page(AccountView),
  },
  createAccount: {
    method: "post",
    path: "/sources/:source/accounts",
    role: "admin",
    summary: "Makes an account with a URL and a secret of its own",
    body: z.object({ account: z.string(), secret: Secret.optional(), bringsSecret: z.boolean().default(false), reason: Reason }),
    answer: ShownOnce,
  },
  rotateAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/rotate",
    role: "admin",
    summary: "Gives it another secret; the earlier one is accepted for a while",
    body: z.object({ secret: Secret.optional(), overlapSeconds: z.number().int().min(0).max(2_592_000).default(86_400), reason: Reason }),
    answer: ShownOnce,
  },
  disableAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/disable",
    role: "admin",
    summary: "Lets nothing of it in any more",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  enableAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/enable",
    role: "admin",
    summary: "Lets it in again",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  registerAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/register",
    role: "admin",
    summary: "Opens a window in which the sender may bring its own secret, once",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  listHandshakes: {
    method: "get",
    path: "/handshakes",
    role: "viewer",
    summary: "What senders asked beside their events, counted by minute",
    query: z.object({ source: z.string().optional(), from: Time, cursor: Cursor, limit: Limit }),
    answer: page(RejectionView),
  },
  listRejections: {
    method: "get",
    path: "/rejections",
    role: "viewer",
    summary: "What was not let in, counted by minute, with the precise reason",
    query: z.object({ source: z.string().optional(), from: Time, cursor: Cursor, limit: Limit }),
    answer: page(RejectionView),
  },
  listOwnership: {
    method: "get",
    path: "/ownership",
    role: "viewer",
    summary: "Who answers for which source, destination and route",
    answer: z.object({
      owners: z.record(z.string(), z.object({ team: z.string(), contact: z.string(), runbook: z.string().optional() })),
      items: z.array(z.object({ what: z.enum(["source", "destination", "route"]), name: z.string(), owner: z.string() })),
    }),
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

type Parsed<T> = T extends z.ZodType ? z.infer<T> : z.infer<typeof Nothing>;
export type QueryOf<N extends OperationName> = (typeof OPERATIONS)[N] extends { query: infer Q } ? Parsed<Q> : z.infer<typeof Nothing>;
export type BodyOf<N extends OperationName> = (typeof OPERATIONS)[N] extends { body: infer B } ? Parsed<B> : z.infer<typeof Nothing>;
export type AnswerOf<N extends OperationName> = (typeof OPERATIONS)[N]["answer"] extends z.ZodType
  ? z.infer<(typeof OPERATIONS)[N]["answer"]>
  : never;

export const isEntityKind = (text: string): text is (typeof ENTITY_KINDS)[number] => (ENTITY_KINDS as readonly string[]).includes(text);
