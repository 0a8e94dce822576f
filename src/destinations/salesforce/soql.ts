import { toCanonical } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, RecordRef, RemoteState, Session } from "../define.ts";
import { heldLines, linesTold } from "./lines.ts";
import { isKind, shapeOf, type Shape } from "./objects.ts";
import { notRecords, query, text, type Rows } from "./query.ts";
import type { Settings } from "./settings.ts";

/** More than this comes in several batches. */
const MOST_ROWS = 2000;

/** The one record that a reference names, as Salesforce tells it; two of one key are a `business` failure. */
export async function find(ref: RecordRef, session: Session<Settings>): Promise<Result<JsonObject | "absent", Failed>> {
  const shape = shapeOf(ref.kind, session.settings);
  const field = ref.by === "id" ? "Id" : shape.keyField;
  // An id of another form is refused as a malformed query, and names no record.
  if (field === "Id" && !/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/.test(ref.value)) return ok("absent");
  const rows = await query("query", `${selectOf(shape)} WHERE ${field} = ${text(ref.value)} LIMIT 2`, shape, session);
  if (!rows.ok) return rows;
  const [first, second] = rows.value.records;
  if (second !== undefined) return fail({ kind: "failed", class: "business", detail: `several records hold ${field} ${ref.value}` });
  return ok(first ?? "absent");
}

/** The record in canonical words. */
export async function read(ref: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  if (!isKind(ref.kind)) return fail({ kind: "failed", class: "config", detail: `Salesforce keeps no ${ref.kind} here` });
  const found = await find(ref, session);
  if (!found.ok) return found;
  if (found.value === "absent") return ok("absent");
  const shape = shapeOf(ref.kind, session.settings);
  const data = toCanonical(shape.kind, found.value, shape.pairs);
  const state = stateOf(found.value, shape);
  if (!data.ok) return fail({ kind: "failed", class: "business", detail: data.failure });
  if (state === null) return fail(notRecords);
  const whole = await withLines([{ ...state, data: data.value }], shape, session);
  return whole.ok ? ok(whole.value[0] ?? { ...state, data: data.value }) : whole;
}

/** Orders with their lines, where these are switched on. */
async function withLines(
  states: readonly RemoteState[],
  shape: Shape,
  session: Session<Settings>,
): Promise<Result<readonly RemoteState[], Failed>> {
  const { lines, currency = "" } = session.settings;
  const orders = new Map(states.flatMap(({ remote, key, deleted }) => (key === null || deleted ? [] : [[remote.id, key] as const])));
  if (lines === undefined || shape.kind !== "order" || orders.size === 0) return ok(states);
  const held = await heldLines(orders, shape, session);
  if (!held.ok) return held;
  return ok(
    states.map((state) => {
      const told = linesTold(held.value.get(state.remote.id) ?? new Map(), currency);
      return told.length === 0 ? state : { ...state, data: { ...state.data, lines: told } };
    }),
  );
}

const CURSOR = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z)\|([A-Za-z0-9]{15,18})$/;

/**
 * One page by keyset on (SystemModstamp, Id), deleted records included. SystemModstamp moves with every change, which
 * LastModifiedDate does not. Whole seconds.
 */
export async function page(query_: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const { kind, fromMs, untilMs, cursor } = query_;
  const place = cursor === null ? null : CURSOR.exec(cursor);
  if (cursor !== null && place === null) return ok("restart");
  const shape = shapeOf(kind, session.settings);
  const limit = Math.min(query_.limit, MOST_ROWS);
  const [, stamp, id] = place ?? [];
  const conditions = [
    ...(fromMs === null ? [] : [`SystemModstamp >= ${time(Math.floor(fromMs / 1000))}`]),
    `SystemModstamp < ${time(Math.ceil(untilMs / 1000))}`,
    ...(stamp === undefined || id === undefined ? [] : [`(SystemModstamp > ${stamp} OR (SystemModstamp = ${stamp} AND Id > ${text(id)}))`]),
  ];
  const soql = `${selectOf(shape)} WHERE ${conditions.join(" AND ")} ORDER BY SystemModstamp, Id LIMIT ${limit}`;
  const answer = await query("queryAll", soql, shape, session);
  if (!answer.ok) return answer;
  const told = pageOf(answer.value, shape, limit);
  if (!told.ok) return told;
  const records = await withLines(told.value.records, shape, session);
  return records.ok ? ok({ ...told.value, records: records.value }) : records;
}

function pageOf({ records, done, serverNowMs }: Rows, shape: Shape, limit: number): Result<ChangePage, Failed> {
  const states = records.map((record) => {
    const data = toCanonical(shape.kind, record, shape.pairs);
    const state = stateOf(record, shape);
    // A record that cannot be understood is told of without data, so that it stops no run and shows as a difference.
    return state === null ? null : { ...state, data: data.ok ? data.value : {} };
  });
  const whole = states.filter((state) => state !== null);
  if (whole.length < states.length) return fail(notRecords);
  const last = whole.at(-1);
  const more = last !== undefined && (!done || records.length >= limit);
  return ok({
    records: whole,
    nextCursor: more ? `${time(Math.floor((last.modifiedAtMs ?? 0) / 1000))}|${last.remote.id}` : null,
    serverNowMs,
  });
}

function selectOf(shape: Shape): string {
  const named = shape.pairs.flatMap(({ at, currencyAt, way }) => (way === "out" ? [] : currencyAt === undefined ? [at] : [at, currencyAt]));
  return `SELECT ${[...new Set(["Id", shape.keyField, "SystemModstamp", "IsDeleted", ...named])].join(", ")} FROM ${shape.object}`;
}

function stateOf(record: JsonObject, shape: Shape): Omit<RemoteState, "data"> | null {
  const id = scalarText(record["Id"]);
  const modifiedAtMs = Date.parse(scalarText(record["SystemModstamp"]) ?? "");
  if (id === undefined || Number.isNaN(modifiedAtMs)) return null;
  const number = shape.pairs.find(({ field }) => field === "number");
  const known = number === undefined ? undefined : scalarText(readPath(record, number.at));
  return {
    remote: { id, version: String(modifiedAtMs), ...(known === undefined ? {} : { number: known }) },
    key: scalarText(record[shape.keyField]) ?? null,
    order: timeToken(modifiedAtMs),
    modifiedAtMs,
    deleted: record["IsDeleted"] === true,
  };
}

const time = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
