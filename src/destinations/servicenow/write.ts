import { differences } from "../../domain/differences.ts";
import { toCanonical, toRemote, writtenPart, type FieldPair } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { scalarText } from "../../domain/mapping.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type RemoteState, type Session } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import { refusalOf } from "./errors.ts";
import { importRow } from "./import-set.ts";
import { change, find, recordIn, tableUrl } from "./records.ts";
import type { Settings } from "./settings.ts";
import { tableOf, type Table } from "./tables.ts";

const ROUNDS = 3;
const AGAIN = "again";
const failed = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail: cleanText(detail) });

/** One delivery on its way into a table. */
interface Work {
  readonly delivery: Delivery;
  readonly table: Table;
  readonly session: Session<Settings>;
  /** The delivery's content as a later read will tell it. */
  readonly wanted: JsonObject;
}

/**
 * Brings a record about: found by our key, made where there is none, else only the columns that differ are written. A
 * record that somebody changed in between is read again, at most three times.
 */
export async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const table = tableOf(delivery.entity.kind, session.settings);
  if (!table.ok) return table.failure;
  const wanted = wantedOf(delivery.data, table.value);
  if (!wanted.ok) return wanted.failure;
  const work: Work = { delivery, table: table.value, session, wanted: wanted.value };
  for (let round = 0; round < ROUNDS; round++) {
    const found = await find({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, table.value, session);
    if (!found.ok) return found.failure;
    const outcome = await oneRound(work, found.value);
    if (outcome !== AGAIN) return outcome;
  }
  return failed("conflict", `${table.value.name} changed under each of ${ROUNDS} attempts`);
}

function oneRound(work: Work, held: RemoteState | "absent"): Promise<Outcome | typeof AGAIN> | Outcome {
  const { delivery, table } = work;
  if (delivery.deleted) return held === "absent" ? { kind: "applied", duplicate: true } : remove(work, held);
  const fields = held === "absent" ? null : differing(work, held);
  if (held !== "absent" && fields?.length === 0) return { kind: "applied", duplicate: true, remote: held.remote };
  if (table.importSet !== null) return viaImportSet(work, held, table.importSet);
  return held === "absent" ? create(work) : update(work, held, fields ?? []);
}

/** What a table keeps of canonical data, as a later read will tell it. */
export function wantedOf(data: JsonObject, table: Table): Result<JsonObject, Failed> {
  const written = toRemote(data, table.pairs);
  if (!written.ok) return fail(unwritable(written.failure));
  const read = toCanonical(table.kind, written.value, table.pairs);
  return read.ok ? ok(writtenPart(read.value, table.pairs)) : fail(failed("business", read.failure));
}

/** The pairs whose field the record holds otherwise than we want it. */
const differing = ({ wanted, table, delivery }: Work, held: RemoteState): readonly FieldPair[] =>
  table.pairs.filter(
    ({ field, way }) =>
      way !== "in" &&
      (delivery.cleared.includes(field)
        ? readPath(held.data, field) !== undefined
        : differences(wanted, held.data, [{ field }]).length > 0),
  );

async function create(work: Work): Promise<Outcome | typeof AGAIN> {
  const { delivery, table, session } = work;
  const columns = await columnsFor(work, table.pairs, delivery.data, []);
  if (!columns.ok) return columns.failure;
  const body = { ...columns.value, [table.keyField]: delivery.entity.key };
  const answer = await session.send(change("POST", tableUrl(session, table), traceHeaders(delivery), body));
  if (!answer.ok) return answer.failure;
  const refusal = answer.value.status >= 300 ? refusalOf(answer.value, table) : null;
  if (refusal !== null) return refusal === "duplicate" ? AGAIN : refusal;
  const made = recordIn(answer.value, table);
  if (!made.ok) return failed("ambiguous", `the answer says success, but ${made.failure}`);
  return made.value.key === delivery.entity.key
    ? { kind: "applied", duplicate: false, remote: made.value.remote }
    : unmake(work, made.value);
}

/** A record that does not hold our key would be made again by every retry: it is taken away. */
async function unmake({ delivery, table, session }: Work, made: RemoteState): Promise<Failed> {
  const url = `${session.baseUrl}/table/${table.name}/${encodeURIComponent(made.remote.id.toWellFormed())}`;
  const answer = await session.send(change("DELETE", url, traceHeaders(delivery)));
  const gone = answer.ok && answer.value.status === 204;
  return failed(
    "config",
    `${table.name}.${table.keyField} did not keep our key: it must be a column that the integration user may write, and long enough; ` +
      `the record made (${made.remote.id}) ${gone ? "was taken away again" : "must be deleted"}`,
  );
}

