import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * The cross-entity index in D1. Row writes are the cost of the whole product, so: `events` is read by its key, which
 * sorts by time, and by one partial index that holds only what still needs someone; an event that goes well costs one
 * row. Tables are WITHOUT ROWID (set in the migration, which drizzle cannot say), since a key index would be a second.
 */
export const events = sqliteTable(
  "events",
  {
    id: text("id").primaryKey(),
    rev: integer("rev").notNull(),
    receivedAtMs: integer("received_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    source: text("source").notNull(),
    type: text("type").notNull(),
    kind: text("kind"),
    entityKey: text("entity_key"),
    status: text("status").notNull(),
    class: text("class"),
    priority: text("priority").notNull(),
    deliveryId: text("delivery_id").notNull(),
    /** Null where it follows from the id: then tracing by it is a read by key. */
    correlationId: text("correlation_id"),
    rawRef: text("raw_ref"),
    detail: text("detail").notNull(),
  },
  (table) => [
    index("events_unfinished")
      .on(table.status, table.id)
      .where(sql`status NOT IN ('delivered', 'superseded', 'ignored')`),
    index("events_correlated")
      .on(table.correlationId, table.id)
      .where(sql`correlation_id IS NOT NULL`),
  ],
);

export const deadLetters = sqliteTable(
  "dead_letters",
  {
    id: text("id").primaryKey(),
    list: text("list").notNull(),
    status: text("status").notNull(),
    eventId: text("event_id").notNull(),
    destination: text("destination").notNull(),
    kind: text("kind"),
    entityKey: text("entity_key"),
    class: text("class").notNull(),
    reason: text("reason").notNull(),
    fields: text("fields"),
    owner: text("owner").notNull(),
    nextStep: text("next_step").notNull(),
    attempts: integer("attempts").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** Where the message lies that could not be processed at all. */
    rawRef: text("raw_ref"),
  },
  (table) => [index("dead_letters_open").on(table.list, table.status, table.id)],
);

/** Words that people and systems use for an entity: remote ids and business numbers. */
export const links = sqliteTable(
  "links",
  {
    term: text("term").notNull(),
    kind: text("kind").notNull(),
    entityKey: text("entity_key").notNull(),
    system: text("system").notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.term, table.kind, table.entityKey, table.system] })],
);

/** What was not let in, counted by source, reason and minute: an attacker cannot write a row a request. */
export const rejections = sqliteTable(
  "rejections",
  {
    minuteMs: integer("minute_ms").notNull(),
    source: text("source").notNull(),
    reason: text("reason").notNull(),
    count: integer("count").notNull(),
    lastAtMs: integer("last_at_ms").notNull(),
    /** One example, without body or secrets. */
    example: text("example").notNull(),
  },
  (table) => [primaryKey({ columns: [table.minuteMs, table.source, table.reason] })],
);

/** What senders asked before their events, counted by source, kind and minute. */
export const handshakes = sqliteTable(
  "handshakes",
  {
    minuteMs: integer("minute_ms").notNull(),
    source: text("source").notNull(),
    reason: text("reason").notNull(),
    count: integer("count").notNull(),
    lastAtMs: integer("last_at_ms").notNull(),
    example: text("example").notNull(),
  },
  (table) => [primaryKey({ columns: [table.minuteMs, table.source, table.reason] })],
);

