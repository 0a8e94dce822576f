import { converge } from "../../connection/converge.ts";
import { objectOf } from "../../connection/odata-v4.ts";
import { changedPart } from "../../domain/differences.ts";
import { lineSteps, linesIn, type LineSteps } from "../../domain/document-lines.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type RemoteRecord, type RequestSpec } from "../define.ts";
import { failureOf } from "./errors.ts";
import { heldLines, itemBody } from "./lines.ts";
import { bodyOf, resourceOf, type Resource } from "./records.ts";
import { findByKey, setUrl, type Talk } from "./sets.ts";

const JSON_HEADERS = { accept: "application/json", "content-type": "application/json" };

/**
 * Search by key, then POST or PATCH with the ETag read. A customer that is deleted is blocked, since its documents need
 * it; an order that is deleted or cancelled is deleted, which the system refuses once anything of it is posted. Fields
 * that a snapshot does not have stay as they are.
 */
export async function write(delivery: Delivery, session: Talk): Promise<Outcome> {
  const resource = resourceOf(delivery.entity.kind, session.settings);
  const content = contentForErp(delivery);
  if (resource.kind === "order" && (delivery.deleted || content["status"] === "cancelled")) return remove(delivery, resource, session);
  const data = delivery.deleted ? { status: "inactive" } : content;
  const body = bodyOf(data, delivery.cleared, resource);
  if (!body.ok) return unwritable(body.failure);
  const missing = delivery.deleted ? null : await missingReference(data, resource, session);
  if (missing !== null) return missing;
  return converge<JsonObject>({
    find: () => findByKey(session, resource, delivery.entity.key),
    create: () => (delivery.deleted ? Promise.resolve(GONE) : create(delivery, resource, session, { data, body: body.value })),
    update: (row) => update(delivery, resource, session, { row, body: body.value, lines: linesIn(data) }),
  });
}

const GONE: Outcome = { kind: "applied", duplicate: true };

/** The system creates no customer by itself, and says only that a number is not known. */
async function missingReference(data: JsonObject, resource: Resource, session: Talk): Promise<Failed | null> {
  const customer = scalarText(data["customerId"]);
  if (resource.kind !== "order" || customer === undefined) return null;
  const found = await findByKey(session, resourceOf("customer", session.settings), customer);
  if (!found.ok) return found.failure;
  return found.value === "absent"
    ? unwritable([{ field: "customerId", message: `Business Central has no customer ${customer}; create that customer first` }])
    : null;
}

async function create(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { data, body }: { readonly data: JsonObject; readonly body: JsonObject },
): Promise<Outcome | "duplicate"> {
  const lines = linesIn(data);
  const record = {
    ...(resource.kind === "invoice" ? {} : session.settings.onCreate[resource.kind]),
    ...body,
    [resource.keyField]: delivery.entity.key,
    ...(resource.kind === "order" && lines !== undefined ? { salesOrderLines: lines.map(itemBody) } : {}),
  };
  return change(delivery, resource, session, { method: "POST", url: setUrl(session, resource), body: record });
}

async function update(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { row, body, lines }: { readonly row: JsonObject; readonly body: JsonObject; readonly lines: readonly JsonObject[] | undefined },
): Promise<Outcome | "duplicate"> {
  const url = `${setUrl(session, resource)}(${scalarText(row["id"]) ?? ""})`;
  const steps = resource.kind === "order" && lines !== undefined ? lineSteps(heldLines(row), lines.map(itemBody)) : NO_STEPS;
  const done = await changeLines(delivery, resource, session, { url, steps });
  if (done !== null) return done;
  const changed = changedPart(body, row);
  if (Object.keys(changed).length === 0)
    return { kind: "applied", duplicate: steps === NO_STEPS || requestsOf(url, steps).length === 0, remote: remoteOf(row) };
  // Lines that have just changed have moved their order on; its own tag would be refused.
  const etag = requestsOf(url, steps).length === 0 ? (scalarText(row["@odata.etag"]) ?? "*") : "*";
  return change(delivery, resource, session, { method: "PATCH", url, body: changed, etag });
}

const NO_STEPS: LineSteps = { change: [], add: [], remove: [] };

interface Change {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly body?: JsonObject;
  readonly etag?: string | undefined;
}

const requestsOf = (url: string, { change: changes, add, remove: removals }: LineSteps): readonly Change[] => [
  ...changes.map(({ id, etag, values }): Change => ({ method: "PATCH", url: `${url}/salesOrderLines(${id})`, body: values, etag })),
  ...add.map((body): Change => ({ method: "POST", url: `${url}/salesOrderLines`, body })),
  ...removals.map(({ id, etag }): Change => ({ method: "DELETE", url: `${url}/salesOrderLines(${id})`, etag })),
];

/** One line after the other; what stops half-way is gone on with at the next attempt, from the lines that are there then. */
async function changeLines(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { url, steps }: { readonly url: string; readonly steps: LineSteps },
): Promise<Outcome | "duplicate" | null> {
  for (const step of requestsOf(url, steps)) {
    const outcome = await change(delivery, resource, session, step);
    if (outcome === "duplicate" || outcome.kind === "failed") return outcome;
  }
  return null;
}

async function remove(delivery: Delivery, resource: Resource, session: Talk): Promise<Outcome> {
  return converge<JsonObject>({
    find: () => findByKey(session, resource, delivery.entity.key),
    create: () => Promise.resolve(GONE),
    update: (row) =>
      change(delivery, resource, session, {
        method: "DELETE",
        url: `${setUrl(session, resource)}(${scalarText(row["id"]) ?? ""})`,
        etag: scalarText(row["@odata.etag"]) ?? "*",
      }),
  });
}

async function change(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { etag, body, ...rest }: Change,
): Promise<Outcome | "duplicate"> {
  const request: RequestSpec = {
    ...rest,
    headers: { ...traceHeaders(delivery), ...JSON_HEADERS, ...(etag === undefined ? {} : { "if-match": etag }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await session.send(request);
  if (!answer.ok) return answer.failure;
  const { status } = answer.value;
  if (request.method === "DELETE" && status === 204) return { kind: "applied", duplicate: false };
  // It was there when it was looked for: somebody has deleted it since.
  if (status === 404 && request.method !== "POST")
    return { kind: "failed", class: "conflict", detail: "the record was deleted while it was written" };
  if (status !== 200 && status !== 201) return failureOf(answer.value, resource);
  const row = objectOf(answer.value);
  return row === undefined || scalarText(row["id"]) === undefined
    ? { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" }
    : { kind: "applied", duplicate: false, remote: remoteOf(row) };
}

const remoteOf = (row: JsonObject): RemoteRecord => {
  const number = scalarText(row["number"]) ?? "";
  return {
    id: scalarText(row["id"]) ?? "",
    ...(number === "" ? {} : { number }),
    version: scalarText(row["@odata.etag"]) ?? "",
  };
};
