import { isJsonObject, readPath, type JsonObject, type JsonValue } from "../domain/json.ts";
import type { ObjectMap } from "../domain/mapping.ts";
import { NO_ORDER, type OrderToken } from "../domain/order.ts";
import { readName } from "./document.ts";

/** An event of Salesforce's event bus without what its relay put around it. */
export interface RelayedEvent {
  readonly payload: JsonObject;
  /** The name of the event or of its channel, such as `Shipped__e`; null where the relay left it out. */
  readonly name: string | null;
  /** The place of the event in its channel. */
  readonly replayId: string | null;
  readonly uuid: string | null;
}

/**
 * Takes off the layers that relays leave or add: EventBridge's `detail`, CometD's `data` and `channel`, and the event's own
 * `schema`, `payload` and `event`. Without any of them the document itself is the payload.
 */
export function unwrapEvent(document: JsonObject): RelayedEvent {
  const message = [document["detail"], document["data"]].find(isJsonObject) ?? document;
  const payload = isJsonObject(message["payload"]) ? message["payload"] : message;
  const first = (...values: readonly (JsonValue | undefined)[]): string | null =>
    values.map(readName).find((name) => name !== null) ?? null;
  const layered = payload !== message;
  return {
    payload,
    name: first(document["detail-type"]) ?? first(document["channel"])?.split("/").at(-1) ?? null,
    replayId: first(readPath(message, "event.replayId"), layered ? message["replayId"] : undefined),
    uuid: first(readPath(message, "event.EventUuid"), layered ? message["id"] : undefined, payload["EventUuid"]),
  };
}

/** `ChangeEventHeader`, as far as it is read. */
export interface ChangeHeader {
  readonly entity: string;
  readonly recordIds: readonly string[];
  readonly changeType: string;
  readonly transaction: string | null;
  readonly sequence: string | null;
  readonly order: OrderToken;
  readonly occurredAtMs: number | null;
  /** Who wrote, if the writer gave a client id of its own. */
  readonly clientId: string | null;
  /** Names of fields; null where the list is missing, "bitmap" where the relay did not decode it. */
  readonly changed: FieldList;
  readonly nulled: FieldList;
  readonly diffs: FieldList;
}

export type FieldList = readonly string[] | null | "bitmap";

const BITMAP = /^(?:\d+-)?0x[0-9A-Fa-f]+$/;
const MOST_RECORDS = 1_000;
/** More changes than one transaction can have: beyond 100,000 of them an overflow event stands for the rest. */
const SEQUENCES = 1_000_000n;

/** Reads the header of a change; null where it names no entity, no change or no records. */
export function readChangeHeader(header: JsonObject): ChangeHeader | null {
  const entity = readName(header["entityName"]);
  const changeType = readName(header["changeType"]);
  const recordIds = namesIn(header["recordIds"]);
  if (entity === null || changeType === null || recordIds === null || recordIds.length === 0 || recordIds.length > MOST_RECORDS)
    return null;
  const sequence = readName(header["sequenceNumber"]);
  return {
    entity,
    recordIds,
    changeType,
    transaction: readName(header["transactionKey"]),
    sequence,
    order: commitOrder(readName(header["commitNumber"]), sequence),
    occurredAtMs: readInstant(header["commitTimestamp"]),
    clientId: /;client=([^;]*?)\/?(?:;|$)/.exec(readName(header["changeOrigin"]) ?? "")?.[1] ?? null,
    changed: fieldList(header["changedFields"]),
    nulled: fieldList(header["nulledFields"]),
    diffs: fieldList(header["diffFields"]),
  };
}

function namesIn(value: JsonValue | undefined): readonly string[] | null {
  const list = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list)) return null;
  const names = (list as readonly JsonValue[]).map(readName);
  return names.every((name) => name !== null) ? names : null;
}

function fieldList(value: JsonValue | undefined): FieldList {
  const names = namesIn(value);
  return names?.some((name) => BITMAP.test(name)) === true ? "bitmap" : names;
}

