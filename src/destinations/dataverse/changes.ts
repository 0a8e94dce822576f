import { linkOf, rowsOf, withOptions } from "../../connection/odata-v4.ts";
import { serverNowMs } from "../../connection/server-clock.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { NO_ORDER } from "../../domain/order.ts";
import { fail, ok, allOk, type Result } from "../../domain/result.ts";
import type { ChangePage, ChangeQuery, Failed, RemoteState } from "../define.ts";
import { certainly, failureOf } from "./errors.ts";
import { withLines } from "./lines.ts";
import { get, rootUrl, type Talk } from "./requests.ts";
import { columnsOf, decoded, nameColumn, stateOf } from "./rows.ts";
import { isTableKind, tableOf, type Reference, type Table } from "./tables.ts";

/**
 * One page of changes. With change tracking
 * (https://learn.microsoft.com/en-us/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems)
 * by the service's own links, deletions included; a delta link is taken for some days only (7 by default), and one that is
 * refused means: begin with all. Without tracking by `modifiedon`, whose next links hold the place by value.
 */
export async function page(query: ChangeQuery, session: Talk): Promise<Result<ChangePage | "restart", Failed>> {
  if (!isTableKind(query.kind)) return fail({ kind: "failed", class: "config", detail: `Dataverse keeps no ${query.kind} here` });
  const table = tableOf(query.kind, session.settings.fields);
  const { changeTracking } = session.settings;
  const set = `${rootUrl(session)}/${table.set}`;
  const place = query.cursor ?? (changeTracking ? query.token : null);
  if (place !== null && !place.startsWith(`${set}?`)) return ok("restart");
  const size = `odata.maxpagesize=${query.limit}`;
  const prefer = changeTracking && place === null ? `odata.track-changes,${size}` : size;
  const answer = await get(session, place ?? firstUrl(query, table, session), prefer);
  if (!answer.ok) return answer;
  if (place !== null && [400, 404, 410].includes(answer.value.status)) return ok("restart");
  const rows = rowsOf(answer.value);
  if (answer.value.status !== 200 || rows === undefined) return fail(certainly(failureOf(answer.value, table)));
  const states = await statesOf(rows, table, session);
  if (!states.ok) return states;
  const token = linkOf(answer.value, "deltaLink");
  return ok({
    records: states.value,
    nextCursor: linkOf(answer.value, "nextLink"),
    ...(token === null ? {} : { token }),
    serverNowMs: serverNowMs(answer.value),
  });
}

function firstUrl({ fromMs, untilMs }: ChangeQuery, table: Table, session: Talk): string {
  const $select = columnsOf(table, session.settings.keyColumn);
  const url = `${rootUrl(session)}/${table.set}`;
  if (session.settings.changeTracking) return withOptions(url, { $select });
  const from = fromMs === null ? [] : [`modifiedon ge ${new Date(fromMs).toISOString()}`];
  return withOptions(url, {
    $select,
    $filter: [...from, `modifiedon lt ${new Date(untilMs).toISOString()}`].join(" and "),
    $orderby: `modifiedon,${table.id}`,
  });
}

/** Rows as canonical states; what their lookups are known by is read per table, since tracking expands nothing. */
async function statesOf(rows: readonly JsonObject[], table: Table, session: Talk): Promise<Result<readonly RemoteState[], Failed>> {
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const reference of table.references) {
    const ids = new Set(rows.map((row) => scalarText(row[reference.column]) ?? "").filter((id) => id !== ""));
    const found = await namesOf([...ids], reference, table, session);
    if (!found.ok) return found;
    names.set(reference.navigation, found.value);
  }
  const { keyColumn } = session.settings;
  const named = rows.map((row) => (isDeletion(row) ? row : withNames(row, table, session, names)));
  const states = allOk(named.map((row) => (isDeletion(row) ? ok(deletionOf(row)) : stateOf(row, table, keyColumn))));
  return states.ok ? withLines(states.value, named, table, session) : states;
}

function withNames(row: JsonObject, table: Table, session: Talk, names: ReadonlyMap<string, ReadonlyMap<string, string>>): JsonObject {
  const { keyColumn } = session.settings;
  const expanded = table.references.flatMap((reference) => {
    const name = names.get(reference.navigation)?.get(scalarText(row[reference.column]) ?? "");
    return name === undefined ? [] : [[reference.navigation, { [nameColumn(reference, keyColumn)]: name }] as const];
  });
  return decoded({ ...row, ...Object.fromEntries(expanded) }, table, keyColumn);
}

/** An address must not grow without end. */
const IDS_A_REQUEST = 100;

async function namesOf(
  ids: readonly string[],
  reference: Reference,
  table: Table,
  session: Talk,
): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const column = nameColumn(reference, session.settings.keyColumn);
  const names = new Map<string, string>();
  for (let from = 0; from < ids.length; from += IDS_A_REQUEST) {
    const list = ids.slice(from, from + IDS_A_REQUEST).map((id) => `'${id}'`);
    const url = withOptions(`${rootUrl(session)}/${reference.set}`, {
      $select: `${reference.id},${column}`,
      $filter: `Microsoft.Dynamics.CRM.In(PropertyName='${reference.id}',PropertyValues=[${list.join(",")}])`,
    });
    const answer = await get(session, url);
    if (!answer.ok) return answer;
    const rows = rowsOf(answer.value);
    if (answer.value.status !== 200 || rows === undefined) return fail(certainly(failureOf(answer.value, table)));
    for (const row of rows) names.set(scalarText(row[reference.id]) ?? "", scalarText(row[column]) ?? "");
  }
  return ok(names);
}

const isDeletion = (row: JsonObject): boolean => scalarText(row["@odata.context"])?.endsWith("/$deletedEntity") === true;

/** All that is told of a deleted row is its id. */
const deletionOf = (row: JsonObject): RemoteState => ({
  remote: { id: scalarText(row["id"]) ?? "" },
  key: null,
  data: {},
  order: NO_ORDER,
  modifiedAtMs: null,
  deleted: true,
});
