import { literal, objectOf, quoted, rowsOf, withOptions } from "../../connection/odata-v4.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import type { TeamFields } from "../../domain/field-pairs.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { traceHeaders, type Delivery, type Failed, type RequestSpec, type ResponseSeen, type Session } from "../define.ts";
import { certainly, failureOf } from "./errors.ts";
import { columnsOf, decoded, expansionOf } from "./rows.ts";
import type { Table } from "./tables.ts";

export interface TalkSettings {
  readonly apiVersion: string;
  readonly keyColumn: string;
  readonly onDelete: "deactivate" | "delete";
  readonly changeTracking: boolean;
  readonly lines?: { readonly skuColumn: string } | undefined;
  readonly onCreate: Readonly<Partial<Record<string, JsonObject>>>;
  readonly fields: Readonly<Partial<Record<EntityKind, TeamFields>>>;
}
export type Talk = Session<TalkSettings>;

const HEADERS = { accept: "application/json", "odata-version": "4.0", "odata-maxversion": "4.0" };

export const rootUrl = ({ baseUrl, settings }: Pick<Talk, "baseUrl" | "settings">): string => `${baseUrl}/api/data/v${settings.apiVersion}`;

/** A row by our key, as the table's alternate key. */
export const keyUrl = (session: Talk, { set }: Table, key: string): string =>
  `${rootUrl(session)}/${set}(${session.settings.keyColumn}=${literal(key)})`;

export const get = (session: Talk, url: string, prefer?: string): Promise<Result<ResponseSeen, Failed>> =>
  session.send({ method: "GET", url, headers: { ...HEADERS, "user-agent": "signalbox", ...(prefer === undefined ? {} : { prefer }) } });

/** A request of a delivery; the answer holds the row as it is afterwards. */
export const changing = (
  delivery: Delivery,
  request: { readonly method: "PATCH" | "POST" | "DELETE"; readonly url: string; readonly body?: JsonObject },
  condition: Readonly<Record<string, string>> = {},
): RequestSpec => ({
  method: request.method,
  url: request.url,
  headers: {
    ...traceHeaders(delivery),
    ...HEADERS,
    "content-type": "application/json",
    ...(request.method === "PATCH" ? { prefer: "return=representation" } : {}),
    ...condition,
  },
  ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
});

/** One row with what its lookups are known by, decoded. */
export async function readRow(session: Talk, table: Table, url: string): Promise<Result<JsonObject | "absent", Failed>> {
  const { keyColumn } = session.settings;
  const options = { $select: columnsOf(table, keyColumn), $expand: expansionOf(table, keyColumn) };
  const answer = await get(session, withOptions(url, options));
  if (!answer.ok) return answer;
  if (answer.value.status === 404 && !/resource not found for the segment/i.test(answer.value.body)) return ok("absent");
  const row = objectOf(answer.value);
  if (answer.value.status !== 200 || row === undefined) return fail(certainly(failureOf(answer.value, table)));
  return ok(decoded(row, table, keyColumn));
}

/** Ids of currencies by ISO code, for those that are asked for; a code that the organisation does not have is missing. */
export async function currencyIds(
  session: Talk,
  table: Table,
  codes: readonly string[],
): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  if (codes.length === 0) return ok(new Map());
  const url = withOptions(`${rootUrl(session)}/transactioncurrencies`, {
    $select: "transactioncurrencyid,isocurrencycode",
    $filter: codes.map((code) => `isocurrencycode eq ${quoted(code)}`).join(" or "),
  });
  const answer = await get(session, url);
  if (!answer.ok) return answer;
  const rows = rowsOf(answer.value);
  if (answer.value.status !== 200 || rows === undefined) return fail(certainly(failureOf(answer.value, table)));
  return ok(new Map(rows.map((row) => [scalarText(row["isocurrencycode"]) ?? "", scalarText(row["transactioncurrencyid"]) ?? ""])));
}
