import { put, toCanonical } from "../../domain/field-pairs.ts";
import { isJsonObject, parseJson, readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, RecordRef, RemoteState, RequestSpec, ResponseSeen, Session } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import { readRefusalOf } from "./errors.ts";
import type { Settings } from "./settings.ts";
import type { Table } from "./tables.ts";

/** More than two, since the database takes `a` and `A` for one and we do not. */
const ROWS_OF_ONE_KEY = 10;
const READ_HEADERS = { accept: "application/json", "user-agent": "signalbox" };
const failed = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail: cleanText(detail) });

/** The columns that every answer must hold, so that it can be read. */
export function columnsOf({ keyField, readPairs }: Table): string {
  const columns = readPairs.flatMap(({ at, currencyAt }) => (currencyAt === undefined ? [at] : [at, currencyAt]));
  return [...new Set(["sys_id", "sys_mod_count", "sys_updated_on", keyField, ...columns])].join(",");
}

/** A Table API address with raw values (UTC, no display words), no links and only the columns we read. */
export function tableUrl({ baseUrl }: Session<Settings>, table: Table, sysId = "", more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams({
    sysparm_fields: columnsOf(table),
    sysparm_display_value: "false",
    sysparm_exclude_reference_link: "true",
    ...more,
  });
  return `${baseUrl}/table/${table.name}${sysId === "" ? "" : `/${encodeURIComponent(sysId.toWellFormed())}`}?${query.toString()}`;
}

/** The rows that a query finds, and the answer that they came in. */
export async function query(
  session: Session<Settings>,
  table: Table,
  encoded: string,
  more: Readonly<Record<string, string>>,
): Promise<Result<{ readonly rows: readonly RemoteState[]; readonly answer: ResponseSeen }, Failed>> {
  const url = tableUrl(session, table, "", { sysparm_query: encoded, sysparm_no_count: "true", ...more });
  const answer = await session.send({ method: "GET", url, headers: READ_HEADERS });
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return fail(readRefusalOf(answer.value, table));
  const result = resultOf(answer.value);
  if (!Array.isArray(result)) return fail(failed("transient", "the answer is no list of records"));
  const rows: RemoteState[] = [];
  for (const each of result as readonly JsonValue[]) {
    const state = isJsonObject(each) ? stateOf(each, table) : fail("a row is no record");
    if (!state.ok) return fail(failed("business", state.failure));
    rows.push(state.value);
  }
  return ok({ rows, answer: answer.value });
}

/** A record by its key or sys_id. Two that hold one key are `business`: a person says which is right. */
export async function find(
  { by, value }: RecordRef,
  table: Table,
  session: Session<Settings>,
): Promise<Result<RemoteState | "absent", Failed>> {
  return by === "key" ? findByKey(value, table, session) : findById(value, table, session);
}

async function findByKey(key: string, table: Table, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  // A value that begins so is run as a script by the instance; line ends would end the condition.
  if (/^\s*javascript:|\p{Cc}/iu.test(key)) return fail(failed("business", "the key cannot be asked for in an encoded query"));
  const found = await query(session, table, `${table.keyField}=${key.replaceAll("^", "^^")}`, { sysparm_limit: String(ROWS_OF_ONE_KEY) });
  if (!found.ok) return found;
  const { rows } = found.value;
  // An instance ignores a condition on a column that it does not have, and answers with any rows.
  if (rows.some((row) => collated(row.key ?? "") !== collated(key)))
    return fail(
      failed("config", `the query on ${table.name}.${table.keyField} was ignored: the column does not exist, or may not be read`),
    );
  const [first, second] = rows.filter((row) => row.key === key);
  if (second !== undefined) {
    const detail = `${table.name} holds our key twice: ${first?.remote.id ?? ""} and ${second.remote.id}; merge them, or clear ${table.keyField} of one`;
    return fail(failed("business", detail));
  }
  return ok(first ?? "absent");
}

/** As the instance's database compares text, or more widely. */
const collated = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();

async function findById(id: string, table: Table, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  const answer = await session.send({ method: "GET", url: tableUrl(session, table, id), headers: READ_HEADERS });
  if (!answer.ok) return answer;
  const { status } = answer.value;
  // "No Record found": not there, or not for this user.
  if (status === 404 && /no record found/i.test(answer.value.body)) return ok("absent");
  if (status !== 200) return fail(readRefusalOf(answer.value, table));
  const state = recordIn(answer.value, table);
  return state.ok ? state : fail(failed("transient", state.failure));
}

/** The one record that an answer holds. */
export function recordIn(answer: ResponseSeen, table: Table): Result<RemoteState, string> {
  const result = resultOf(answer);
  return isJsonObject(result) ? stateOf(result, table) : fail("the answer holds no record");
}

function resultOf({ body }: ResponseSeen): JsonValue | undefined {
  const parsed = parseJson(body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value["result"] : undefined;
}

function stateOf(row: JsonObject, table: Table): Result<RemoteState, string> {
  const record = nested(row);
  const [id, version, key, updated] = ["sys_id", "sys_mod_count", table.keyField, "sys_updated_on"].map(
    (name) => scalarText(record[name]) ?? "",
  );
  if (!id) return fail("the record has no sys_id");
  const data = toCanonical(table.kind, record, table.readPairs);
  if (!data.ok) return fail(`${table.name} ${id}: ${data.failure}`);
  const modifiedAtMs = Date.parse(`${updated?.replace(" ", "T") ?? ""}Z`);
  const number = scalarText(readPath(data.value, "number"));
  return ok({
    remote: { id, ...(number === undefined ? {} : { number }), ...(version ? { version } : {}) },
    key: key || null,
    data: data.value,
    order: /^\d+$/.test(version ?? "") ? { kind: "int", value: version ?? "" } : { kind: "none" },
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  });
}

/** Columns of referenced records come as `account.name`, flat; empty ones say nothing. */
function nested(row: JsonObject): JsonObject {
  const record: Record<string, JsonValue> = {};
  for (const [column, value] of Object.entries(row)) if (value !== "") put(record, column, value);
  return record;
}

/** A request that changes something. */
export const change = (
  method: RequestSpec["method"],
  url: string,
  trace: Readonly<Record<string, string>>,
  body?: JsonObject,
): RequestSpec => ({
  method,
  url,
  headers: { ...trace, accept: "application/json", "content-type": "application/json" },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});
