import { integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** Keys of programs for the ops API. What a row says counts only as far as its proof covers it; nothing here lets anyone in. */
export const apiKeys = sqliteTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    owner: text("owner").notNull(),
    role: text("role").notNull(),
    /** JSON list of the only operations it may call; null: all that its role may. */
    operations: text("operations"),
    createdBy: text("created_by").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    /** HMAC-SHA-256 over all of the above and the key itself; empty once it is revoked. */
    proof: text("proof").notNull(),
    /** To the hour or so. */
    lastUsedAtMs: integer("last_used_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
    revokedBy: text("revoked_by"),
  },
  (table) => [uniqueIndex("api_keys_name").on(table.name)],
);

/** Where each walked chain ended: a later walk must still find that line, so a chain that was written anew as a whole is found out. */
export const chainAnchors = sqliteTable(
  "chain_anchors",
  {
    kind: text("kind").notNull(),
    entityKey: text("entity_key").notNull(),
    seq: integer("seq").notNull(),
    hash: text("hash").notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.entityKey] })],
);

/** Erasures of a person's data: whose, only as a digest with a secret key; how far; and what went. */
export const erasures = sqliteTable("erasures", {
  id: text("id").primaryKey(),
  state: text("state").notNull(),
  subjectDigest: text("subject_digest").notNull(),
  askedBy: text("asked_by").notNull(),
  reason: text("reason").notNull(),
  /** JSON: where it goes on, and what was erased until there. */
  progress: text("progress").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
