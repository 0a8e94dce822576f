import * as z from "zod";
import { ENTITY_KINDS } from "../domain/entities/index.ts";
import { NATURES } from "../domain/event.ts";
import { FAILURE_CLASSES } from "../domain/failure.ts";
import { DATA_CLASSES } from "../domain/governance.ts";
import { STATUSES } from "../domain/outcome.ts";
import { Cursor, Limit, Time, page, type Operation } from "./operation.ts";
import { ACCESS_OPERATIONS } from "./operations-access.ts";
import { AUDIT_OPERATIONS } from "./operations-audit.ts";
import { ERASURE_OPERATIONS } from "./operations-erasures.ts";
import { SERVICE_OPERATIONS } from "./operations-services.ts";
import { SLA_OPERATIONS } from "./operations-slas.ts";
import { FLOW_OPERATIONS } from "./operations-flows.ts";
import { OVERSIGHT_OPERATIONS } from "./operations-oversight.ts";
import { DRIFT_OPERATIONS } from "./operations-drift.ts";
import { FILE_OPERATIONS } from "./operations-files.ts";
import { REPLAY_OPERATIONS } from "./operations-replays.ts";
import { SIGNAL_OPERATIONS } from "./operations-signals.ts";
import { SOURCE_OPERATIONS } from "./operations-sources.ts";
import { BacklogView, DeadLetterView, DestinationView, EventView, LaneView, RejectionView } from "./views.ts";

const Nothing = z.object({});

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
  records: z
    .array(z.object({ destination: z.string(), id: z.string(), number: z.string().nullable() }))
    .describe("Its record in each destination"),
  aliases: z
    .array(z.object({ key: z.string(), joined: z.boolean() }))
    .describe("Other keys whose events come here; not joined yet: what began under that key is still there"),
  movedTo: z.string().nullable().describe("The entity that this key turned out to be another name of"),
  timeline: z.array(TimelineLine),
  nextCursor: z.string().nullable(),
});

const VerifyView = z.object({
  intact: z.boolean(),
  entries: z.number(),
  head: z.string().optional(),
  erased: z.number().optional().describe("Lines of which an erasure took personal data; another line says what it left"),
  brokenAtSeq: z.number().optional(),
  reason: z.string().optional(),
});

/** An event's entity as today's mapping reads it, and where it differs from another event's. */
const PayloadView = z.object({
  eventId: z.string(),
  entity: z.object({ kind: z.string(), key: z.string() }),
  nature: z.string(),
  deleted: z.boolean(),
  data: z.record(z.string(), z.unknown()),
  cleared: z.array(z.string()),
  masked: z.boolean().describe("Whether personal data is hidden from this role"),
  comparedWith: z.string().nullable(),
  changes: z.array(z.object({ field: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
});

const Action = z.object({ reason: z.string().min(3).max(500), force: z.boolean().default(false) });
const ActionAnswer = z.object({ id: z.string(), status: z.string(), eventIds: z.array(z.string()) });

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
  getPayload: {
    method: "get",
    path: "/events/:id/payload",
    role: "viewer",
    summary: "The event's data as today's mapping reads it, and what it changed; personal data only from operator on",
    query: z.object({
      against: z.string().optional().describe("The event to compare with; default: the one before it from the same source"),
    }),
    answer: PayloadView,
  },
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
  editDeadLetter: {
    method: "post",
    path: "/dead-letters/:id/edit",
    role: "operator",
    summary: "Mends the data by a JSON Merge Patch, or an unreadable body by another one, and tries it again; the original is kept",
    body: Action.extend({ patch: z.record(z.string(), z.json()).optional(), body: z.string().max(1_048_576).optional() }),
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
  ...REPLAY_OPERATIONS,
  ...FLOW_OPERATIONS,
  ...DRIFT_OPERATIONS,
  ...SOURCE_OPERATIONS,
  ...OVERSIGHT_OPERATIONS,
  ...SIGNAL_OPERATIONS,
  ...SLA_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...FILE_OPERATIONS,
  ...ACCESS_OPERATIONS,
  ...AUDIT_OPERATIONS,
  ...ERASURE_OPERATIONS,
  listRejections: {
    method: "get",
    path: "/rejections",
    role: "viewer",
    summary: "What was not let in, counted by minute, with the precise reason",
    query: z.object({ source: z.string().optional(), from: Time, cursor: Cursor, limit: Limit }),
    answer: page(RejectionView),
  },
  getBacklog: {
    method: "get",
    path: "/backlog",
    role: "viewer",
    summary: "How far each class is behind, what is deferred for it, and what is refused at ingest",
    answer: BacklogView,
  },
  explainRoutes: {
    method: "post",
    path: "/routes/explain",
    role: "viewer",
    summary: "Where an event would go and why, without sending anything",
    body: z.object({
      source: z.string(),
      kind: z.enum(ENTITY_KINDS),
      key: z.string().min(1).max(256).default("example"),
      nature: z.enum(NATURES).default("snapshot"),
      data: z.record(z.string(), z.json()).describe("The entity in canonical fields"),
    }),
    answer: z.object({
      lanes: z.array(
        z.object({
          destination: z.string(),
          route: z.string(),
          owner: z.string(),
          refused: z.string().nullable().describe("Why ownership would refuse the write there"),
          withheld: z.array(z.string()).describe("Fields that the destination owns, and would not be sent"),
        }),
      ),
      routing: z.array(z.object({ route: z.string(), matched: z.boolean(), because: z.string() })),
    }),
  },
  listOwnership: {
    method: "get",
    path: "/ownership",
    role: "viewer",
    summary:
      "Who answers for what: sources, destinations, routes, SLAs, services, APIs, schemas, incidents; and which system owns which data",
    answer: z.object({
      owners: z.record(z.string(), z.object({ team: z.string(), contact: z.string(), runbook: z.string().optional() })),
      items: z.array(
        z.object({
          what: z.enum(["source", "destination", "route", "sla", "service", "api", "schema", "incident"]),
          name: z.string(),
          owner: z.string(),
          dataClass: z.enum(DATA_CLASSES).optional().describe("Of a route"),
          sla: z.string().optional().describe("Of a route: what its deliveries are held to"),
          version: z.number().optional().describe("Of a schema"),
        }),
      ),
      matrix: z
        .array(z.object({ kind: z.string(), system: z.string(), fields: z.record(z.string(), z.string()) }))
        .describe("The system that owns each kind, and single fields of it"),
    }),
  },
} as const satisfies Readonly<Record<string, Operation>>;

export type { Operation } from "./operation.ts";
export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

type Parsed<T> = T extends z.ZodType ? z.infer<T> : z.infer<typeof Nothing>;
export type QueryOf<N extends OperationName> = (typeof OPERATIONS)[N] extends { query: infer Q } ? Parsed<Q> : z.infer<typeof Nothing>;
export type BodyOf<N extends OperationName> = (typeof OPERATIONS)[N] extends { body: infer B } ? Parsed<B> : z.infer<typeof Nothing>;
export type AnswerOf<N extends OperationName> = (typeof OPERATIONS)[N]["answer"] extends z.ZodType
  ? z.infer<(typeof OPERATIONS)[N]["answer"]>
  : never;

export const isEntityKind = (text: string): text is (typeof ENTITY_KINDS)[number] => (ENTITY_KINDS as readonly string[]).includes(text);
