import { same } from "../../domain/differences.ts";
import { isJsonObject, parseJson, readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { ok } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { exchange, traceHeaders, type Delivery, type Outcome, type RequestSpec, type ResponseSeen, type Session } from "../define.ts";
import { errorsOf, failureOf, listOf, saysAbsent } from "./errors.ts";
import { heldLines, isNothing, lineSteps, linesWanted, takeLineSteps } from "./lines.ts";
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
 * An order begins as a draft and is activated by a second write, behind its lines; an activated one refuses fields that it
 * does not let go, such as its account, so only what differs is written, and lines are changed while it is a draft.
 */
async function writeOrder(effect: Effect, record: JsonObject): Promise<Outcome> {
  const { delivery, shape, session } = effect;
  const found = await find({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, session);
  if (!found.ok) return found.failure;
  const status = shape.pairs.find(({ field, way }) => field === "status" && way !== "in");
  const words: StatusWords = { at: status?.at ?? "", draft: status?.words?.["draft"] };
  const lines = linesWanted(delivery, session.settings);
  return found.value === "absent" ? createOrder(effect, record, words, lines) : updateOrder(effect, found.value, { record, words, lines });
}

/** The field of an order's status and its word for a draft; undefined where the team keeps none. */
interface StatusWords {
  readonly at: string;
  readonly draft: string | number | undefined;
}

async function createOrder(
  effect: Effect,
  record: JsonObject,
  { at, draft }: StatusWords,
  lines: readonly JsonObject[] | undefined,
): Promise<Outcome> {
  const { lines: settings } = effect.session.settings;
  const listed = lines === undefined || settings === undefined ? record : { ...record, Pricebook2Id: settings.pricebook };
  const target = record[at];
  const waits = draft !== undefined && target !== undefined && target !== draft;
  const begun = await patch(effect, waits ? { ...listed, [at]: draft } : listed);
  if (begun.kind !== "applied") return begun;
  const failed = await takeLineSteps(effect, begun.remote?.id ?? "", lineSteps(new Map(), lines ?? []));
  if (failed !== null) return failed;
  return waits ? patch(effect, { [at]: target }) : begun;
}

async function updateOrder(
  effect: Effect,
  before: JsonObject,
  { record, words, lines }: { readonly record: JsonObject; readonly words: StatusWords; readonly lines: readonly JsonObject[] | undefined },
): Promise<Outcome> {
  const differing = Object.fromEntries(Object.entries(record).filter(([name, value]) => !tells(before, name, value)));
  const id = scalarText(before["Id"]) ?? "";
  const held =
    lines === undefined ? ok(new Map()) : await heldLines(new Map([[id, effect.delivery.entity.key]]), effect.shape, effect.session);
  if (!held.ok) return held.failure;
  const steps = lines === undefined ? null : lineSteps(held.value.get(id) ?? new Map(), lines);
  if (steps === null || isNothing(steps))
    return Object.keys(differing).length === 0 ? { kind: "applied", duplicate: true, remote: { id } } : patch(effect, differing);
  const { at, draft } = words;
  const target = record[at] ?? before[at];
  const reopens = draft !== undefined && before[at] !== draft;
  if (reopens || Object.keys(differing).length > 0) {
    const opened = await patch(effect, { ...differing, ...(draft === undefined ? {} : { [at]: draft }) });
    if (opened.kind !== "applied") return opened;
  }
  const failed = await takeLineSteps(effect, id, steps);
  if (failed !== null) return failed;
  return draft === undefined || target === undefined || target === draft
    ? { kind: "applied", duplicate: false, remote: { id } }
    : patch(effect, { [at]: target });
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
