import { withBasic, withBearer } from "../../connection/oauth.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import type { JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import {
  defineDestination,
  exchange,
  traceHeaders,
  type Delivery,
  type Failed,
  type Outcome,
  type RecordRef,
  type RemoteState,
  type Session,
} from "../define.ts";
import { failureOf, idOf, recordIn, remoteOf } from "./answers.ts";
import { LAST_MINUTE_MS, changesPage } from "./changes.ts";
import { fieldsOf, findById, findByKey, onePath, statesOf, urlOf, writtenBy } from "./records.ts";
import { KINDS, resourceOf, type Resource } from "./resources.ts";
import { Settings } from "./settings.ts";
import { NAMES_NO_RECORD, jsonRequest, writeTicket } from "./tickets.ts";

/**
 * Zendesk Support. Customers are organizations or users, cases are tickets; orders, invoices and entitlements are records
 * of custom objects, where support sees what was bought beside the case. All carry our key as their external id.
 * The base URL is `https://<subdomain>.zendesk.com`. https://developer.zendesk.com/api-reference/ (read 2026-11-24)
 *
 * A deletion moves a ticket to the deleted ones, where it can be restored for 30 days, deactivates a user, and removes an
 * organization or a custom record. Fields that a delivery does not have are left alone.
 */
export const zendesk = defineDestination<Settings>({
  module: "zendesk",
  title: "Zendesk",
  settings: Settings,
  facts: {
    auth: "API token with an email, or an OAuth access token",
    upsert: "by external id: custom records and customers by the server; tickets by search, then with an idempotency key",
    order: "updated_at, whole seconds; tickets are updated only as read (safe_update)",
    changedSince: "incremental exports by the server's pointer, the last minute left out",
    limits: "about 10 exports a minute; 30 updates of one ticket in 10 minutes; tickets archived after closing are not found by key",
    proven: "strict fake",
  },
  secretNames: ({ authentication }) => [authentication.type === "apiToken" ? "apiToken" : "accessToken"],
  kinds: KINDS,
  // A ticket's external id is not unique, and organizations made at one time may double: one write at a time.
  deduplicates: false,
  authentication: {
    apply: (request, _credential, { settings: { authentication }, secrets }) =>
      authentication.type === "apiToken"
        ? withBasic(request, `${authentication.email}/token`, secrets["apiToken"] ?? "")
        : withBearer(request, { values: { token: secrets["accessToken"] ?? "" }, expiresAtMs: null }),
  },
  write: async (delivery, session) => {
    const resource = placeOf(delivery.entity.kind, session.settings);
    if (!resource.ok) return resource.failure;
    const misfit = keyMisfit(delivery.entity.key, resource.value);
    if (misfit !== null) return misfit;
    if (delivery.deleted) return remove(delivery, session, resource.value);
    return resource.value.kind === "case" ? writeTicket(delivery, session, resource.value) : upsert(delivery, session, resource.value);
  },
  written: writtenBy,
  read,
  changes: {
    kinds: KINDS,
    resolutionMs: 1_000,
    overlapMs: 300_000,
    lagMs: LAST_MINUTE_MS,
    // Of tickets, users and organizations they are told; of custom records they are not.
    tellsDeletions: false,
    page: changesPage,
  },
});

function placeOf(kind: EntityKind, settings: Settings): Result<Resource, Failed> {
  const resource = resourceOf(kind, settings);
  return resource === null
    ? fail({ kind: "failed", class: "config", detail: `Zendesk has no place for records of kind ${kind}` })
    : ok(resource);
}

/** External ids have at most 255 characters; custom records are looked up by a list of them that commas divide. */
function keyMisfit(key: string, { one }: Resource): Failed | null {
  if (key.length > 255) return unwritable([{ field: "key", message: "has more than 255 characters, which an external id takes" }]);
  if (one !== "custom_object_record" || !key.includes(",")) return null;
  return unwritable([{ field: "key", message: "holds a comma, which divides external ids" }]);
}

/** Zendesk itself makes or updates the record of this external id. */
async function upsert(delivery: Delivery, session: Session<Settings>, resource: Resource): Promise<Outcome> {
  const fields = await fieldsOf(delivery, session, resource);
  if (!fields.ok) return fields.failure;
  const { key } = delivery.entity;
  const record = { ...nameOf(delivery, resource), ...fields.value, external_id: key };
  const request =
    resource.one === "custom_object_record"
      ? jsonRequest("PATCH", urlOf(session, resource.path, { external_id: key }), { [resource.one]: record }, delivery)
      : jsonRequest("POST", urlOf(session, `${resource.path}/create_or_update`), { [resource.one]: record }, delivery);
  return exchange(session, request, (response): Outcome => {
    const failure = failureOf(response, resource);
    if (failure !== null) return failure;
    const made = recordIn(response, resource);
    return made === null ? NAMES_NO_RECORD : { kind: "applied", duplicate: false, remote: remoteOf(made, resource) };
  });
}

/** A custom record must have a name: the number that people know it by, else our key. A part of a record keeps the one that it has. */
function nameOf({ data, nature, entity }: Delivery, { one }: Resource): { readonly name?: JsonValue } {
  if (one !== "custom_object_record") return {};
  const number = scalarText(data["number"]);
  if (number !== undefined) return { name: number };
  return nature === "snapshot" ? { name: entity.key } : {};
}

/** What is not there needs no deletion. */
async function remove(delivery: Delivery, session: Session<Settings>, resource: Resource): Promise<Outcome> {
  const found = await findByKey(session, resource, delivery.entity.key);
  if (!found.ok) return found.failure;
  if (found.value === null) return { kind: "applied", duplicate: true };
  const url = urlOf(session, onePath(resource, idOf(found.value)));
  const answer = await session.send({ method: "DELETE", url, headers: { ...traceHeaders(delivery), accept: "application/json" } });
  if (!answer.ok) return answer.failure;
  const failure = answer.value.status === 404 ? null : failureOf(answer.value, resource);
  return failure ?? { kind: "applied", duplicate: answer.value.status === 404 };
}

async function read({ kind, by, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  const resource = placeOf(kind, session.settings);
  if (!resource.ok) return resource;
  const found = await (by === "key" ? findByKey : findById)(session, resource.value, value);
  if (!found.ok) return found;
  if (found.value === null) return ok("absent");
  const states = await statesOf([found.value], session, resource.value);
  if (!states.ok) return states;
  return ok(states.value[0] ?? "absent");
}
