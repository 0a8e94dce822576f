import { isJsonObject, parseJson, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type ResponseSeen, type Session } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import { classOfRow, fieldsNamed, refusalOf } from "./errors.ts";
import { change } from "./records.ts";
import type { Settings } from "./settings.ts";
import type { Table } from "./tables.ts";

interface Import {
  readonly delivery: Delivery;
  readonly table: Table;
  readonly staging: string;
  /** By the target's columns. */
  readonly row: JsonObject;
}

/**
 * Puts one row through a staging table's transform map, which updates the record that it coalesces with, else inserts.
 * The answer is 201 whatever becomes of the row: `status` of each result says that, and the worst decides.
 */
export async function importRow(session: Session<Settings>, work: Import): Promise<Outcome | "ignored" | "duplicate"> {
  const { delivery, staging, table, row } = work;
  const body = Object.fromEntries(Object.entries(row).map(([column, value]) => [stagingColumn(column), value]));
  const answer = await session.send(change("POST", `${session.baseUrl}/import/${staging}`, traceHeaders(delivery), body));
  if (!answer.ok) return answer.failure;
  if (answer.value.status >= 300) return refusalOf(answer.value, table);
  const results = resultsIn(answer.value);
  const refused = results.find(({ status }) => status === "error");
  if (refused !== undefined) return refusedRow(answer.value, refused, work);
  const done = results.find(({ status }) => status === "inserted" || status === "updated");
  if (done !== undefined) return appliedRow(done);
  if (results.some(({ status }) => status === "ignored")) return "ignored";
  return failure("ambiguous", "the answer says success, but not what became of the row");
}

const stagingColumn = (column: string): string => (column.startsWith("u_") ? column : `u_${column}`);

function resultsIn({ body }: ResponseSeen): readonly JsonObject[] {
  const parsed = parseJson(body);
  return parsed.ok && isJsonObject(parsed.value) ? objectsIn(parsed.value["result"]) : [];
}

function appliedRow(row: JsonObject): Outcome {
  const id = textOf(row["target_sys_id"]) || /\/([0-9a-f]{32})$/.exec(textOf(row["record_link"]))?.[1] || textOf(row["sys_id"]);
  if (id === "") return failure("ambiguous", "the answer says success, but names no record");
  const number = row["display_name"] === "number" ? textOf(row["display_value"]) : "";
  return { kind: "applied", duplicate: false, remote: { id, ...(number === "" ? {} : { number }) } };
}

function refusedRow(response: ResponseSeen, row: JsonObject, { table, staging }: Import): Failed | "duplicate" {
  const message = textOf(row["status_message"]) || textOf(row["error_message"]) || "no reason given";
  const is = classOfRow(response, message);
  if (is === "duplicate") return is;
  const fields = fieldsNamed(message, table).map(({ field }) => ({ field, message: cleanText(message) }));
  return { ...failure(is, `the transform map of ${staging} refused the row: ${message}`), ...(fields.length === 0 ? {} : { fields }) };
}

const textOf = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");

const failure = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail: cleanText(detail) });
