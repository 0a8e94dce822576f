import { certain } from "../../connection/odata-v4-set.ts";
import { objectOf, withOptions } from "../../connection/odata-v4.ts";
import { lineBody, lineSteps, linesIn } from "../../domain/document-lines.ts";
import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type RequestSpec } from "../define.ts";
import { failureOf, isAbsent } from "./errors.ts";
import { LOT, heldLines } from "./lines.ts";
import { bodyOf, resourceOf, type Resource } from "./records.ts";
import { CROSS_COMPANY, HEADERS, addressOf, findByKey, setUrl, type Talk } from "./sets.ts";

/** Times that a write is begun again when somebody else made or changed the record meanwhile. */
const ROUNDS = 3;

/**
 * PATCH at the key, and POST where nothing is there; on a duplicate the PATCH again. A PATCH sets the fields that it names
 * and no others. A customer that is deleted is put on hold, since its documents need it; an order that is deleted or
 * cancelled is deleted, which the system refuses once anything of it is posted.
 */
export async function write(delivery: Delivery, session: Talk): Promise<Outcome> {
  const resource = resourceOf(delivery.entity.kind, session.settings);
  const content = contentForErp(delivery);
  const removes = resource.kind === "order" && (delivery.deleted || content["status"] === "cancelled");
  const data = delivery.deleted ? { status: "inactive" } : content;
  const body = bodyOf(data, delivery.cleared, resource);
  if (!body.ok) return unwritable(body.failure);
  const missing = removes || delivery.deleted ? null : await missingReference(data, session);
  if (missing !== null) return missing;
  let last: Failed = { kind: "failed", class: "conflict", detail: "the record is made and taken away again by somebody else" };
  for (let round = 0; round < ROUNDS; round++) {
    const changed = await changeExisting(delivery, resource, session, removes ? null : body.value);
    const outcome = changed === "absent" ? await whenAbsent(delivery, resource, session, { removes, body: body.value }) : changed;
    if (outcome === "duplicate") continue;
    const done = outcome.kind === "applied" && !removes ? await bringLines(delivery, resource, session, { outcome, data }) : outcome;
    if (done.kind !== "failed" || done.class !== "conflict") return done;
    last = done;
  }
  return last;
}

/**
 * Brings an order's lines to those of the delivery, where it says anything of them, one after the other. What stops
 * half-way is gone on with at the next attempt, from the lines that are there then.
 */
async function bringLines(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { outcome, data }: { readonly outcome: Outcome; readonly data: JsonObject },
): Promise<Outcome> {
  const { lines } = resource;
  const wanted = linesIn(data);
  if (lines === undefined || wanted === undefined) return outcome;
  const found = await findByKey(session, resource, delivery.entity.key);
  if (!found.ok) return found.failure;
  if (found.value === "absent") return { kind: "failed", class: "conflict", detail: "the order was deleted while it was written" };
  const steps = lineSteps(
    heldLines(found.value),
    wanted.map((line) => lineBody(line, lines.fields)),
  );
  const order = { dataAreaId: session.settings.company, SalesOrderNumber: scalarText(found.value["SalesOrderNumber"]) ?? "" };
  const at = (lot: string): string => addressOf(session, lines, { field: LOT, value: lot });
  const requests = [
    ...steps.change.map(({ id, values }) => ({ ...request(delivery, "PATCH", at(id)), body: JSON.stringify(values) })),
    ...steps.add.map((values) => ({
      ...request(delivery, "POST", withOptions(setUrl(session, lines), CROSS_COMPANY)),
      body: JSON.stringify({ ...order, ...values }),
    })),
    ...steps.remove.map(({ id }) => request(delivery, "DELETE", at(id))),
  ];
  for (const each of requests) {
    const answer = await session.send(each);
    if (!answer.ok) return answer.failure;
    if (![200, 201, 204].includes(answer.value.status)) return certain(failureOf(answer.value, resource));
  }
  return outcome;
}

/** Null deletes. */
async function changeExisting(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  body: JsonObject | null,
): Promise<Outcome | "duplicate" | "absent"> {
  const number = await numberOf(delivery, resource, session);
  if (!number.ok) return number.failure;
  if (number.value === null || resource.addressedBy === null) return "absent";
  const url = addressOf(session, resource, { field: resource.addressedBy, value: number.value });
  const answer = await session.send(
    body === null ? request(delivery, "DELETE", url) : { ...request(delivery, "PATCH", url), body: JSON.stringify(body) },
  );
  if (!answer.ok) return answer.failure;
  if (isAbsent(answer.value)) return "absent";
  if (answer.value.status !== 204 && answer.value.status !== 200) return failureOf(answer.value, resource);
  return { kind: "applied", duplicate: false, ...(body === null ? {} : { remote: { id: number.value, number: number.value } }) };
}

/** The number that addresses the record: our key itself, or what a search by it finds. */
async function numberOf(delivery: Delivery, resource: Resource, session: Talk): Promise<Result<string | null, Failed>> {
  if (resource.addressedBy === resource.keyField || resource.addressedBy === null) return ok(delivery.entity.key);
  const found = await findByKey(session, resource, delivery.entity.key);
  if (!found.ok) return found;
  return ok(found.value === "absent" ? null : (scalarText(found.value[resource.addressedBy]) ?? null));
}

async function whenAbsent(
  delivery: Delivery,
  resource: Resource,
  session: Talk,
  { removes, body }: { readonly removes: boolean; readonly body: JsonObject },
): Promise<Outcome | "duplicate"> {
  if (removes || delivery.deleted) return { kind: "applied", duplicate: true };
  const url = withOptions(setUrl(session, resource), CROSS_COMPANY);
  const record = {
    ...(resource.kind === "invoice" ? {} : session.settings.onCreate[resource.kind]),
    ...body,
    dataAreaId: session.settings.company,
    [resource.keyField]: delivery.entity.key,
  };
  const answer = await session.send({ ...request(delivery, "POST", url), body: JSON.stringify(record) });
  if (!answer.ok) return answer.failure;
  if (answer.value.status !== 201) return failureOf(answer.value, resource);
  const id = scalarText(objectOf(answer.value)?.[resource.addressedBy ?? resource.keyField]);
  return id === undefined
    ? { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" }
    : { kind: "applied", duplicate: false, remote: { id, number: id } };
}

const request = (delivery: Delivery, method: RequestSpec["method"], url: string): RequestSpec => ({
  method,
  url,
  headers: { ...traceHeaders(delivery), ...HEADERS, "content-type": "application/json" },
});

async function missingReference(data: JsonObject, session: Talk): Promise<Failed | null> {
  const customer = scalarText(data["customerId"]);
  if (customer === undefined) return null;
  const found = await findByKey(session, resourceOf("customer", session.settings), customer);
  if (!found.ok) return found.failure;
  return found.value === "absent"
    ? unwritable([
        { field: "customerId", message: `company ${session.settings.company} has no customer ${customer}; create that customer first` },
      ])
    : null;
}
