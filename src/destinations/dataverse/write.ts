import { converge } from "../../connection/converge.ts";
import { objectOf } from "../../connection/odata-v4.ts";
import { changedPart } from "../../domain/differences.ts";
import { toRemote } from "../../domain/field-pairs.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import type { Delivery, Failed, Outcome, RemoteRecord } from "../define.ts";
import { failureOf } from "./errors.ts";
import { bringLines, currencyOfLines, heldLines, linesWanted, stepsOfLines } from "./lines.ts";
import { changing, currencyIds, keyUrl, readRow, rootUrl, type Talk } from "./requests.ts";
import { encoded, isUsableKey, remoteOf, stateText } from "./rows.ts";
import { stepsTo, type Step } from "./steps.ts";
import { CURRENCY, LINES, STATE, isTableKind, tableOf, type Table } from "./tables.ts";

/**
 * Upsert by alternate key: `If-None-Match: *` where nothing was found, the ETag read where something was, so that neither
 * a second creator nor somebody's change meanwhile is run over. A record that is gone at its owner is deactivated, closed
 * or cancelled here, or deleted where the setting says so. Fields that a snapshot does not have stay as they are.
 */
export async function write(delivery: Delivery, session: Talk): Promise<Outcome> {
  const { kind, key } = delivery.entity;
  if (!isTableKind(kind)) return { kind: "failed", class: "config", detail: `Dataverse takes no ${kind} here` };
  if (!isUsableKey(key))
    return unwritable([{ field: session.settings.keyColumn, message: "an alternate key may not contain / < > * % & : \\ ? +" }]);
  const table = tableOf(kind, session.settings.fields);
  if (delivery.deleted && session.settings.onDelete === "delete") return remove(delivery, table, session);
  const body = toRemote(delivery.deleted ? table.ended : delivery.data, table.pairs, delivery.deleted ? [] : delivery.cleared);
  if (!body.ok) return unwritable(body.failure);
  const lines = linesWanted(delivery, session.settings);
  const values = inCurrencyOf(lines, withoutNullState(body.value));
  return converge<JsonObject>({
    find: () => readRow(session, table, keyUrl(session, table, key)),
    create: () => (delivery.deleted ? Promise.resolve(GONE) : create(delivery, table, session, { values, lines })),
    update: (row) => update(delivery, table, session, { row, values, lines }),
  });
}

const GONE: Outcome = { kind: "applied", duplicate: true };

/** A state cannot be nothing. */
const withoutNullState = (values: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(values).filter(([name, value]) => name !== STATE || value !== null));

/** An order that tells prices of lines and no total is in their currency. */
function inCurrencyOf(lines: readonly JsonObject[] | undefined, values: JsonObject): JsonObject {
  const currency = currencyOfLines(lines);
  return currency === undefined || values[CURRENCY.navigation] !== undefined ? values : { ...values, [CURRENCY.navigation]: currency };
}

/** The columns alone. */
const withoutState = (values: JsonObject): JsonObject => Object.fromEntries(Object.entries(values).filter(([name]) => name !== STATE));

interface Wanted {
  readonly values: JsonObject;
  readonly lines: readonly JsonObject[] | undefined;
}

async function create(delivery: Delivery, table: Table, session: Talk, { values, lines = [] }: Wanted): Promise<Outcome | "duplicate"> {
  const record = { ...session.settings.onCreate[table.kind], ...values };
  const columns = await columnsFor(session, table, record);
  if (!columns.ok) return columns.failure;
  const target = scalarText(values[STATE]) ?? null;
  // A row is made open; every other state is reached from there.
  const state = target?.startsWith("0/") === true ? stateColumns(target) : {};
  const request = { method: "PATCH", url: keyUrl(session, table, delivery.entity.key), body: { ...columns.value, ...state } } as const;
  const made = await changed(delivery, table, session, { request, condition: { "if-none-match": "*" } });
  if (made.kind !== "row") return made.is;
  return follow(delivery, table, session, {
    row: made.row,
    steps: stepsTo(table, stateText(made.row), target, lines.length === 0 ? {} : { [LINES]: lines }),
  });
}

