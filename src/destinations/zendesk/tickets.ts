import type { JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { allFields, differences } from "../../domain/differences.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type RequestSpec, type Session } from "../define.ts";
import { idOf, recordIn, remoteOf } from "./answers.ts";
import { ask, fieldsOf, findById, findByKey, onePath, statesOf, urlOf, writtenBy } from "./records.ts";
import type { Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

/** How often a ticket that somebody else changed meanwhile is read and written again. */
const ROUNDS = 3;

/**
 * Writes a ticket. It is found by its external id, which need not be unique there, so a create carries an idempotency key
 * of the record's own: within the 2 hours that Zendesk keeps it, two creates make one ticket, and after them the search
 * finds it. An update is refused by Zendesk if the ticket has changed since it was read (`safe_update`), and tried again
 * on what it is now. Closed tickets cannot be changed by anybody. https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
 * and https://developer.zendesk.com/api-reference/ticketing/introduction/#idempotency (read 2026-11-24)
 */
export async function writeTicket(delivery: Delivery, session: Session<Settings>, resource: Resource): Promise<Outcome> {
  const fields = await fieldsOf(delivery, session, resource);
  if (!fields.ok) return fields.failure;
  const write: TicketWrite = { delivery, session, resource, fields: fields.value };
  let last: Failed | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await findByKey(session, resource, delivery.entity.key);
    if (!found.ok) return found.failure;
    const outcome = await (found.value === null ? create(write) : update(found.value, write));
    if (outcome.kind === "applied" || outcome.class !== "conflict") return outcome;
    last = outcome;
  }
  return last ?? { kind: "failed", class: "conflict", detail: "the ticket changes all the time" };
}

interface TicketWrite {
  readonly delivery: Delivery;
  readonly session: Session<Settings>;
  readonly resource: Resource;
  /** The delivery's fields in Zendesk's words. */
  readonly fields: JsonObject;
}

async function update(ticket: JsonObject, write: TicketWrite): Promise<Outcome> {
  const { delivery, session, resource, fields } = write;
  if (ticket["status"] === "closed") return settled(ticket, write);
  const body = { ticket: { ...fields, safe_update: true, updated_stamp: ticket["updated_at"] ?? null } };
  const answer = await ask(session, jsonRequest("PUT", urlOf(session, onePath(resource, idOf(ticket))), body, delivery), resource);
  if (!answer.ok) return answer.failure;
  const record = recordIn(answer.value, resource);
  return record === null ? NAMES_NO_RECORD : { kind: "applied", duplicate: false, remote: remoteOf(record, resource) };
}

/** A closed ticket that says what we would write needs nothing; any other difference is a person's to settle. */
async function settled(ticket: JsonObject, { delivery, session, resource }: TicketWrite): Promise<Outcome> {
  const states = await statesOf([ticket], session, resource);
  if (!states.ok) return states.failure;
  const written = writtenBy(delivery, session.settings);
  const different = differences(written, states.value[0]?.data ?? {}, allFields(written)).map(({ field }) => field);
  const [first, ...others] = different.filter((field) => !field.endsWith("Raw"));
  if (first === undefined) return { kind: "applied", duplicate: true, remote: remoteOf(ticket, resource) };
  const message = `ticket ${idOf(ticket)} is closed, and a closed ticket cannot be changed`;
  return unwritable([first, ...others].map((field) => ({ field, message })));
}

/** `formerId`: the ticket of an earlier create that is deleted since, so that this create needs a key of its own. */
async function create(write: TicketWrite, formerId = ""): Promise<Outcome> {
  const { delivery, session, resource, fields } = write;
  const body = { ticket: { ...fields, external_id: delivery.entity.key, ...opening(delivery) } };
  const request = jsonRequest("POST", urlOf(session, resource.path), body, delivery);
  const idempotencyKey = await keyOfCreate(delivery.entity.key, formerId);
  const answer = await ask(session, { ...request, headers: { ...request.headers, "idempotency-key": idempotencyKey } }, resource);
  if (!answer.ok) return answer.failure;
  const record = recordIn(answer.value, resource);
  if (record === null) return NAMES_NO_RECORD;
  if (answer.value.headers.get("x-idempotency-lookup") !== "hit")
    return { kind: "applied", duplicate: false, remote: remoteOf(record, resource) };
  // The stored answer of an earlier create. Was that ticket deleted since, this one is another.
  const now = await findById(session, resource, idOf(record));
  if (!now.ok) return now.failure;
  if (now.value !== null) return { kind: "applied", duplicate: true, remote: remoteOf(now.value, resource) };
  return formerId === "" ? create(write, idOf(record)) : STILL_DELETED;
}

const STILL_DELETED: Failed = { kind: "failed", class: "conflict", detail: "the ticket is deleted as often as it is made" };
export const NAMES_NO_RECORD: Failed = { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" };

/** What a ticket only takes when it is made: its first comment, and who asks. */
function opening({ data }: Delivery): JsonObject {
  const email = scalarText(data["requesterEmail"]);
  const description = scalarText(data["description"]) ?? scalarText(data["subject"]) ?? "";
  return {
    comment: { body: description === "" ? "(no description)" : description },
    ...(email === undefined ? {} : { requester: { name: email, email } }),
  };
}

/** The same for every create of one record, however it came to it; at most 255 characters. */
async function keyOfCreate(key: string, formerId: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`ticket\n${key}\n${formerId}`));
  return `signalbox-${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export const jsonRequest = (method: RequestSpec["method"], url: string, body: object, delivery: Delivery): RequestSpec => ({
  method,
  url,
  headers: { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json" },
  body: JSON.stringify(body),
});
