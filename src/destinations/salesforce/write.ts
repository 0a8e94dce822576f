import { same } from "../../domain/differences.ts";
import { isJsonObject, parseJson, readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { unwritable } from "../classify.ts";
import { exchange, traceHeaders, type Delivery, type Outcome, type RequestSpec, type ResponseSeen, type Session } from "../define.ts";
import { errorsOf, failureOf, listOf, saysAbsent } from "./errors.ts";
import { recordOf, shapeOf, type Shape } from "./objects.ts";
import type { Settings } from "./settings.ts";
import { find } from "./soql.ts";

const KEY_CHARACTERS = 255;
/** In an address, Salesforce takes such an ending for a format and answers 404; dots alone are a step in a path. */
const LOOKS_LIKE_A_FORMAT = /\.[A-Za-z0-9]*$/;

interface Effect {
  readonly delivery: Delivery;
  readonly shape: Shape;
  readonly session: Session<Settings>;
}

/** Brings a record about by its key. Only the fields that the data has are touched. */
export async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const shape = shapeOf(delivery.entity.kind, session.settings);
  const effect: Effect = { delivery, shape, session };
  const { key } = delivery.entity;
  if (key.length > KEY_CHARACTERS)
    return unwritable([{ field: "key", message: `has ${key.length} characters, and Salesforce takes ${KEY_CHARACTERS}` }]);
  if (delivery.deleted) return remove(effect);
  const record = recordOf(delivery, shape);
  if (!record.ok) return unwritable(record.failure);
  return delivery.entity.kind === "order" ? writeOrder(effect, record.value) : patch(effect, record.value);
}

/**
 * An order begins as a draft and is activated by a second write; an activated one refuses fields that it does not let go,
 * such as its account, so only what differs is written.
 */
async function writeOrder(effect: Effect, record: JsonObject): Promise<Outcome> {
  const { delivery, shape, session } = effect;
  const found = await find({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, session);
  if (!found.ok) return found.failure;
  const status = shape.pairs.find(({ field, way }) => field === "status" && way !== "in");
  const draft = status?.words?.["draft"];
  if (found.value === "absent") {
    if (status === undefined || draft === undefined || record[status.at] === undefined || record[status.at] === draft)
      return patch(effect, record);
    const begun = await patch(effect, { ...record, [status.at]: draft });
    return begun.kind === "applied" ? patch(effect, { [status.at]: record[status.at] ?? draft }) : begun;
  }
  const before = found.value;
  const differing = Object.entries(record).filter(([name, value]) => !tells(before, name, value));
  const id = scalarText(before["Id"]);
  if (differing.length === 0) return { kind: "applied", duplicate: true, ...(id === undefined ? {} : { remote: { id } }) };
  return patch(effect, Object.fromEntries(differing));
}

/** Whether a record says a field already; a reference by external id is compared in what it names alone. */
const tells = (before: JsonObject, name: string, value: JsonObject[string]): boolean =>
  isJsonObject(value)
    ? Object.entries(value).every(([inner, wanted]) => same(wanted, readPath(before, `${name}.${inner}`)))
    : same(value, before[name]);

const patch = (effect: Effect, record: JsonObject): Promise<Outcome> =>
  exchange(effect.session, requestTo(effect, record), (response) => classify(response, effect.shape));

function requestTo({ delivery, shape, session }: Effect, record: JsonObject): RequestSpec {
  const { key } = delivery.entity;
  const base = `${session.baseUrl}/services/data/${session.settings.apiVersion}`;
  const headers = { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json" };
  if (shape.keyField === "Id")
    return { method: "PATCH", url: `${base}/sobjects/${shape.object}/${encodeURIComponent(key)}`, headers, body: JSON.stringify(record) };
  if (!LOOKS_LIKE_A_FORMAT.test(key)) {
    const url = `${base}/sobjects/${shape.object}/${shape.keyField}/${encodeURIComponent(key.toWellFormed())}`;
    return { method: "PATCH", url, headers, body: JSON.stringify(record) };
  }
  const entry = { attributes: { type: shape.object }, [shape.keyField]: key, ...record };
  const body = JSON.stringify({ allOrNone: false, records: [entry] });
  return { method: "PATCH", url: `${base}/composite/sobjects/${shape.object}/${shape.keyField}`, headers, body };
}

/** A success names the record, in a list where several could be sent; `success` may be false in it all the same. */
function classify(response: ResponseSeen, shape: Shape): Outcome {
  if (response.status < 200 || response.status > 299 || errorsOf(response).length > 0) return failureOf(response, shape);
  const parsed = parseJson(response.body);
  const [result] = parsed.ok ? listOf(parsed.value) : [];
  const id = scalarText(result?.["id"]);
  // An update by record id is answered with nothing.
  if (response.status === 204 && shape.keyField === "Id") return { kind: "applied", duplicate: false };
  if (id === undefined || result?.["success"] !== true)
    return { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" };
  return { kind: "applied", duplicate: false, remote: { id } };
}

/**
 * Deletes the record: Salesforce keeps it in the recycle bin for 15 days, and refuses an account with won opportunities
 * or cases. By its id, which one read finds, since no key's ending can be mistaken then.
 */
async function remove({ delivery, shape, session }: Effect): Promise<Outcome> {
  const found = await find({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, session);
  if (!found.ok) return found.failure;
  const id = found.value === "absent" ? undefined : scalarText(found.value["Id"]);
  if (id === undefined) return { kind: "applied", duplicate: true };
  const url = `${session.baseUrl}/services/data/${session.settings.apiVersion}/sobjects/${shape.object}/${id}`;
  return exchange(session, { method: "DELETE", url, headers: traceHeaders(delivery) }, (response): Outcome => {
    if (saysAbsent(response) || errorsOf(response).some(({ code }) => code === "ENTITY_IS_DELETED"))
      return { kind: "applied", duplicate: true, remote: { id } };
    return response.status === 204 ? { kind: "applied", duplicate: false, remote: { id } } : failureOf(response, shape);
  });
}
