import { differences, same } from "../../domain/differences.ts";
import { toCanonical, toRemote, writtenPart, type FieldPair } from "../../domain/field-pairs.ts";
import { exactNumber, parseJson, readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type ResponseSeen, type Session } from "../define.ts";
import { WRITE_HEADERS, bodyOf, failed } from "./collection.ts";
import { refusalOf } from "./errors.ts";
import { lineChanges, linesOf, newLines, wantedLines, type WantedLine } from "./lines.ts";
import { addressOf, find, keyOf, partyIdOf, remoteOf, type Held } from "./records.ts";
import { resourceOf, type Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

const ROUNDS = 3;
const AGAIN = "again";
/** The statuses of an order that a delivery brings about; the others are Fusion's own. */
const ORDERED: ReadonlySet<string> = new Set(["confirmed", "cancelled"]);
const ENDED: ReadonlySet<string> = new Set(["cancelled", "closed"]);

/** A delivery's content in canonical words, as a later read will tell it, and the lines of an order. */
interface Wanted {
  readonly data: JsonObject;
  readonly content: JsonObject;
  readonly lines: readonly WantedLine[] | null;
}

interface Work extends Wanted {
  readonly delivery: Delivery;
  readonly resource: Resource;
  readonly session: Session<Settings>;
}

/**
 * Brings a record about: found by our key, created where there is none, else only what differs is changed, under the
 * ETag that was read. A record that changed in between is read again, at most three times.
 */
export async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const resource = resourceOf(delivery.entity.kind, session.settings);
  if (!resource.ok) return resource.failure;
  const wanted = wantedOf(delivery, resource.value, session.settings);
  if (!wanted.ok) return wanted.failure;
  const work: Work = { ...wanted.value, delivery, resource: resource.value, session };
  let refused = "";
  for (let round = 0; round < ROUNDS; round++) {
    const held = await find({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, work.resource, session);
    if (!held.ok) return held.failure;
    if (held.value === "absent" && refused === "duplicate")
      return failed("config", "Fusion has this key and does not show the record: the user needs data security of its business unit");
    const outcome = await (held.value === "absent" ? create(work) : update(work, held.value));
    if (outcome !== AGAIN && outcome !== "duplicate") return outcome;
    refused = outcome;
  }
  return failed("conflict", `the record changed under each of ${ROUNDS} attempts`);
}

/** What a resource keeps of a delivery. Fails (`business`) with every field that it cannot take. */
export function wantedOf({ entity, data: given }: Delivery, resource: Resource, settings: Settings): Result<Wanted, Failed> {
  const data = contentForErp({ entity, data: given });
  if (resource.kind === "order" && entity.key.length > settings.orderKeyCharacters)
    return fail(
      unwritable([{ field: "key", message: `has ${entity.key.length} characters, and an order takes ${settings.orderKeyCharacters}` }]),
    );
  const written = toRemote(data, resource.pairs);
  const lines = resource.kind === "order" ? wantedLines(data, settings) : ok(null);
  if (!written.ok || !lines.ok) return fail(unwritable([...(written.ok ? [] : written.failure), ...(lines.ok ? [] : lines.failure)]));
  const record = parseJson(JSON.stringify(written.value));
  const read = toCanonical(resource.kind, record.ok ? (record.value as JsonObject) : {}, resource.pairs);
  if (!read.ok) return fail(failed("business", read.failure));
  const { status } = data;
  const content = {
    ...writtenPart(read.value, resource.pairs),
    ...(lines.value === null ? {} : { lines: linesOf(lines.value) }),
    ...(resource.kind === "order" && typeof status === "string" && ORDERED.has(status) ? { status } : {}),
  };
  return ok({ data, content, lines: lines.value });
}

async function create(work: Work): Promise<Outcome | typeof AGAIN | "duplicate"> {
  const { delivery, resource, session, data, lines, content } = work;
  const { settings } = session;
  // What is not there is gone already; a sale that was lost never becomes an order.
  if (delivery.deleted || (resource.kind === "order" && content["status"] === "cancelled")) return { kind: "applied", duplicate: true };
  const fields = await fieldsFor(work, resource.pairs, data, []);
  if (!fields.ok) return fields.failure;
  const body = {
    ...(resource.kind === "invoice" ? {} : settings.defaults[resource.kind]),
    ...fields.value,
    ...keyFields(work),
    ...(lines === null || lines.length === 0 ? {} : { lines: newLines(lines, settings) }),
    ...(content["status"] === "confirmed" && resource.kind === "order" ? { SubmittedFlag: true } : {}),
  };
  const headers = settings.upsertMode ? { "upsert-mode": "true" } : {};
  const answer = await send(work, { method: "POST", address: "", body, headers });
  if (!answer.ok) return answer.failure === "gone" ? AGAIN : answer.failure;
  const made = bodyOf(answer.value);
  const remote = made === undefined ? null : remoteOf(made, resource);
  if (made === undefined || remote === null) return failed("ambiguous", "the answer says success but names no record");
  return keyOf(made, resource, settings) === delivery.entity.key
    ? { kind: "applied", duplicate: false, remote }
    : failed(
        "config",
        `${resource.keyAt} of record ${remote.id} does not hold our key, so it will not be found again; correct the field and the record`,
      );
}

const keyFields = ({ delivery, resource, session }: Work): JsonObject => ({
  [resource.keyAt]: delivery.entity.key,
  ...(resource.systemAt === null ? {} : { [resource.systemAt]: session.settings.sourceSystem }),
  ...(resource.kind === "order" ? { SourceTransactionNumber: delivery.entity.key } : {}),
});

async function update(work: Work, held: Held): Promise<Outcome | typeof AGAIN | "duplicate"> {
  const { delivery, resource, session } = work;
  if (delivery.deleted && resource.kind === "order" && held.state.data["status"] === "draft") return removeDraft(work, held);
  const body = delivery.deleted ? ok(ending(work, held)) : await changesTo(work, held);
  if (!body.ok) return body.failure;
  if (Object.keys(body.value).length === 0) return { kind: "applied", duplicate: true, remote: held.state.remote };
  const address = `/${addressOf(resource.kind, session, delivery.entity.key, held.state.remote.id)}`;
  const answer = await send(work, {
    method: "PATCH",
    address,
    body: body.value,
    headers: held.etag === null ? {} : { "if-match": held.etag },
  });
  if (!answer.ok) return answer.failure === "gone" ? AGAIN : answer.failure;
  const now = bodyOf(answer.value);
  const remote = now === undefined ? null : remoteOf(now, resource);
  if (now === undefined || remote === null) return failed("ambiguous", "the answer says success but names no record");
  const kept = remote.version === held.state.remote.version ? keptOwn(body.value, now, resource) : [];
  if (kept.length === 0) return { kind: "applied", duplicate: false, remote };
  return unwritable(kept.map((field) => ({ field, message: "Fusion answered success and kept its own value" })));
}

/** The fields of a change that the answer shows with another value. */
function keptOwn(change: JsonObject, now: JsonObject, { pairs }: Resource): readonly string[] {
  const sent = parseJson(JSON.stringify(change));
  return Object.entries(sent.ok ? (sent.value as JsonObject) : {})
    .filter(([name, value]) => typeof value !== "object" && now[name] !== undefined && !same(value, now[name]))
    .map(([name]) => pairs.find(({ at }) => at === name)?.field ?? name);
}

const hasEnded = ({ data }: Held["state"]): boolean => ENDED.has(scalarText(data["status"]) ?? "");

/** Orders are cancelled, customers deactivated, cases closed: nothing that others refer to is taken away. */
function ending({ resource, session }: Work, { state }: Held): JsonObject {
  switch (resource.kind) {
    case "order":
      return hasEnded(state) ? {} : session.settings.cancelWith;
    case "customer":
      return state.data["status"] === "inactive" ? {} : { Status: "I" };
    case "case":
      return state.data["status"] === "closed" ? {} : { StatusCd: "ORA_SVC_CLOSED" };
    case "invoice":
      return {};
  }
}

/** Nobody has seen a draft: it is deleted. */
async function removeDraft(work: Work, held: Held): Promise<Outcome> {
  const address = `/${addressOf("order", work.session, work.delivery.entity.key, held.state.remote.id)}`;
  const answer = await send(work, { method: "DELETE", address, headers: held.etag === null ? {} : { "if-match": held.etag } });
  if (answer.ok || answer.failure === "gone") return { kind: "applied", duplicate: !answer.ok };
  return typeof answer.failure === "string" ? failed("conflict", "the draft changed meanwhile") : answer.failure;
}

async function changesTo(work: Work, held: Held): Promise<Result<JsonObject, Failed>> {
  const { delivery, resource, session, data, content, lines } = work;
  const differing = resource.pairs.filter(
    ({ field, way }) =>
      way === undefined &&
      (delivery.cleared.includes(field)
        ? readPath(held.state.data, field) !== undefined
        : differences(content, held.state.data, [{ field }]).length > 0),
  );
  const fields = await fieldsFor(work, differing, data, delivery.cleared);
  if (!fields.ok || resource.kind !== "order") return fields;
  const status = held.state.data["status"];
  if (content["status"] === "cancelled") return ok(hasEnded(held.state) ? {} : session.settings.cancelWith);
  const changedLines = lines === null ? [] : lineChanges(lines, held.lines, session.settings);
  const body = { ...fields.value, ...(changedLines.length === 0 ? {} : { lines: changedLines }) };
  const changes = Object.keys(body).length > 0;
  // A change of a submitted order waits in a draft of its own until that is submitted as well.
  const submits = status === "draft" ? content["status"] === "confirmed" : changes;
  return ok(submits ? { ...body, SubmittedFlag: true } : body);
}

/** Fields for these pairs, with the customer's party id in the place of our key. */
async function fieldsFor(
  { resource, session }: Work,
  pairs: readonly FieldPair[],
  data: JsonObject,
  cleared: readonly string[],
): Promise<Result<JsonObject, Failed>> {
  const written = toRemote(data, pairs, cleared);
  if (!written.ok) return fail(unwritable(written.failure));
  const at = resource.customerAt;
  const key = at === null ? undefined : scalarText(written.value[at]);
  if (at === null || key === undefined) return written;
  const party = await partyIdOf(key, session);
  if (!party.ok) return party;
  const message = `Fusion has no customer with the key ${key} of ${session.settings.sourceSystem}; deliver that customer first`;
  return party.value === null
    ? fail(unwritable([{ field: "customerId", message }]))
    : ok({ ...written.value, [at]: exactNumber(party.value) });
}

interface Change {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly address: string;
  readonly body?: Readonly<Record<string, JsonValue>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a change; fails with what to do next where the record is not as it was read. */
async function send(
  { delivery, resource, session }: Work,
  { method, address, body, headers }: Change,
): Promise<Result<ResponseSeen, Failed | typeof AGAIN | "duplicate" | "gone">> {
  const answer = await session.send({
    method,
    url: `${session.baseUrl}${resource.path}${address}`,
    headers: { ...traceHeaders(delivery), ...WRITE_HEADERS, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok || answer.value.status < 300) return answer;
  if (address !== "" && answer.value.status === 404) return fail("gone");
  const refusal = refusalOf(answer.value, resource, delivery.attempt);
  return fail(address !== "" && refusal !== "duplicate" && refusal.class === "conflict" ? AGAIN : refusal);
}
