import { put, toCanonical, toRemote, writtenPart } from "../../domain/field-pairs.ts";
import { isJsonObject, readPath, objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { timeToken } from "../../domain/order.ts";
import { fail, ok, allOk, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import type { Delivery, Failed, RemoteState, RequestSpec, ResponseSeen, Session } from "../define.ts";
import { failureOf, idOf, recordIn, recordsIn, remoteOf } from "./answers.ts";
import { resourceOf, type Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

export const READ_HEADERS = { accept: "application/json", "user-agent": "signalbox" };

/** An address below `/api/v2/`; steps and values are encoded by the caller of the steps, and here for the query. */
export function urlOf({ baseUrl }: Session<Settings>, path: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query).toString();
  return `${baseUrl}/api/v2/${path}${parameters === "" ? "" : `?${parameters}`}`;
}

export const onePath = ({ path }: Resource, id: string): string => `${path}/${encodeURIComponent(id)}`;

/** Sends and takes any refusal for the failure that it is. */
export async function ask(session: Session<Settings>, request: RequestSpec, resource: Resource): Promise<Result<ResponseSeen, Failed>> {
  const answer = await session.send(request);
  if (!answer.ok) return answer;
  const failure = failureOf(answer.value, resource);
  return failure === null ? answer : fail(failure);
}

const get = (session: Session<Settings>, resource: Resource, path: string, query: Readonly<Record<string, string>> = {}) =>
  ask(session, { method: "GET", url: urlOf(session, path, query), headers: READ_HEADERS }, resource);

/**
 * The one record of this key; null where there is none. Two that carry it are a `business` failure: nobody can tell which
 * is meant. Zendesk compares external ids of organizations and users without their case, so they are compared again.
 */
export async function findByKey(session: Session<Settings>, resource: Resource, key: string): Promise<Result<JsonObject | null, Failed>> {
  const { path, parameter } = resource.byKey;
  const answer = await get(session, resource, path, { [parameter]: key });
  if (!answer.ok) return answer;
  const found = recordsIn(answer.value, resource);
  if (!found.ok) return found;
  const [record, ...others] = found.value.filter((each) => each["external_id"] === key && !isDeleted(each));
  if (others.length === 0) return ok(record ?? null);
  const ids = [record, ...others].map((each) => (each === undefined ? "" : idOf(each))).join(", ");
  return fail(unwritable([{ field: "key", message: `${resource.many} ${ids} all carry the external id "${key}": merge them` }]));
}

/** The record of this id; null where there is none any more. */
export async function findById(session: Session<Settings>, resource: Resource, id: string): Promise<Result<JsonObject | null, Failed>> {
  const answer = await session.send({ method: "GET", url: urlOf(session, onePath(resource, id)), headers: READ_HEADERS });
  if (!answer.ok) return answer;
  if (answer.value.status === 404) return ok(null);
  const failure = failureOf(answer.value, resource);
  if (failure !== null) return fail(failure);
  const record = recordIn(answer.value, resource);
  if (record === null) return fail({ kind: "failed", class: "transient", detail: `the answer was ${answer.value.status}, and no record` });
  return ok(isDeleted(record) ? null : record);
}

/** Deleted tickets stay readable under this status, deleted users as inactive ones, organizations in exports only. */
export const isDeleted = (record: JsonObject): boolean =>
  record["status"] === "deleted" || record["active"] === false || typeof record["deleted_at"] === "string";

/** The fields of a delivery in Zendesk's words; other records that it names are looked up by their keys. */
export async function fieldsOf(delivery: Delivery, session: Session<Settings>, resource: Resource): Promise<Result<JsonObject, Failed>> {
  const data: Record<string, JsonValue> = { ...delivery.data };
  for (const { field, to } of resource.references) {
    const key = scalarText(data[field]);
    const target = resourceOf(to, session.settings);
    if (key === undefined || target === null || !resource.pairs.some((each) => each.field === field)) continue;
    const found = await findByKey(session, target, key);
    if (!found.ok) return found;
    if (found.value === null)
      return fail(unwritable([{ field, message: `no record of ${target.many} has the external id "${key}": create the ${to} first` }]));
    data[field] = idOf(found.value);
  }
  const fields = toRemote(data, resource.pairs, delivery.cleared);
  return fields.ok ? ok(withFieldList(fields.value)) : fail(unwritable(fields.failure));
}

/** A ticket's own fields are a list of `{id, value}`, which the table addresses by their ids. */
const withFieldList = (fields: JsonObject): JsonObject =>
  isJsonObject(fields["custom_fields"])
    ? { ...fields, custom_fields: Object.entries(fields["custom_fields"]).map(([id, value]) => ({ id: Number(id), value })) }
    : fields;

const withoutFieldList = (record: JsonObject): JsonObject => {
  const list = record["custom_fields"];
  if (!Array.isArray(list)) return record;
  const values = objectsIn(list).map(({ id, value }) => [scalarText(id) ?? "", value ?? null]);
  return { ...record, custom_fields: Object.fromEntries(values) as JsonObject };
};

/** What a later read tells of what is written: the same tables there and back, so that words that Zendesk has not are none. */
export function writtenBy({ data, entity }: Delivery, settings: Settings): JsonObject {
  const resource = resourceOf(entity.kind, settings);
  if (resource === null) return {};
  const part = writtenPart(data, resource.pairs);
  const remote = toRemote(part, resource.pairs);
  const back = remote.ok ? toCanonical(resource.kind, remote.value, resource.pairs) : remote;
  return back.ok ? back.value : part;
}

/** Records as Zendesk holds them, in canonical words; the records that they name by their keys, with one request for each kind of these. */
export async function statesOf(
  records: readonly JsonObject[],
  session: Session<Settings>,
  resource: Resource,
): Promise<Result<readonly RemoteState[], Failed>> {
  const plain = records.map(withoutFieldList);
  for (const { field, to } of resource.references) {
    const at = resource.pairs.find((each) => each.field === field)?.at;
    const target = resourceOf(to, session.settings);
    if (at === undefined || target === null) continue;
    const keys = await keysOf(
      plain.flatMap((record) => scalarText(readPath(record, at)) ?? []),
      session,
      target,
    );
    if (!keys.ok) return keys;
    for (const [index, record] of plain.entries()) {
      const key = keys.value.get(scalarText(readPath(record, at)) ?? "");
      plain[index] = withKey(record, at, key ?? null);
    }
  }
  return allOk(plain.map((record) => stateOf(record, resource)));
}

/** A record's copy with our key where Zendesk's id is. One of a record that we do not know says nothing. */
function withKey(record: JsonObject, at: string, key: string | null): JsonObject {
  const copy: Record<string, JsonValue> = { ...record };
  put(copy, at, key);
  return copy;
}

/** Most ids that one request takes. */
const MOST_IDS = 100;

async function keysOf(
  ids: readonly string[],
  session: Session<Settings>,
  target: Resource,
): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const distinct = [...new Set(ids)];
  const keys = new Map<string, string>();
  for (let at = 0; at < distinct.length; at += MOST_IDS) {
    const { path, parameter } = target.byIds;
    const answer = await get(session, target, path, { [parameter]: distinct.slice(at, at + MOST_IDS).join(",") });
    if (!answer.ok) return answer;
    const found = recordsIn(answer.value, target);
    if (!found.ok) return found;
    for (const record of found.value) {
      const key = scalarText(record["external_id"]);
      if (key !== undefined) keys.set(idOf(record), key);
    }
  }
  return ok(keys);
}

function stateOf(record: JsonObject, resource: Resource): Result<RemoteState, Failed> {
  const data = toCanonical(resource.kind, record, resource.pairs);
  if (!data.ok)
    return fail({
      kind: "failed",
      class: "config",
      detail: `${resource.one} ${idOf(record)} does not fit the fields of this destination: ${data.failure}`,
    });
  const modifiedAtMs = Date.parse(scalarText(record["updated_at"]) ?? "");
  return ok({
    remote: remoteOf(record, resource),
    key: scalarText(record["external_id"]) ?? null,
    data: data.value,
    order: timeToken(modifiedAtMs),
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: isDeleted(record),
  });
}
