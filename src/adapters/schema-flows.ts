import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Runs of business flows, each as it was after its last stored step. One record begins one run of a flow. */
export const flowRuns = sqliteTable(
  "flow_runs",
  {
    id: text("id").primaryKey(),
    flow: text("flow").notNull(),
    entityKey: text("entity_key").notNull(),
    state: text("state").notNull(),
    /** Rises with every change, and with all news: who stores what was read before it stores nothing. */
    rev: integer("rev").notNull(),
    startedAtMs: integer("started_at_ms").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    /** When somebody must look at it; null while only news makes a difference. */
    dueAtMs: integer("due_at_ms"),
    /** The workflow that takes it further. */
    workflow: text("workflow").notNull(),
    /** JSON: the run whole. */
    run: text("run").notNull(),
  },
  (table) => [
    index("flow_runs_listed").on(table.startedAtMs, table.id),
    index("flow_runs_open")
      .on(table.state, table.dueAtMs)
      .where(sql`state IN ('running', 'blocked', 'compensating')`),
  ],
);

/** Which runs a record concerns, by the record's name: `order/SO-1`. */
export const flowRunTies = sqliteTable("flow_run_ties", { tie: text("tie").notNull(), runId: text("run_id").notNull() }, (table) => [
  primaryKey({ columns: [table.tie, table.runId] }),
]);

/** The latest state of each record that a flow listens to, whether a run waits for it yet or not. */
export const flowFacts = sqliteTable(
  "flow_facts",
  {
    kind: text("kind").notNull(),
    recordKey: text("record_key").notNull(),
    eventId: text("event_id").notNull(),
    atMs: integer("at_ms").notNull(),
    deleted: integer("deleted").notNull(),
    /** JSON: canonical fields. */
    data: text("data").notNull(),
    /** Whose token this is, and the token as text that sorts as tokens do; null where its source gives none. */
    stream: text("stream").notNull().default(""),
    token: text("token"),
    /** JSON list of the records that it has ever named. */
    ties: text("ties").notNull().default("[]"),
  },
  (table) => [primaryKey({ columns: [table.kind, table.recordKey] })],
);

/** Facts by the records that they name: an invoice by its order. Written when a fact first names one, and never again. */
export const flowFactRefs = sqliteTable(
  "flow_fact_refs",
  { tie: text("tie").notNull(), kind: text("kind").notNull(), recordKey: text("record_key").notNull() },
  (table) => [primaryKey({ columns: [table.tie, table.kind, table.recordKey] })],
);

/** The same as earlier code kept it, in two rows: read until it has expired, and not written any more. */
export const flowFactTies = sqliteTable(
  "flow_fact_ties",
  { kind: text("kind").notNull(), recordKey: text("record_key").notNull(), tie: text("tie").notNull() },
  (table) => [primaryKey({ columns: [table.kind, table.recordKey, table.tie] }), index("flow_fact_ties_tie").on(table.tie)],
);