/** Accounts of a source, each with secrets of its own. Values are ciphertext; nothing here lets anyone in. */
export const sourceAccounts = sqliteTable(
  "source_accounts",
  {
    source: text("source").notNull(),
    account: text("account").notNull(),
    state: text("state").notNull(),
    /** JSON list of `{id, iv, ciphertext, keyId, sinceMs, untilMs}`. */
    secrets: text("secrets").notNull(),
    /** Until when a secret that the sender brings itself is taken. */
    registrationUntilMs: integer("registration_until_ms"),
    createdAtMs: integer("created_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.account] })],
);

/** Subscriptions at senders that end unless they are renewed. */
export const subscriptions = sqliteTable(
  "subscriptions",
  {
    source: text("source").notNull(),
    subscriptionId: text("subscription_id").notNull(),
    resource: text("resource").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    renewedAtMs: integer("renewed_at_ms"),
    checkedAtMs: integer("checked_at_ms").notNull(),
    problem: text("problem"),
  },
  (table) => [primaryKey({ columns: [table.source, table.subscriptionId] })],
);

/** What operators did, for whoever asks later; what they do to an entity is in its timeline too, where it cannot be changed unseen. */
export const operatorActions = sqliteTable("operator_actions", {
  id: text("id").primaryKey(),
  atMs: integer("at_ms").notNull(),
  actor: text("actor").notNull(),
  action: text("action").notNull(),
  subject: text("subject").notNull(),
  reason: text("reason").notNull(),
  /** Its place in the hash chain of actions, whose home is an object, and its hash there; null before there was a chain. */
  seq: integer("seq"),
  hash: text("hash"),
});

/** Replays as they were asked for, what they will do, and how far they are; their events carry the replay's id. */
export const replays = sqliteTable("replays", {
  id: text("id").primaryKey(),
  state: text("state").notNull(),
  /** JSON: what was asked. */
  request: text("request").notNull(),
  /** JSON: what was found before anything was done. */
  plan: text("plan").notNull(),
  /** JSON: how far it is; null until it has begun. */
  progress: text("progress"),
  askedBy: text("asked_by").notNull(),
  approvedBy: text("approved_by"),
  cancelledBy: text("cancelled_by"),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

/** Alerts, one row for each rule and subject: the last occurrence, and what each channel has been told of it. */
export const alerts = sqliteTable("alerts", {
  id: text("id").primaryKey(),
  /** Rises with each change of the alert, so that of two at once the second is refused. */
  rev: integer("rev").notNull(),
  state: text("state").notNull(),
  owner: text("owner").notNull(),
  severity: text("severity").notNull(),
  openedAtMs: integer("opened_at_ms"),
  endedAtMs: integer("ended_at_ms"),
  /** JSON: the alert whole. */
  alert: text("alert").notNull(),
  /** JSON object by channel; written by the cron alone. */
  told: text("told").notNull(),
});

/** What consumers counted, a row for each isolate and minute, folded into the row `total` by the cron. */
export const measures = sqliteTable("measures", {
  id: text("id").primaryKey(),
  /** JSON object of counts by series. */
  counts: text("counts").notNull(),
});
/**
 * Spans of declared SLAs: one row for each record that one concerns, and for each single event that was not over at once.
 * Only those that are open or late are in the index, so that what is due and what is late is found without a scan.
 */
export const slaSpans = sqliteTable(
  "sla_spans",
  {
    sla: text("sla").notNull(),
    subject: text("subject").notNull(),
    kind: text("kind").notNull(),
    entityKey: text("entity_key").notNull(),
    eventId: text("event_id").notNull(),
    firstMs: integer("first_ms"),
    firstDueMs: integer("first_due_ms"),
    lastMs: integer("last_ms"),
    lastDueMs: integer("last_due_ms"),
    withdrawnMs: integer("withdrawn_ms"),
    endMs: integer("end_ms"),
    dueMs: integer("due_ms"),
    verdict: text("verdict").notNull(),
    /** What of it is counted, and where: a later word takes exactly that back. */
    decidedMs: integer("decided_ms"),
    lagClass: integer("lag_class"),
  },
  (table) => [
    primaryKey({ columns: [table.sla, table.subject] }),
    index("sla_spans_watched")
      .on(table.sla, table.verdict, table.dueMs, table.subject)
      .where(sql`verdict IN ('open', 'late')`),
  ],
);

/** What was decided, by SLA and part of its window; and how long it took, by class. */
export const slaCounts = sqliteTable(
  "sla_counts",
  {
    sla: text("sla").notNull(),
    atMs: integer("at_ms").notNull(),
    good: integer("good").notNull(),
    bad: integer("bad").notNull(),
    lag0: integer("lag0").notNull(),
    lag1: integer("lag1").notNull(),
    lag2: integer("lag2").notNull(),
    lag3: integer("lag3").notNull(),
    lag4: integer("lag4").notNull(),
    lag5: integer("lag5").notNull(),
    lag6: integer("lag6").notNull(),
  },
  (table) => [primaryKey({ columns: [table.sla, table.atMs] })],
);
/** How far each import and export of files is, and who works on it until when. */
export const fileWork = sqliteTable("file_work", {
  name: text("name").primaryKey(),
  version: integer("version").notNull(),
  leaseUntilMs: integer("lease_until_ms").notNull(),
  /** JSON: the state whole. */
  state: text("state").notNull(),
});

export { digests, findings, projections, reconciliationRuns, watermarks } from "./schema-reconciliation.ts";
export { flowFactRefs, flowFacts, flowFactTies, flowRuns, flowRunTies } from "./schema-flows.ts";
