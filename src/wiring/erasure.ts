import { blankBodies, readBodies, rewriteBelow } from "../adapters/erasable-bodies.ts";
import {
  erasedStates,
  eraseEvent,
  eraseLetters,
  eraseLinks,
  lettersOf,
  recordsHolding,
  siblingsOf,
  statesOf,
  tracesAfter,
  valuesIn,
  writeStates,
  type EventTrace,
} from "../adapters/erasable-rows.ts";
import { databasesOf } from "../adapters/event-databases.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { RouterConfig } from "../domain/config.ts";
import type { EntityKind } from "../domain/entities/index.ts";
import { pendingPrefix, type PendingRow } from "../domain/exporting.ts";
import type { EventDetail } from "../domain/audit-record.ts";
import { addCounts, withRecords, type ErasedCounts, type ErasureProgress, type Subject } from "../domain/erasure/erasure.ts";
import { impersonal, spellings } from "../domain/erasure/redact.ts";
import { firstEventIdAt, ulid } from "../domain/event-id.ts";
import { entityName } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import type { EntityRef } from "../domain/kin.ts";
import { LIMITS } from "../domain/limits.ts";
import { auditLog } from "./operator-action.ts";

/** One erasure as its steps know it: the subject itself comes with each call and is kept nowhere. */
export interface Erasing {
  readonly env: Env;
  readonly config: RouterConfig;
  readonly id: string;
  readonly digest: string;
  readonly subject: Subject;
  readonly dryRun: boolean;
}

/** Does a bounded step. Done again after a crash it does the same, and finds the less to do. */
export async function eraseStep(erasing: Erasing, progress: ErasureProgress): Promise<ErasureProgress> {
  switch (progress.phase) {
    case "find":
      return findRecords(erasing, progress);
    case "records":
      return eraseRecord(erasing, progress);
    case "events":
      return eraseEvents(erasing, progress);
    case "done":
      return progress;
  }
}

/** A page of events of all databases by id, and the last id up to which none of them has more. */
async function pageOf(
  env: Env,
  afterId: string,
): Promise<{ readonly pages: readonly (readonly EventTrace[])[]; readonly next: string | null }> {
  const read = await Promise.all(databasesOf(env).map((db) => tracesAfter(db, afterId, LIMITS.erasureRows)));
  const full = read.filter((rows) => rows.length === LIMITS.erasureRows).map((rows) => rows.at(-1)?.id ?? "");
  const upTo = full.length === 0 ? null : full.reduce((least, id) => (id < least ? id : least));
  return { pages: read.map((rows) => rows.filter(({ id }) => upTo === null || id <= upTo)), next: upTo };
}

const utf8 = new TextDecoder();

/** Those of the rows whose body, or what was said of them, holds the e-mail address in one of its spellings. */
async function holding({ env, subject }: Erasing, rows: readonly EventTrace[]): Promise<ReadonlySet<string>> {
  if (subject.kind !== "email") return new Set();
  const sought = spellings(subject.email.trim());
  const bodies = await readBodies(
    env.BODIES,
    rows.flatMap(({ rawRef }) => rawRef ?? []),
  );
  const has = (text: string): boolean => sought.some((each) => text.toLowerCase().includes(each));
  const found = rows.filter(({ rawRef, detail }) => has(detail) || has(utf8.decode(bodies.get(rawRef ?? "") ?? new Uint8Array())));
  return new Set(found.map(({ id }) => id));
}

async function findRecords(erasing: Erasing, progress: ErasureProgress): Promise<ErasureProgress> {
  const { env, subject } = erasing;
  const { pages, next } = await pageOf(env, progress.afterId);
  const rows = pages.flat();
  const held = await holding(erasing, rows);
  const ofEvents = rows.filter(({ id }) => held.has(id)).flatMap((row) => entityOf(row) ?? []);
  const sought = subject.kind === "email" ? spellings(subject.email.trim()) : [];
  const ofStates = progress.afterId === "" ? (await Promise.all(databasesOf(env).map((db) => recordsHolding(db, sought)))).flat() : [];
  const found = withRecords(progress, [...ofEvents, ...ofStates]);
  return next === null ? { ...found, phase: "records", afterId: "" } : { ...found, afterId: next };
}

const entityOf = ({ kind, entityKey }: EventTrace): EntityRef | null =>
  kind === null || entityKey === null ? null : ({ kind, key: entityKey } as EntityRef);

/** One record: its history and work in its object and those of its other names, and all that the index knows of it. */
async function eraseRecord(erasing: Erasing, progress: ErasureProgress): Promise<ErasureProgress> {
  const named = progress.records[progress.recordsDone];
  if (named === undefined) return { ...progress, phase: "events", afterId: "" };
  const known = withRecords(progress, await namesOf(erasing.env, named));
  const history = await eraseHistory(erasing, named);
  if (history === null) return known;
  const { count, values } = await eraseStates(erasing, named);
  const reasons = await eraseReasons(erasing, values);
  const states = count + (await erasePending(erasing, named));
  return {
    ...known,
    recordsDone: known.recordsDone + 1,
    counts: addCounts(known.counts, { records: 1, ...history, lines: history.lines + reasons, states }),
  };
}

/** The record's other names: each has an object, with what came under it. */
async function namesOf(env: Env, entity: EntityRef): Promise<readonly EntityRef[]> {
  const { kin } = await env.ENTITY.getByName(entityName(entity)).state();
  return [...(kin.movedTo === undefined ? [] : [kin.movedTo]), ...Object.keys(kin.aliases).map((key) => ({ kind: entity.kind, key }))];
}

