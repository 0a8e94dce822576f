import { and, asc, desc, eq, gt, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { MASK } from "../domain/masking.ts";
import type { ChainedAction } from "../domain/operator-action.ts";
import { operatorActions } from "./schema.ts";

export type ListedAction = typeof operatorActions.$inferSelect;

/** Lists actions of the chain, each once. */
export async function listChained(d1: D1Database, actions: readonly ChainedAction[]): Promise<void> {
  await drizzle(d1)
    .insert(operatorActions)
    .values([...actions])
    .onConflictDoNothing();
}

export const actionsByIds = (d1: D1Database, ids: readonly string[]): Promise<readonly ListedAction[]> =>
  drizzle(d1)
    .select()
    .from(operatorActions)
    .where(sql`${operatorActions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);

/** Listed actions by id, which is by time, from after `afterId` on. */
export const actionsAfter = (d1: D1Database, afterId: string, limit: number): Promise<readonly ListedAction[]> =>
  drizzle(d1).select().from(operatorActions).where(gt(operatorActions.id, afterId)).orderBy(asc(operatorActions.id)).limit(limit);

/** Takes the reasons out of listed actions, as the chain has it. */
export const eraseReasons = async (d1: D1Database, ids: readonly string[]): Promise<void> =>
  void (await drizzle(d1)
    .update(operatorActions)
    .set({ reason: MASK })
    .where(sql`${operatorActions.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`));

/** What operators did, newest first. */
export const listOperatorActions = (
  d1: D1Database,
  query: { readonly actor?: string | undefined; readonly beforeId?: string | undefined; readonly limit: number },
): Promise<readonly ListedAction[]> =>
  drizzle(d1)
    .select()
    .from(operatorActions)
    .where(
      and(
        query.beforeId === undefined ? undefined : lt(operatorActions.id, query.beforeId),
        query.actor === undefined ? undefined : eq(operatorActions.actor, query.actor),
      ),
    )
    .orderBy(desc(operatorActions.id))
    .limit(query.limit);
