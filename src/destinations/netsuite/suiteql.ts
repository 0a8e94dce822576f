import { serverNowMs } from "../../connection/server-clock.ts";
import { toCanonical, put } from "../../domain/field-pairs.ts";
import { isJsonObject, parseJson, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { timeToken } from "../../domain/order.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, RecordRef, RemoteState, ResponseSeen, Session } from "../define.ts";
import { failureOf } from "./errors.ts";
import { externalIdOf, keyOf } from "./external-id.ts";
import { isKind, columnOf, shapeOf, type Shape } from "./records.ts";
import type { Settings } from "./settings.ts";

const MOST_ROWS = 1000;
const SQL_TIME = "'YYYY-MM-DD HH24:MI:SS'";

/** The record as SuiteQL tells it, in canonical words. */
export async function read(ref: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  if (!isKind(ref.kind)) return fail({ kind: "failed", class: "config", detail: `NetSuite keeps no ${ref.kind} here` });
  const { settings } = session;
  const shape = shapeOf(ref.kind, settings);
  const byId = ref.by === "id" || shape.own;
  if (byId && !/^\d+$/.test(ref.value)) return ok("absent");
  const where = byId ? `t.id = ${ref.value}` : `t.externalid = ${text(await externalIdOf(ref.value, settings.externalIdCharacters))}`;
  const rows = await query(`${selectOf(shape)} WHERE ${[shape.where, where].filter(Boolean).join(" AND ")}`, shape, session, 2);
  if (!rows.ok) return rows;
  const [row] = rows.value.items;
  if (row === undefined) return ok("absent");
  const state = stateOf(row, shape, settings);
  if (state === null) return fail(notRows);
  return state.data.ok
    ? ok({ ...state, data: state.data.value, key: byId ? state.key : ref.value })
    : fail({ kind: "failed", class: "business", detail: state.data.failure });
}

const CURSOR = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})\|(\d+)$/;

/** One page by keyset on (lastmodifieddate, id), since pages by offset shift when a row changes. Whole seconds. */
export async function page(wanted: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const place = wanted.cursor === null ? null : CURSOR.exec(wanted.cursor);
  if (wanted.cursor !== null && place === null) return ok("restart");
  const { settings } = session;
  const shape = shapeOf(wanted.kind, settings);
  const [, stamp, id] = place ?? [];
  const at = (seconds: number): string => timestamp(localTime(seconds * 1000, settings));
  const conditions = [
    ...(shape.where === undefined ? [] : [shape.where]),
    ...(wanted.fromMs === null ? [] : [`t.lastmodifieddate >= ${at(Math.floor(wanted.fromMs / 1000))}`]),
    `t.lastmodifieddate < ${at(Math.ceil(wanted.untilMs / 1000))}`,
    ...(stamp === undefined || id === undefined
      ? []
      : [`(t.lastmodifieddate > ${timestamp(stamp)} OR (t.lastmodifieddate = ${timestamp(stamp)} AND t.id > ${id}))`]),
  ];
  const sql = `${selectOf(shape)} WHERE ${conditions.join(" AND ")} ORDER BY t.lastmodifieddate, t.id`;
  const rows = await query(sql, shape, session, Math.min(wanted.limit, MOST_ROWS));
  if (!rows.ok) return rows;
  const { items, hasMore, serverNowMs } = rows.value;
  const states = items.map((row) => stateOf(row, shape, settings)).filter((state) => state !== null);
  const last = items.at(-1);
  if (states.length < items.length) return fail(notRows);
  return ok({
    // A record that cannot be understood is told of without data, so that it stops no run and shows as a difference.
    records: states.map(({ data, ...state }) => ({ ...state, data: data.ok ? data.value : {} })),
    nextCursor: hasMore && last !== undefined ? `${scalarText(last["modified"])}|${scalarText(last["recordid"])}` : null,
    serverNowMs,
  });
}

interface Rows {
  readonly items: readonly JsonObject[];
  readonly hasMore: boolean;
  readonly serverNowMs: number | null;
}

async function query(sql: string, shape: Shape, session: Session<Settings>, limit: number): Promise<Result<Rows, Failed>> {
  const answer = await session.send({
    method: "POST",
    url: `${session.baseUrl}/services/rest/query/v1/suiteql?limit=${limit}&offset=0`,
    headers: { accept: "application/json", "content-type": "application/json", "user-agent": "signalbox", prefer: "transient" },
    body: JSON.stringify({ q: sql }),
    reads: true,
  });
  return answer.ok ? rowsOf(answer.value, shape) : answer;
}

