import { DurableObject } from "cloudflare:workers";
import { archiveBatch } from "../src/adapters/archive-r2.ts";
import { recordAll } from "../src/adapters/event-databases.ts";
import { auditIndex, auditLedger, type LedgerAnswer, type LedgerQuestion } from "../src/adapters/ledger-audit.ts";
import { countErasable, eraseLines } from "../src/adapters/ledger-erasure.ts";
import { SqlLedger } from "../src/adapters/ledger-sql.ts";
import { sha256Hex } from "../src/adapters/sha256.ts";
import { deploymentOf } from "../src/deployment.ts";
import { auditRows } from "../src/domain/audit-record.ts";
import { entityName, type EntityEvent } from "../src/domain/event.ts";
import type { JsonObject } from "../src/domain/json.ts";
import type { EntityRef, JoinAnswer, Kin } from "../src/domain/kin.ts";
import type { EventOutcome } from "../src/domain/outcome.ts";
import { fail, ok, type Result } from "../src/domain/result.ts";
import type { Entry, ErasureLine, Verification } from "../src/domain/timeline.ts";
import { reportOf, type Work } from "../src/domain/work.ts";
import { deliver, inlineData } from "../src/pipeline/deliver.ts";
import { observeLater } from "../src/wiring/observe.ts";
import { tellFlowsOfEnds } from "../src/wiring/flows.ts";
import { readAgain } from "../src/wiring/read-state.ts";
import { talkTo } from "../src/wiring/connect.ts";
import { erasableWork, eraseInBook, isBusy } from "../src/pipeline/sequence/erasing.ts";
import type { OperatorAction, OperatorAnswer, Owed, Peer, Permits, SequenceAnswer, SequencePorts } from "../src/pipeline/sequence/ports.ts";
import { Sequencer } from "../src/pipeline/sequence/sequencer.ts";

/**
 * What one entity looks like now: its newest states by source, what it still owes, and its chain's head. Not `settled`
 * while an attempt is under way, or something is done of which the index has not been told.
 */
export interface EntityState {
  readonly head: { readonly seq: number; readonly hash: string };
  readonly marks: SqlLedgerMarks;
  readonly work: readonly (ReturnType<typeof reportOf> & { readonly eventId: string; readonly position: number })[];
  readonly kin: Kin;
  readonly settled: boolean;
}
type SqlLedgerMarks = Sequencer["book"]["marks"];

