import { anchorsAfter, anchorsOf, idsListed, keepAnchors, rowsBetween, rowsByIds, type Anchor } from "../adapters/audit-rows.ts";
import { databasesOf } from "../adapters/event-databases.ts";
import type { LedgerAnswer, LedgerQuestion } from "../adapters/ledger-audit.ts";
import { actionsAfter, actionsByIds } from "../adapters/operator-actions.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import { aliasOf, type ListedRow } from "../domain/audit/index-check.ts";
import { NOTHING_FOUND, type AuditCursor, type AuditPart, type AuditScope, type Broken } from "../domain/audit/part.ts";
import { firstEventIdAt } from "../domain/event-id.ts";
import { entityName } from "../domain/event.ts";
import type { EntityRef } from "../domain/kin.ts";
import { LIMITS } from "../domain/limits.ts";
import { actionOf, columnThatDiffers } from "../domain/operator-action.ts";
import { verifyChain } from "../domain/timeline.ts";
import { auditLog } from "./operator-action.ts";

const DAY_MS = 86_400_000;
/** Objects asked at once: as many as keep an invocation's connections busy. */
const AT_ONCE = 6;

/** One bounded part of a wide verification, from a cursor on; its answer names the next. */
export async function verifyPart(env: Env, deployment: Deployment, scope: AuditScope, from: AuditCursor | null): Promise<AuditPart> {
  if (scope.kind === "entity") return ofEntity(env, deployment, scope.entity);
  const cursor = from ?? { at: "rows" as const, fromId: scope.fromId };
  switch (cursor.at) {
    case "rows":
      return ofRows(env, deployment, scope, cursor.fromId);
    case "anchors":
      return ofAnchors(env, deployment, scope, cursor.after);
    case "actions":
      return ofActions(env, cursor);
    case "listed":
      return ofListed(env, cursor.after);
  }
}

interface Period {
  readonly fromId: string;
  readonly toId: string;
}

/** Rows of the index by id, each held against the objects of the names that it has. */
async function ofRows(env: Env, deployment: Deployment, scope: Period, fromId: string): Promise<AuditPart> {
  const rows = await rowsBetween(databasesOf(env), { fromId, toId: scope.toId }, LIMITS.auditRows);
  const last = rows.length < LIMITS.auditRows ? undefined : rows.at(-1);
  const toId = last === undefined ? scope.toId : `${last.id}~`;
  const found = await askObjects(env, deployment, rows, { fromId, toId });
  return { ...found, next: last === undefined ? { at: "anchors", after: ["", ""] } : { at: "rows", fromId: toId } };
}

const namesOf = (row: ListedRow): readonly string[] => [...new Set([row.entityKey, aliasOf(row) ?? row.entityKey])];

async function askObjects(env: Env, deployment: Deployment, rows: readonly ListedRow[], window: Period): Promise<AuditPart> {
  const byObject = new Map<string, { readonly entity: EntityRef; readonly rows: ListedRow[] }>();
  for (const row of rows)
    for (const key of namesOf(row)) {
      const entity = { kind: row.kind, key } as EntityRef;
      const asked = byObject.get(entityName(entity)) ?? { entity, rows: [] };
      asked.rows.push(row);
      byObject.set(entityName(entity), asked);
    }
  const answers = await askAll(env, [...byObject.values()], window);
  const known = new Set(answers.flatMap(({ answer }) => answer.known));
  // The ledger lets go of what is older than it keeps; the index keeps it longer.
  const keptId = firstEventIdAt(Date.now() - deployment.ledgerDays * DAY_MS);
  const stray = rows
    .filter(({ id }) => !known.has(id) && id >= keptId)
    .map((row): Broken => ({
      where: "index",
      entity: `${row.kind}/${row.entityKey}`,
      eventId: row.id,
      reason: "no line of the record's history tells of it",
    }));
  const part = await judged(env, deployment, answers);
  return { ...part, checked: { ...part.checked, rows: rows.length }, broken: [...part.broken, ...stray] };
}

interface Asked {
  readonly entity: EntityRef;
  readonly rows: readonly ListedRow[];
}
interface Answered {
  readonly entity: EntityRef;
  readonly answer: LedgerAnswer;
}