function rowsOf(response: ResponseSeen, shape: Shape): Result<Rows, Failed> {
  if (response.status !== 200) return fail(readFailure(response, shape));
  const parsed = parseJson(response.body);
  const { items, hasMore } = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  if (!Array.isArray(items)) return fail(notRows);
  return ok({ items: objectsIn(items), hasMore: hasMore === true, serverNowMs: serverNowMs(response) });
}

/** A query that is refused names a column or right that this account does not have. */
function readFailure(response: ResponseSeen, shape: Shape): Failed {
  const failure = failureOf(response, shape);
  if (failure === "duplicate") return notRows;
  return failure.class === "business" ? { ...failure, class: "config" } : failure;
}

const notRows: Failed = { kind: "failed", class: "transient", detail: "the answer is no list of rows" };

/** The REST paths that are read, each with its expression. */
function readPaths(shape: Shape): readonly { readonly path: string; readonly sql: string }[] {
  const paths = shape.pairs.flatMap((each) => {
    if (each.way === "out") return [];
    const isDate = each.as === "day" || each.as === "time";
    return [{ path: each.at, isDate }, ...(each.currencyAt === undefined ? [] : [{ path: each.currencyAt, isDate: false }])];
  });
  const unique = new Map(paths.map((each) => [each.path, each]));
  return [...unique.values()].flatMap(({ path, isDate }) => {
    const column = columnOf(shape, path);
    // Without a form, dates come as the user's preferences have them.
    return column === null ? [] : [{ path, sql: isDate ? `TO_CHAR(${column}, ${SQL_TIME})` : column }];
  });
}

function selectOf(shape: Shape): string {
  const fields = readPaths(shape).map(({ sql }, at) => `${sql} AS f${at}`);
  const own = ["t.id AS recordid", "t.externalid AS externalkey", `TO_CHAR(t.lastmodifieddate, ${SQL_TIME}) AS modified`];
  return `SELECT ${[...own, ...fields].join(", ")} FROM ${shape.from}`;
}

/** A row as the record that REST would have: what is nothing is left out of a row. Null if it is none. */
function stateOf(
  row: JsonObject,
  shape: Shape,
  settings: Settings,
): (Omit<RemoteState, "data"> & { data: Result<JsonObject, string> }) | null {
  const [id, externalId, modified] = ["recordid", "externalkey", "modified"].map((name) => scalarText(row[name]));
  const modifiedAtMs = Date.parse(utcTime(modified ?? "", settings));
  if (id === undefined || Number.isNaN(modifiedAtMs)) return null;
  const record: Record<string, JsonValue> = {};
  for (const [at, { path }] of readPaths(shape).entries()) {
    const value = scalarText(row[`f${at}`]);
    const seen = value === undefined ? undefined : asRest(value, path, shape);
    if (seen !== undefined) put(record, path, seen);
  }
  const data = toCanonical(shape.readAs, record, shape.pairs);
  const number = data.ok ? scalarText(data.value["number"]) : undefined;
  return {
    remote: { id, version: String(modifiedAtMs), ...(number === undefined ? {} : { number }) },
    key: shape.own ? id : externalId === undefined ? null : keyOf(externalId),
    order: timeToken(modifiedAtMs),
    modifiedAtMs,
    deleted: false,
    data,
  };
}

/** A reference by our key again, a status without its type (`SalesOrd:B`), a checkbox (T) as a boolean where it is one, a date in ISO form. */
function asRest(value: string, path: string, shape: Shape): JsonValue | undefined {
  const each = shape.pairs.find(({ at, way }) => at === path && way !== "out");
  if (shape.byExternalId.some((reference) => reference.path === path)) return keyOf(value) ?? undefined;
  if (each?.as === "word") return value.replace(/^\w+:/, "");
  if (each?.as === "boolean") return value === "T";
  if (each?.as === "day" || each?.as === "time") return `${value.replace(" ", "T")}Z`;
  return value;
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const timestamp = (local: string): string => `TO_TIMESTAMP(${text(local)}, ${SQL_TIME})`;

const localTime = (ms: number, { timeZoneOffsetMinutes }: Settings): string =>
  new Date(ms + timeZoneOffsetMinutes * 60_000).toISOString().slice(0, 19).replace("T", " ");

const utcTime = (local: string, { timeZoneOffsetMinutes }: Settings): string => {
  const ms = Date.parse(`${local.replace(" ", "T")}Z`);
  return Number.isNaN(ms) ? "" : new Date(ms - timeZoneOffsetMinutes * 60_000).toISOString();
};
