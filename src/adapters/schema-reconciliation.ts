import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * The last state that we know a system to have of an entity, where that pair is reconciled: one row, replaced by each
 * newer one. Keyed as it is read: by system, kind and key.
 */
export const projections = sqliteTable(
  "projections",
  {
    system: text("system").notNull(),
    kind: text("kind").notNull(),
    entityKey: text("entity_key").notNull(),
    remoteId: text("remote_id"),
    /** JSON: canonical fields. */
    data: text("data").notNull(),
    deleted: integer("deleted").notNull(),
    eventId: text("event_id").notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.system, table.kind, table.entityKey] })],
);

/** Drift: one row for each entity, reconciliation and type, as long as anybody may ask. */
export const findings = sqliteTable(
  "findings",
  {
    id: text("id").primaryKey(),
    reconciliation: text("reconciliation").notNull(),
    type: text("type").notNull(),
    kind: text("kind").notNull(),
    entityKey: text("entity_key").notNull(),
    state: text("state").notNull(),
    owner: text("owner").notNull(),
    recheckAtMs: integer("recheck_at_ms"),
    openedAtMs: integer("opened_at_ms"),
    endedAtMs: integer("ended_at_ms"),
    /** JSON: the finding whole. */
    finding: text("finding").notNull(),
  },
  (table) => [
    index("findings_entity").on(table.reconciliation, table.entityKey),
    index("findings_unfinished")
      .on(table.reconciliation, table.state, table.id)
      .where(sql`state IN ('suspected', 'open', 'repairing')`),
  ],
);

/** The digests of days, each with the event that tells it: kept before it is sent. */
export const digests = sqliteTable("digests", {
  day: text("day").primaryKey(),
  event: text("event").notNull(),
  sentAtMs: integer("sent_at_ms"),
});

/** Runs of reconciliations, each as it was after its last stored page. */
export const reconciliationRuns = sqliteTable(
  "reconciliation_runs",
  {
    id: text("id").primaryKey(),
    reconciliation: text("reconciliation").notNull(),
    state: text("state").notNull(),
    startedAtMs: integer("started_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** JSON: the run whole. */
    run: text("run").notNull(),
    sketch: blob("sketch"),
  },
  (table) => [
    // Never two at once: the second insert is refused.
    uniqueIndex("reconciliation_runs_one")
      .on(table.reconciliation)
      .where(sql`state = 'running'`),
  ],
);

/** Up to where each reconciliation has read its system, and when it last read it whole. */
export const watermarks = sqliteTable("watermarks", {
  reconciliation: text("reconciliation").primaryKey(),
  /** JSON. */
  watermark: text("watermark").notNull(),
  changesAtMs: integer("changes_at_ms").notNull(),
  fullAtMs: integer("full_at_ms").notNull(),
});
