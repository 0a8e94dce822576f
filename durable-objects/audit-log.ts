import { DurableObject } from "cloudflare:workers";
import { ActionLog } from "../src/adapters/action-log-sql.ts";
import { eraseReasons, listChained } from "../src/adapters/operator-actions.ts";
import { LIMITS } from "../src/domain/limits.ts";
import { actionOf, type Action } from "../src/domain/operator-action.ts";
import type { ChainHead, Entry, ErasureLine } from "../src/domain/timeline.ts";

interface ReasonsErased {
  readonly erasure: Omit<ErasureLine, "type" | "lines">;
  readonly values: readonly string[];
  readonly line: { readonly id: string; readonly atMs: number };
  readonly dryRun: boolean;
}

/**
 * The home of operators' actions: one object, one hash chain. An action is durable here before its caller goes on; the
 * list in the index, which people read, follows, and if it is not to be had, is caught up by the alarm.
 */
export class AuditLog extends DurableObject<Env> {
  readonly #log: ActionLog;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#log = new ActionLog(ctx.storage.sql);
  }

  async append(action: Action): Promise<void> {
    this.#log.append(action);
    await this.#list();
  }

  page(afterSeq: number, limit: number): readonly Entry[] {
    return this.#log.page(afterSeq, limit);
  }

  find(ids: readonly string[]): readonly Entry[] {
    return this.#log.find(ids);
  }

  erasures(): readonly Entry[] {
    return this.#log.erasures();
  }

  /** Takes reasons out that hold one of the values, here and in the list; `line` names the erasure's own. Answers how many. */
  async erase(erasing: ReasonsErased): Promise<number> {
    const { erasure, values, line, dryRun } = erasing;
    if (dryRun) return this.#log.holding(values).length;
    const ids = this.ctx.storage.transactionSync(() => this.#log.erase(erasure, values, line));
    if (ids.length > 0) await eraseReasons(this.env.DB, ids);
    await this.#list();
    return ids.length;
  }

  head(): ChainHead {
    return this.#log.head();
  }

  override async alarm(): Promise<void> {
    await this.#list();
  }

  async #list(): Promise<void> {
    const unlisted = this.#log.unlisted(LIMITS.actionsListed);
    if (unlisted.length === 0) return;
    try {
      await listChained(this.env.DB, unlisted.map(actionOf));
      this.#log.listed(unlisted);
    } catch (error) {
      console.warn(JSON.stringify({ level: "warn", message: "the list of actions is behind", error: String(error) }));
    }
    if (this.#log.unlisted(1).length > 0) await this.ctx.storage.setAlarm(Date.now() + LIMITS.auditRetryMs);
  }
}
