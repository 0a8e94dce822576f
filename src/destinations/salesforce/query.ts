import { serverNowMs } from "../../connection/server-clock.ts";
import { isJsonObject, parseJson, type JsonObject } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, ResponseSeen, Session } from "../define.ts";
import { failureOf, listOf } from "./errors.ts";
import type { Shape } from "./objects.ts";
import type { Settings } from "./settings.ts";

const READ_HEADERS = { accept: "application/json", "user-agent": "signalbox" };

export interface Rows {
  readonly records: readonly JsonObject[];
  readonly done: boolean;
  readonly serverNowMs: number | null;
}

/** The rows of a query; a refusal is told in the words of the shape. */
export async function query(
  resource: "query" | "queryAll",
  soql: string,
  shape: Shape,
  session: Session<Settings>,
): Promise<Result<Rows, Failed>> {
  const url = `${session.baseUrl}/services/data/${session.settings.apiVersion}/${resource}?q=${encodeURIComponent(soql)}`;
  const answer = await session.send({ method: "GET", url, headers: READ_HEADERS });
  return answer.ok ? rowsOf(answer.value, shape) : answer;
}

function rowsOf(response: ResponseSeen, shape: Shape): Result<Rows, Failed> {
  const parsed = parseJson(response.body);
  const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
  const { records, done } = body;
  if (response.status !== 200) return fail(failureOf(response, shape));
  if (!Array.isArray(records)) return fail(notRecords);
  return ok({ records: listOf(records), done: done !== false, serverNowMs: serverNowMs(response) });
}

export const notRecords: Failed = { kind: "failed", class: "transient", detail: "the answer is no list of records" };

/** A SOQL string literal. */
export const text = (value: string): string =>
  `'${value.toWellFormed().replace(/[\\']/g, "\\$&").replace(/\r/g, "\\r").replace(/\n/g, "\\n")}'`;