/** `commitNumber` rises with every transaction, `sequenceNumber` within one. */
function commitOrder(commit: string | null, sequence: string | null): OrderToken {
  if (commit === null || !/^\d{1,30}$/.test(commit)) return NO_ORDER;
  const within = sequence !== null && /^\d{1,6}$/.test(sequence) ? BigInt(sequence) : 0n;
  return { kind: "int", value: String(BigInt(commit) * SEQUENCES + within) };
}

const LATEST_MS = 8.64e15;

/** A time as JSON has it: text in ISO 8601, or milliseconds where the relay passes Avro's numbers on. Null if neither. */
export function readInstant(value: JsonValue | undefined): number | null {
  const text = readName(value) ?? "";
  const ms = /^-?\d{1,16}$/.test(text) ? Number(text) : Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isFinite(ms) && Math.abs(ms) < LATEST_MS ? ms : null;
}

/** What of a payload can be mapped, and what must be kept beside it. */
export interface ChangedRecord {
  readonly record: JsonObject;
  readonly aside: JsonObject;
}

/**
 * The record of a change, as the map of its object can read it. A relay that expands Avro sends every field, null where
 * nothing was said of it: such nulls are left out. Times in milliseconds become ISO 8601; parts of a compound address get
 * the flat name that other APIs give them; a compound field or a diff that no rule can read is put aside.
 */
export function changedRecord(payload: JsonObject, header: ChangeHeader, map: ObjectMap | undefined): ChangedRecord {
  const rules = Object.values(map?.fields ?? {});
  const reads = new Set(rules.map(({ from }) => from));
  const times = new Set(rules.flatMap(({ as, from }) => (as === "time" || as === "day" ? [from] : [])));
  const record = new Map<string, JsonValue>();
  const aside = new Map<string, JsonValue>();
  const diffs = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(payload)) {
    if (name === "ChangeEventHeader") continue;
    if (value === null ? !isNullTold(name, header) : isListed(header.diffs, name)) {
      if (value !== null) diffs.set(name, value);
    } else (isJsonObject(value) && reads.has(name) ? aside : record).set(name, times.has(name) ? isoTime(value) : value);
    for (const [flat, part] of addressParts(name, value, header)) if (reads.has(flat)) record.set(flat, part);
  }
  for (const name of listOf(header.nulled)) if (!name.includes(".")) record.set(name, null);
  if (diffs.size > 0) aside.set("diffFields", Object.fromEntries(diffs));
  return { record: Object.fromEntries(record), aside: Object.fromEntries(aside) };
}

const listOf = (list: FieldList): readonly string[] => (list === null || list === "bitmap" ? [] : list);
const isListed = (list: FieldList, name: string): boolean => listOf(list).includes(name);

/** Whether a null means that the field is empty, and not that the relay had nothing to put there. */
const isNullTold = (name: string, { changeType, changed, nulled }: ChangeHeader): boolean =>
  changeType === "CREATE" ||
  changeType === "UNDELETE" ||
  (changed === null && nulled === null) ||
  isListed(changed, name) ||
  isListed(nulled, name);

const ADDRESS = "Address";
const ADDRESS_PARTS = ["Street", "City", "State", "StateCode", "PostalCode", "Country", "CountryCode"] as const;

/** The parts of `BillingAddress` by the names that they have in the object: `BillingCity`. An empty address empties them all. */
function* addressParts(name: string, value: JsonValue, header: ChangeHeader): Generator<readonly [string, JsonValue]> {
  if (!name.endsWith(ADDRESS)) return;
  for (const part of ADDRESS_PARTS) {
    const text = isJsonObject(value) ? value[part] : value === null && isNullTold(name, header) ? null : undefined;
    const told = text === null && isJsonObject(value) ? isNullTold(`${name}.${part}`, header) : text !== undefined;
    if (told && text !== undefined) yield [`${name.slice(0, -ADDRESS.length)}${part}`, text];
  }
}

function isoTime(value: JsonValue): JsonValue {
  const ms = /^-?\d{1,16}$/.test(readName(value) ?? "") ? readInstant(value) : null;
  return ms === null ? value : new Date(ms).toISOString();
}
