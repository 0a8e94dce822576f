import { desc, eq, lt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { ErasureProgress } from "../domain/erasure/erasure.ts";
import { erasures } from "./schema-access.ts";

export interface StoredErasure {
  readonly id: string;
  readonly state: "running" | "done";
  readonly subjectDigest: string;
  readonly askedBy: string;
  readonly reason: string;
  readonly progress: ErasureProgress;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

const toErasure = (row: typeof erasures.$inferSelect): StoredErasure => ({
  ...row,
  state: row.state === "done" ? "done" : "running",
  progress: JSON.parse(row.progress) as ErasureProgress,
});

/** Keeps how far an erasure is. */
export async function saveErasure(d1: D1Database, { progress, ...erasure }: StoredErasure): Promise<void> {
  const row = { ...erasure, progress: JSON.stringify(progress) };
  await drizzle(d1).insert(erasures).values(row).onConflictDoUpdate({ target: erasures.id, set: row });
}

export async function findErasure(d1: D1Database, id: string): Promise<StoredErasure | null> {
  const [row] = await drizzle(d1).select().from(erasures).where(eq(erasures.id, id)).limit(1);
  return row === undefined ? null : toErasure(row);
}

/** Newest first. */
export const listErasures = async (
  d1: D1Database,
  query: { readonly beforeId?: string | undefined; readonly limit: number },
): Promise<readonly StoredErasure[]> => {
  const older = query.beforeId === undefined ? undefined : lt(erasures.id, query.beforeId);
  return (await drizzle(d1).select().from(erasures).where(older).orderBy(desc(erasures.id)).limit(query.limit)).map(toErasure);
};

const utf8 = new TextEncoder();

/** A subject as it is kept: whoever has the list of digests, but not the Worker's secret, cannot try names against it. */
export async function subjectDigest(secret: string, subject: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", utf8.encode(`signalbox erasures\n${secret}`));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(subject))).toHex();
}