const eraseHistory = ({ env, id, digest, dryRun }: Erasing, entity: EntityRef): Promise<{ lines: number; work: number } | null> =>
  env.ENTITY.getByName(entityName(entity)).erase({ id, subject: digest }, dryRun);

interface StatesErased {
  readonly count: number;
  /** The personal values that they held. */
  readonly values: readonly string[];
}

async function eraseStates({ env, subject, dryRun }: Erasing, entity: EntityRef): Promise<StatesErased> {
  let count = 0;
  const all = new Set<string>();
  for (const db of databasesOf(env)) {
    const states = await statesOf(db, entity);
    const values = [...valuesIn(entity.kind, states), ...(subject.kind === "email" ? [subject.email] : [])];
    const erased = erasedStates(entity.kind, states, values);
    for (const value of values) all.add(value);
    count += erased.length;
    if (dryRun) continue;
    await writeStates(db, erased);
    await eraseLinks(db, values);
  }
  return { count, values: [...all] };
}

/** What operators wrote as their reasons, where it names the person. */
const eraseReasons = async ({ env, id, digest, dryRun }: Erasing, values: readonly string[]): Promise<number> => {
  const line = { id: `act_${ulid(Date.now(), crypto.getRandomValues(new Uint8Array(16)))}`, atMs: Date.now() };
  return values.length === 0 ? 0 : auditLog(env).erase({ erasure: { id, subject: digest }, values, line, dryRun });
};

/** Rows that wait for the file that they will be exported in. */
async function erasePending({ env, config, dryRun }: Erasing, { kind, key }: EntityRef): Promise<number> {
  let count = 0;
  for (const [destination, { via }] of Object.entries(config.destinations)) {
    if (via === undefined || !("bucket" in via)) continue;
    const bucket = (env as unknown as Readonly<Record<string, R2Bucket | undefined>>)[via.bucket];
    const prefix = `${pendingPrefix({ destination, kind })}${sha256Hex(key)}/`;
    if (bucket !== undefined) count += await rewriteBelow(bucket, prefix, impersonalRow, dryRun);
  }
  return count;
}

function impersonalRow(text: string): string {
  const row = JSON.parse(text) as PendingRow;
  return JSON.stringify({ ...row, data: impersonal(row.kind as EntityKind, row.data) });
}

/** A page of events: of the subject's records, or with a body that names the subject. */
async function eraseEvents(erasing: Erasing, progress: ErasureProgress): Promise<ErasureProgress> {
  const { pages, next } = await pageOf(erasing.env, progress.afterId);
  const names = new Set(progress.records.map(entityName));
  let counts = progress.counts;
  for (const [index, rows] of pages.entries()) {
    const db = databasesOf(erasing.env)[index];
    const held = await holding(erasing, rows);
    const own = rows.filter(
      (row) => held.has(row.id) || [entityOf(row), aliasOf(row)].some((entity) => entity !== null && names.has(entityName(entity))),
    );
    if (db !== undefined && own.length > 0) counts = addCounts(counts, await eraseRows(erasing, db, own));
  }
  return next === null ? { ...progress, counts, phase: "done" } : { ...progress, counts, afterId: next };
}

function aliasOf(row: EventTrace): EntityRef | null {
  const { alias } = JSON.parse(row.detail) as EventDetail;
  return alias === undefined || row.kind === null ? null : ({ kind: row.kind, key: alias } as EntityRef);
}

async function eraseRows({ env, dryRun }: Erasing, db: D1Database, own: readonly EventTrace[]): Promise<Partial<ErasedCounts>> {
  const siblings = await Promise.all(
    own.filter(({ detail }) => (JSON.parse(detail) as EventDetail).part !== undefined).map((row) => partsOf(env, row)),
  );
  const letters = await lettersOf(
    db,
    own.map(({ id }) => id),
  );
  const references = [...own, ...siblings.flat(), ...letters].flatMap(({ rawRef }) => rawRef ?? []);
  const bodies = (await blankBodies(env.BODIES, [...new Set(references)], dryRun)) + (await eraseData(env, own, dryRun));
  if (!dryRun) {
    for (const row of own) await eraseEvent(db, row);
    await eraseLetters(db, letters);
  }
  return { events: own.length, bodies, letters: letters.length };
}

const partsOf = async (env: Env, row: EventTrace): Promise<readonly EventTrace[]> => {
  const ids = { from: firstEventIdAt(row.receivedAtMs), to: firstEventIdAt(row.receivedAtMs + 1) };
  return (await Promise.all(databasesOf(env).map((db) => siblingsOf(db, row, ids)))).flat();
};

/** Data too large for a message lies in an object of its own, which work that is still owed reads. */
async function eraseData({ BODIES }: Env, own: readonly EventTrace[], dryRun: boolean): Promise<number> {
  let count = 0;
  for (const row of own) {
    const entity = entityOf(row);
    const stored = entity === null ? null : await BODIES.get(`data/${row.id}`);
    if (entity === null || stored === null) continue;
    const before = await stored.text();
    const left = JSON.stringify(impersonal(entity.kind, JSON.parse(before) as JsonObject));
    if (left === before) continue;
    count++;
    if (!dryRun) await BODIES.put(`data/${row.id}`, left);
  }
  return count;
}