/** One object per business entity: the host of its sequencer. All decisions are in src/domain and src/pipeline/sequence. */
export class EntitySequencer extends DurableObject<Env> {
  readonly #ledger: SqlLedger;
  readonly #sequencer: Sequencer;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#ledger = new SqlLedger(ctx.storage, deploymentOf(env).ledgerDays, (error) => {
      ctx.abort(`a ledger write failed: ${String(error)}`);
      throw error;
    });
    this.#sequencer = new Sequencer(this.#ports());
  }

  sequence(events: readonly EntityEvent[], permits: Permits): Promise<SequenceAnswer> {
    return this.#sequencer.sequence(events, permits);
  }

  spill(events: readonly EntityEvent[]): Promise<readonly EventOutcome[]> {
    return this.#sequencer.spill(events);
  }

  operate(action: OperatorAction): Promise<OperatorAnswer> {
    return this.#sequencer.operate(action);
  }

  /** Leads this key's part to the entity that it turned out to be another name of. */
  join(own: EntityRef, root: EntityRef): Promise<JoinAnswer> {
    return this.#sequencer.join(own, root);
  }

  handedOver(root: EntityRef): void {
    this.#sequencer.handedOver(root);
  }

  /** Goes on with what was held for a destination, now that it is resumed. */
  resume(destination: string): Promise<void> {
    return this.#sequencer.wake(destination);
  }

  override async alarm(): Promise<void> {
    await this.#sequencer.wake();
  }

  state(): EntityState {
    const { book } = this.#sequencer;
    const work = [...book.work()].map((item) => ({ ...reportOf(item), eventId: item.event.id, position: item.position }));
    const settled = this.#sequencer.isQuiet && book.owed().length === 0;
    return { head: book.head, marks: book.marks, work, kin: book.kin, settled };
  }

  timeline(afterSeq: number, limit: number): readonly Entry[] {
    return this.#ledger.timeline(afterSeq, limit);
  }

  verify(): Verification {
    return auditLedger(this.ctx.storage.sql, this.#ledger.base(), this.#sequencer.book.head);
  }

  /** The same, with rows of the index held against it. */
  audit(asked: LedgerQuestion): LedgerAnswer {
    return auditIndex(this.ctx.storage.sql, this.#ledger.base(), this.#sequencer.book.head, asked);
  }

  /** Takes personal data out of history and work, chained; or only counts it. Null while an attempt is under way. */
  erase(erasure: Omit<ErasureLine, "type" | "lines">, dryRun: boolean): { readonly lines: number; readonly work: number } | null {
    const { sql } = this.ctx.storage;
    const { book } = this.#sequencer;
    if (!this.#sequencer.isQuiet || isBusy(book)) return null;
    if (dryRun) return { lines: countErasable(sql, erasure.id), work: erasableWork(book) };
    return this.ctx.storage.transactionSync(() => {
      const lines = eraseLines(sql, erasure.id);
      return { lines: lines.length, work: eraseInBook(book, { ...erasure, lines }) };
    });
  }

  #ports(): SequencePorts {
    const deployment = deploymentOf(this.env);
    const governor = (destination: string) => this.env.GOVERNOR.getByName(destination);
    return {
      ledger: this.#ledger,
      clock: Date.now,
      random: Math.random,
      sha256: sha256Hex,
      timer,
      plan: deployment.plan,
      traits: deployment.traits,
      deliver: (work) =>
        deliver(work, {
          clock: Date.now,
          sha256: sha256Hex,
          target: deployment.target,
          permit: deployment.permit,
          data: (item) => this.#data(item),
          open: (...to) => talkTo(this.env, ...to),
        }),
      lease: (destination, priority, asker) => governor(destination).lease(destination, { count: 1, priority, ...asker }),
      settleLease: (destination, settlement) => governor(destination).settle(destination, settlement),
      report: (owed) => this.#report(owed),
      peer: (entity) => peerOf(this.env, entity),
      readAgain: (event) => readAgain(this.env, deployment, event),
      setAlarm: (atMs) => void (atMs === null ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(Math.max(atMs, Date.now()))),
    };
  }

  async #data(work: Work): Promise<Result<JsonObject, string>> {
    const { payload } = work.event;
    if (payload.at === "inline") return inlineData(work);
    const stored = await this.env.BODIES.get(payload.key).catch(() => null);
    return stored === null ? fail(`the entity's data at ${payload.key} could not be read`) : ok(await stored.json<JsonObject>());
  }

  /** Tells the index of outcomes that no consumer will tell: of retries, of operators' actions, of spilled events. */
  async #report(owed: readonly Owed[]): Promise<void> {
    const deployment = deploymentOf(this.env);
    const spilled = owed.filter((item) => item.event.raw.at !== "r2" && item.outcome.rev === 1).map((item) => item.event);
    const archived = archiveBatch(this.env.BODIES, `raw/spill/${spilled[0]?.id ?? "none"}`, spilled);
    await archived.stored;
    const refs = new Map(spilled.map((event, index) => [event.id, archived.refs[index] ?? null]));
    const rows = owed.map(({ event, outcome }) =>
      auditRows(event, outcome, {
        why: deployment.plan(event).why,
        rawRef: refs.get(event.id) ?? null,
        ownerOf: deployment.ownerOf,
        sourceOwner: deployment.sourceOwner(event.sourceName),
        projections: deployment.projections,
        slas: deployment.slas,
      }),
    );
    await recordAll(this.env, rows, Date.now());
    this.ctx.waitUntil(
      observeLater(
        deployment,
        rows.map(({ event }) => event),
      ),
    );
    await tellFlowsOfEnds(this.env, owed);
  }
}

/**
 * An entity's sequencer as another one calls it: a new stub each time, since a broken one stays broken. The stub's own
 * type unfolds every JSON value and is too deep for the compiler; the class below it has these very methods.
 */
function peerOf(env: Env, entity: EntityRef): Peer {
  const stub: unknown = env.ENTITY.getByName(entityName(entity));
  return stub as Peer;
}

function timer(ms: number): { done: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const handle = setTimeout(resolve, ms);
  return { done: promise, cancel: () => clearTimeout(handle) };
}