async function update(
  delivery: Delivery,
  table: Table,
  session: Talk,
  { row, values, lines }: Wanted & { readonly row: JsonObject },
): Promise<Outcome | "duplicate"> {
  const target = scalarText(values[STATE]) ?? null;
  const changedLines = await linesToChange(row, lines, table, session);
  if (!changedLines.ok) return changedLines.failure;
  const steps = stepsTo(table, stateText(row), target, { ...changedPart(withoutState(values), row), ...changedLines.value });
  const done = await follow(delivery, table, session, { row, steps });
  return done === "duplicate" || done.kind === "failed" ? done : { ...done, duplicate: steps.length === 0 };
}

/** Lines as a change of their order, where they differ from those that it has. */
async function linesToChange(
  row: JsonObject,
  lines: readonly JsonObject[] | undefined,
  table: Table,
  session: Talk,
): Promise<Result<JsonObject, Failed>> {
  if (lines === undefined) return ok({});
  const id = scalarText(row[table.id]) ?? "";
  const held = await heldLines([id], table, session);
  if (!held.ok) return held;
  const { change, add, remove: gone } = stepsOfLines(held.value.get(id) ?? [], lines, session.settings.lines?.skuColumn ?? "");
  return ok(change.length + add.length + gone.length === 0 ? {} : { [LINES]: lines });
}

/** One step after the other, each with the ETag that the one before left. What stops half-way is gone on with at the next attempt. */
async function follow(
  delivery: Delivery,
  table: Table,
  session: Talk,
  { row, steps }: { readonly row: JsonObject; readonly steps: readonly Step[] },
): Promise<Outcome | "duplicate"> {
  let here = row;
  for (const step of steps) {
    if (step.do === "setLines") {
      const failed = await bringLines(delivery, scalarText(here[table.id]) ?? "", step.lines, { table, session });
      if (failed !== null) return failed;
      // Lines move their order on.
      const again = await readRow(session, table, keyUrl(session, table, delivery.entity.key));
      if (!again.ok) return again.failure;
      here = again.value === "absent" ? here : { ...here, ...again.value };
      continue;
    }
    const request = await requestOf(step, table, session, { row: here, key: delivery.entity.key });
    if (!request.ok) return request.failure;
    const etag = scalarText(here["@odata.etag"]);
    const condition = request.value.method === "POST" || etag === undefined ? {} : { "if-match": etag };
    const next = await changed(delivery, table, session, { request: request.value, condition });
    if (next.kind !== "row") return next.is;
    here = { ...here, ...next.row };
  }
  const remote = remoteOf(here, table);
  return remote === null
    ? { kind: "failed", class: "ambiguous", detail: "the answer says success but names no row" }
    : { kind: "applied", duplicate: false, remote: remote satisfies RemoteRecord };
}

interface ChangeRequest {
  readonly method: "PATCH" | "POST";
  readonly url: string;
  readonly body: JsonObject;
}

async function requestOf(
  step: Exclude<Step, { do: "setLines" }>,
  table: Table,
  session: Talk,
  { row, key }: { readonly row: JsonObject; readonly key: string },
): Promise<Result<ChangeRequest, Failed>> {
  const url = keyUrl(session, table, key);
  switch (step.do) {
    case "setColumns": {
      const columns = await columnsFor(session, table, step.values);
      return columns.ok ? { ok: true, value: { method: "PATCH", url, body: columns.value } } : columns;
    }
    case "setState":
      return { ok: true, value: { method: "PATCH", url, body: stateColumns(step.state) } };
    case "close":
      return { ok: true, value: closing(step.state, table, session, scalarText(row[table.id]) ?? "") };
  }
}