async function update(work: Work, held: RemoteState, fields: readonly FieldPair[]): Promise<Outcome | typeof AGAIN> {
  const { delivery, table, session } = work;
  const columns = await columnsFor(work, fields, delivery.data, delivery.cleared);
  if (!columns.ok) return columns.failure;
  const answer = await session.send(change("PATCH", tableUrl(session, table, held.remote.id), traceHeaders(delivery), columns.value));
  if (!answer.ok) return answer.failure;
  // Deleted between the two requests: the next round makes it anew.
  if (answer.value.status === 404 && /no record found/i.test(answer.value.body)) return AGAIN;
  const refusal = answer.value.status >= 300 ? refusalOf(answer.value, table) : null;
  if (refusal !== null)
    return refusal === "duplicate" ? failed("business", `another record of ${table.name} holds a value that must be unique`) : refusal;
  const now = recordIn(answer.value, table);
  if (!now.ok) return failed("ambiguous", `the answer says success, but ${now.failure}`);
  return afterUpdate(work, held, now.value);
}

/** sys_mod_count tells what happened: nothing, our change alone, or another's as well. */
function afterUpdate(work: Work, held: RemoteState, now: RemoteState): Outcome | typeof AGAIN {
  const left = differing(work, now);
  if (left.length === 0) return { kind: "applied", duplicate: false, remote: now.remote };
  const [before, after] = [Number(held.remote.version), Number(now.remote.version)];
  if (after > before + 1) return AGAIN;
  // One step with other values: a rule of the instance computes them from ours.
  if (after === before + 1) return { kind: "applied", duplicate: false, remote: now.remote };
  const message = "the instance answered success and kept its own value: a field's ACL or a business rule prevails";
  return unwritable(left.map(({ field }) => ({ field, message })));
}

/** Cancelled, deactivated or taken away, as the table's setting says. */
async function remove({ delivery, table, session }: Work, held: RemoteState): Promise<Outcome> {
  const trace = traceHeaders(delivery);
  const request =
    table.whenDeleted === "delete"
      ? change("DELETE", `${session.baseUrl}/table/${table.name}/${encodeURIComponent(held.remote.id.toWellFormed())}`, trace)
      : change("PATCH", tableUrl(session, table, held.remote.id), trace, table.whenDeleted);
  const answer = await session.send(request);
  if (!answer.ok) return answer.failure;
  if (answer.value.status === 404 && /no record found/i.test(answer.value.body)) return { kind: "applied", duplicate: true };
  const refusal = answer.value.status >= 300 ? refusalOf(answer.value, table) : null;
  if (refusal === null) return { kind: "applied", duplicate: false, remote: held.remote };
  return refusal === "duplicate" ? failed("business", "the deletion breaks a unique index") : refusal;
}

/** The whole record goes into the staging table, since its transform map copies empty columns too. */
async function viaImportSet(work: Work, held: RemoteState | "absent", staging: string): Promise<Outcome | typeof AGAIN> {
  const { delivery, table, session, wanted } = work;
  const kept = held === "absent" ? {} : writtenPart(held.data, table.pairs);
  const whole = Object.fromEntries(Object.entries({ ...kept, ...wanted }).filter(([field]) => !delivery.cleared.includes(field)));
  const columns = await columnsFor(work, table.pairs, whole, delivery.cleared);
  if (!columns.ok) return columns.failure;
  const row = { ...columns.value, [table.keyField]: delivery.entity.key };
  const outcome = await importRow(session, { delivery, table, staging, row });
  if (outcome !== "ignored") return outcome === "duplicate" ? AGAIN : outcome;
  // Nothing to change, or nothing that the map wanted to change: the record itself says which.
  const now = await find({ kind: table.kind, by: "key", value: delivery.entity.key }, table, session);
  if (!now.ok) return now.failure;
  if (now.value !== "absent" && differing(work, now.value).length === 0)
    return { kind: "applied", duplicate: true, remote: now.value.remote };
  return failed("business", `the transform map of ${staging} ignored the row`);
}

/** Columns for these pairs, with the sys_id of every record referred to, and empty text for what is cleared. */
async function columnsFor(
  { table, session }: Work,
  pairs: readonly FieldPair[],
  data: JsonObject,
  cleared: readonly string[],
): Promise<Result<JsonObject, Failed>> {
  const written = toRemote(data, pairs, cleared);
  if (!written.ok) return fail(unwritable(written.failure));
  const columns: Record<string, JsonValue> = { ...written.value };
  for (const { pair, kind } of table.references) {
    const key = scalarText(columns[pair.at]);
    if (key === undefined) continue;
    const id = await sysIdOf(kind, key, pair.field, session);
    if (!id.ok) return id;
    columns[pair.at] = id.value;
  }
  return ok(Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, value ?? ""])));
}

async function sysIdOf(kind: string, key: string, field: string, session: Session<Settings>): Promise<Result<string, Failed>> {
  const table = tableOf(kind, session.settings);
  if (!table.ok) return table;
  const found = await find({ kind: table.value.kind, by: "key", value: key }, table.value, session);
  if (!found.ok) return found;
  return found.value === "absent"
    ? fail(unwritable([{ field, message: `${table.value.name} has no ${kind} with the key ${key}; deliver that ${kind} first` }]))
    : ok(found.value.remote.id);
}