async function askAll(env: Env, asked: readonly Asked[], window: Period, nowMs = Date.now()): Promise<readonly Answered[]> {
  const anchors = await anchorsOf(
    env.DB,
    asked.map(({ entity }) => entity),
  );
  const answers: Answered[] = [];
  for (let at = 0; at < asked.length; at += AT_ONCE) {
    const some = asked.slice(at, at + AT_ONCE).map(async ({ entity, rows }): Promise<Answered> => {
      const question: LedgerQuestion = { rows, ...window, anchor: anchors.get(entityName(entity)) ?? null, nowMs };
      return { entity, answer: await env.ENTITY.getByName(entityName(entity)).audit(question) };
    });
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

/** What objects answered, with rows that are really missing; where a chain is whole, its end is remembered. */
async function judged(env: Env, deployment: Deployment, answers: readonly Answered[]): Promise<AuditPart> {
  // Rows that have expired may go; and a row may just have come to another database than the one that was asked first.
  const listedFrom = firstEventIdAt(Date.now() - (deployment.indexDays - 1) * DAY_MS);
  const missing = answers.flatMap(({ entity, answer }) => answer.missing.filter((id) => id >= listedFrom).map((id) => ({ entity, id })));
  const found = await idsListed(
    databasesOf(env),
    missing.map(({ id }) => id),
  );
  const broken = answers.flatMap(({ entity, answer: { verification, problems } }): Broken[] => [
    ...(verification.intact
      ? []
      : [{ where: "history" as const, entity: entityName(entity), seq: verification.brokenAtSeq, reason: verification.reason }]),
    ...problems.map((problem): Broken => ({ where: "index", entity: entityName(entity), ...problem })),
  ]);
  const gone = missing
    .filter(({ id }) => !found.has(id))
    .map(({ entity, id }): Broken => ({
      where: "index",
      entity: entityName(entity),
      eventId: id,
      reason: "its row is gone from the index",
    }));
  await keepAnchors(env.DB, answers.flatMap(anchorOf), Date.now());
  const lines = answers.reduce((sum, { answer }) => sum + answer.verification.entries, 0);
  return { checked: { ...NOTHING_FOUND.checked, entities: answers.length, lines }, broken: [...broken, ...gone], next: null };
}

const anchorOf = ({ entity, answer: { verification, head } }: Answered): Anchor[] =>
  verification.intact && head.seq > 0 ? [{ kind: entity.kind, entityKey: entity.key, ...head }] : [];

/** Records that an earlier walk knew: all rows of one may have been taken away. */
async function ofAnchors(env: Env, deployment: Deployment, scope: Period, after: readonly [string, string]): Promise<AuditPart> {
  const anchors = await anchorsAfter(env.DB, after, LIMITS.auditAnchors);
  const asked = anchors.map(({ kind, entityKey }): Asked => ({ entity: { kind, key: entityKey } as EntityRef, rows: [] }));
  // Every line of the period is told as one without a row here; those that have one are found by their ids.
  const part = await judged(env, deployment, await askAll(env, asked, scope));
  const last = anchors.length < LIMITS.auditAnchors ? undefined : anchors.at(-1);
  const next: AuditCursor =
    last === undefined ? { at: "actions", seq: 0, hash: "0".repeat(64) } : { at: "anchors", after: [last.kind, last.entityKey] };
  return { ...part, next };
}

async function ofEntity(env: Env, deployment: Deployment, entity: EntityRef): Promise<AuditPart> {
  // As if everything had long had time to reach the index: so the first answer names every event that has a line.
  const [first] = await askAll(env, [{ entity, rows: [] }], { fromId: "", toId: "~" }, Number.MAX_SAFE_INTEGER);
  const rows = await rowsByIds(databasesOf(env), [...new Set(first?.answer.missing ?? [])]);
  const fresh = await askAll(env, [{ entity, rows }], { fromId: "", toId: "~" });
  const part = await judged(env, deployment, fresh);
  return { ...part, checked: { ...part.checked, rows: rows.length } };
}

/** The chain of operators' actions, and its list in the index, from the chain's side. */
async function ofActions(env: Env, from: { readonly seq: number; readonly hash: string }): Promise<AuditPart> {
  const log = auditLog(env);
  const entries = await log.page(from.seq, LIMITS.pageItems);
  const last = entries.at(-1);
  const isEnd = entries.length < LIMITS.pageItems;
  const head = isEnd ? await log.head() : { seq: last?.seq ?? 0, hash: last?.hash ?? "" };
  const chain = verifyChain(entries, { from, to: head, later: await log.erasures() }, sha256Hex);
  const listed = new Map(
    (
      await actionsByIds(
        env.DB,
        entries.map(({ eventId }) => eventId),
      )
    ).map((action) => [action.id, action]),
  );
  const broken = entries.flatMap((entry): Broken[] => {
    const row = listed.get(entry.eventId);
    const wrong = row === undefined ? "it is gone from the list" : columnThatDiffers(actionOf(entry), row);
    const isLate = row === undefined && entry.atMs > Date.now() - LIMITS.indexBehindMs;
    if (wrong === null || isLate) return [];
    return [
      {
        where: "actions",
        seq: entry.seq,
        actionId: entry.eventId,
        reason: row === undefined ? wrong : `the list's ${wrong} is not what the chain says`,
      },
    ];
  });
  const own: Broken[] = chain.intact ? [] : [{ where: "actions", seq: chain.brokenAtSeq, reason: chain.reason }];
  const next: AuditCursor = isEnd || last === undefined ? { at: "listed", after: "" } : { at: "actions", seq: last.seq, hash: last.hash };
  return { checked: { ...NOTHING_FOUND.checked, actions: entries.length }, broken: [...own, ...broken], next };
}

/** The list of actions, from the list's side: none may be there that the chain does not have, but what is older than the chain. */
async function ofListed(env: Env, after: string): Promise<AuditPart> {
  const log = auditLog(env);
  const rows = await actionsAfter(env.DB, after, LIMITS.pageItems);
  const [chained, [first]] = await Promise.all([log.find(rows.map(({ id }) => id)), log.page(0, 1)]);
  const known = new Set(chained.map(({ eventId }) => eventId));
  const broken = rows
    .filter(({ id, atMs, seq }) => !known.has(id) && (seq !== null || atMs >= (first?.atMs ?? Number.POSITIVE_INFINITY)))
    .map(({ id }): Broken => ({ where: "actions", actionId: id, reason: "the chain does not have it" }));
  const last = rows.length < LIMITS.pageItems ? undefined : rows.at(-1);
  return { checked: NOTHING_FOUND.checked, broken, next: last === undefined ? null : { at: "listed", after: last.id } };
}