const stateColumns = (state: string): JsonObject => {
  const [statecode, statuscode] = state.split("/").map(Number);
  return { statecode: statecode ?? 0, ...(statuscode === undefined || Number.isNaN(statuscode) ? {} : { statuscode }) };
};

/** CloseIncident and its like: an activity that names the row, and the reason (https://learn.microsoft.com/en-us/dotnet/api/microsoft.crm.sdk.messages.closeincidentrequest). */
function closing(state: string, table: Table, session: Talk, id: string): ChangeRequest {
  const [code = "", reason] = state.split("/");
  const { action = "", parameter = "", activity = "", navigation = "" } = table.closings[code] ?? {};
  return {
    method: "POST",
    url: `${rootUrl(session)}/${action}`,
    body: {
      [parameter]: {
        "@odata.type": `Microsoft.Dynamics.CRM.${activity}`,
        subject: "Closed by the system that owns it",
        [`${navigation}@odata.bind`]: `/${table.set}(${id})`,
      },
      Status: Number(reason),
    },
  };
}

/** Columns as the Web API takes them. A currency that the organisation does not have is for a person to add. */
async function columnsFor(session: Talk, table: Table, values: JsonObject): Promise<Result<JsonObject, Failed>> {
  const currency = table.references.find(({ to }) => to === null);
  const code = currency === undefined ? undefined : scalarText(values[currency.navigation]);
  const currencies = await currencyIds(session, table, code === undefined ? [] : [code]);
  if (!currencies.ok) return currencies;
  if (code !== undefined && !currencies.value.has(code)) {
    const field = table.pairs.find(({ at, currencyAt }) => [at, currencyAt].includes(currency?.navigation))?.field ?? "currency";
    return { ok: false, failure: unwritable([{ field, message: `the organisation has no currency ${code}; add it there first` }]) };
  }
  return { ok: true, value: encoded(values, table, { keyColumn: session.settings.keyColumn, currencies: currencies.value }) };
}

type Changed = { readonly kind: "row"; readonly row: JsonObject } | { readonly kind: "not"; readonly is: Failed | "duplicate" };

async function changed(
  delivery: Delivery,
  table: Table,
  session: Talk,
  { request, condition }: { readonly request: ChangeRequest; readonly condition: Readonly<Record<string, string>> },
): Promise<Changed> {
  const answer = await session.send(changing(delivery, request, condition));
  if (!answer.ok) return { kind: "not", is: answer.failure };
  const { status } = answer.value;
  // An action answers without a body.
  if (status === 204 && request.method === "POST") return { kind: "row", row: {} };
  if (status === 404 && condition["if-match"] !== undefined && namesItself(answer.value.body, table))
    return { kind: "not", is: { kind: "failed", class: "conflict", detail: "the row was deleted while it was written" } };
  if (status !== 200 && status !== 201) return { kind: "not", is: failureOf(answer.value, table) };
  const row = objectOf(answer.value);
  return row !== undefined && scalarText(row[table.id]) !== undefined
    ? { kind: "row", row }
    : { kind: "not", is: { kind: "failed", class: "ambiguous", detail: "the answer says success but names no row" } };
}

/** Whether an error of a missing row means the row that is written, not one that it refers to. */
const namesItself = (body: string, { id }: Table): boolean => body.toLowerCase().includes(`in ${id.slice(0, -"id".length)} entity`);

async function remove(delivery: Delivery, table: Table, session: Talk): Promise<Outcome> {
  const url = keyUrl(session, table, delivery.entity.key);
  const answer = await session.send(changing(delivery, { method: "DELETE", url }));
  if (!answer.ok) return answer.failure;
  if (answer.value.status === 204) return { kind: "applied", duplicate: false };
  const failure = failureOf(answer.value, table);
  const absent = answer.value.status === 404 && failure !== "duplicate" && failure.class === "business";
  return absent ? GONE : failure === "duplicate" ? { kind: "failed", class: "conflict", detail: "the row is in use" } : failure;
}
