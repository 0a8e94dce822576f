import { withBasic } from "../../connection/oauth.ts";
import { toCanonical, toRemote, writtenPart } from "../../domain/field-pairs.ts";
import { isJsonObject, readPath, type JsonObject } from "../../domain/json.ts";
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
  type RequestSpec,
  type ResponseSeen,
  type Session,
} from "../define.ts";
import { errorsIn, failureOf, idOf, keyOf, recordIn, remoteOf, stateOf } from "./answers.ts";
import { changesPage } from "./changes.ts";
import { findById, findByKey, findByName, urlOf, type Found } from "./find.ts";
import { KINDS, Settings, resourceOf, type Resource } from "./resources.ts";

/**
 * Freshdesk. Customers are companies, cases are tickets; both hold our key in a custom field. The base URL is
 * `https://<domain>.freshdesk.com`, since its API does not answer under a name of the team's own.
 * https://developers.freshdesk.com/api/ (read 2026-11-24)
 *
 * Freshdesk can neither upsert nor recognise a repeated request, and its search is minutes behind: a record is looked for
 * in the index, then in the lists, and only then made. A deletion moves a ticket to the trash, where it can be restored,
 * and removes a company. Fields that a delivery does not have are left alone.
 */
export const freshdesk = defineDestination<Settings>({
  module: "freshdesk",
  title: "Freshdesk",
  settings: Settings,
  facts: {
    auth: "API key",
    upsert: "found by our key in a custom field, by search and then by lists; a company also by its name, which is unique",
    order: "updated_at, whole seconds",
    changedSince: "tickets from a stamp on, page by page; companies only as a whole list",
    limits: "by plan, per minute or hour; refused requests count too; at most 2,000 companies without their key in the search index",
    proven: "published description",
  },
  secretNames: () => ["apiKey"],
  kinds: KINDS,
  deduplicates: false,
  authentication: { apply: (request, _credential, { secrets }) => withBasic(request, secrets["apiKey"] ?? "", "X") },
  write,
  written: ({ data, entity }, settings) => {
    const resource = resourceOf(entity.kind, settings);
    if (resource === null) return {};
    const part = writtenPart(data, resource.pairs);
    const remote = toRemote(part, resource.pairs);
    const back = remote.ok ? toCanonical(resource.kind, remote.value, resource.pairs) : remote;
    return back.ok ? back.value : part;
  },
  read,
  changes: {
    kinds: KINDS,
    resolutionMs: 1_000,
    overlapMs: 300_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page: changesPage,
  },
});

async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const resource = resourceOf(delivery.entity.kind, session.settings);
  if (resource === null)
    return { kind: "failed", class: "config", detail: `Freshdesk has no place for records of kind ${delivery.entity.kind}` };
  const content = contentOf(delivery, resource);
  if (!content.ok) return content.failure;
  const found = await findByKey(session, resource, delivery.entity.key);
  if (!found.ok) return found.failure;
  if (delivery.deleted) return remove(found.value, delivery, session, resource);
  const put = { delivery, session, resource, content: content.value };
  return found.value === null ? create(put) : update(found.value, put);
}

interface Put {
  readonly delivery: Delivery;
  readonly session: Session<Settings>;
  readonly resource: Resource;
  readonly content: JsonObject;
}

/** The delivery's fields and our key, in Freshdesk's words. A description is HTML there. */
function contentOf({ data, cleared, entity }: Delivery, { pairs, keyField }: Resource): Result<JsonObject, Failed> {
  const fields = toRemote(data, pairs, cleared);
  if (!fields.ok) return fail(unwritable(fields.failure));
  const own = isJsonObject(fields.value["custom_fields"]) ? fields.value["custom_fields"] : {};
  const description = scalarText(fields.value["description"]);
  return ok({
    ...fields.value,
    ...(description === undefined ? {} : { description: htmlOf(description) }),
    custom_fields: { ...own, [keyField]: entity.key },
  });
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "<br>" };
const htmlOf = (text: string): string => text.replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);

function request(method: RequestSpec["method"], path: string, { delivery, session, content }: Put): RequestSpec {
  const headers = { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json" };
  return { method, url: urlOf(session, path), headers, body: JSON.stringify(content) };
}

const update = (record: JsonObject, put: Put): Promise<Outcome> =>
  exchange(put.session, request("PUT", `${put.resource.path}/${encodeURIComponent(idOf(record))}`, put), (response) =>
    outcomeOf(response, put.resource),
  );

function outcomeOf(response: ResponseSeen, resource: Resource): Outcome {
  const failure = failureOf(response, resource);
  if (failure !== null) return failure;
  const record = recordIn(response);
  if (record === null) return { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" };
  return { kind: "applied", duplicate: false, remote: remoteOf(record, resource) };
}

async function create(put: Put): Promise<Outcome> {
  const opened = put.resource.kind === "case" ? withRequester(put) : ok(put);
  if (!opened.ok) return opened.failure;
  const answer = await put.session.send(request("POST", put.resource.path, opened.value));
  if (!answer.ok) return answer.failure;
  const taken = errorsIn(answer.value).filter(({ code }) => code === "duplicate_value");
  return put.resource.kind === "customer" && taken.length > 0
    ? adopt(
        put,
        answer.value,
        taken.flatMap(({ additional_info: info }) => scalarText(readPath(info ?? null, "company_id")) ?? []),
      )
    : outcomeOf(answer.value, put.resource);
}

/** Who asks is only said when a ticket is made. */
function withRequester(put: Put): Result<Put, Failed> {
  const { data } = put.delivery;
  const email = scalarText(data["requesterEmail"]) ?? put.session.settings.defaultRequesterEmail;
  if (email === undefined)
    return fail(unwritable([{ field: "requesterEmail", message: "is missing, and the destination has no defaultRequesterEmail" }]));
  const subject = scalarText(data["subject"]) ?? `Case ${put.delivery.entity.key}`;
  const described = put.content["description"] ?? htmlOf(subject);
  // Freshdesk wants all of these of a new ticket.
  return ok({ ...put, content: { status: 2, priority: 1, ...put.content, subject, description: described, email } });
}

/**
 * A company that has this name, or our key, already: it is ours if it carries our key, and becomes ours if it carries none.
 * One of another key is another customer of the same name, which a person must settle.
 */
async function adopt(put: Put, refusal: ResponseSeen, ids: readonly string[]): Promise<Outcome> {
  const { session, resource, delivery } = put;
  const found = await holder(put, ids);
  if (!found.ok) return found.failure;
  const key = found.value === null ? null : keyOf(found.value, resource);
  if (found.value !== null && (key === null || key === "" || key === delivery.entity.key)) return update(found.value, put);
  if (found.value === null) return failureOf(refusal, resource) ?? outcomeOf(refusal, resource);
  const message = `company ${idOf(found.value)} at ${new URL(session.baseUrl).host} has this name, and belongs to the customer "${key ?? ""}"`;
  return unwritable([{ field: "name", message }]);
}

/** The refusal may name the company; else it is found by its name. */
const holder = ({ session, resource, delivery }: Put, [id]: readonly string[]): Promise<Found> =>
  id === undefined ? findByName(session, resource, scalarText(delivery.data["name"]) ?? "") : findById(session, resource, id);

/** What is not there needs no deletion. */
async function remove(record: JsonObject | null, delivery: Delivery, session: Session<Settings>, resource: Resource): Promise<Outcome> {
  if (record === null) return { kind: "applied", duplicate: true };
  const url = urlOf(session, `${resource.path}/${encodeURIComponent(idOf(record))}`);
  return exchange(
    session,
    { method: "DELETE", url, headers: { ...traceHeaders(delivery), accept: "application/json" } },
    (response): Outcome => {
      const gone = response.status === 404;
      return (gone ? null : failureOf(response, resource)) ?? { kind: "applied", duplicate: gone };
    },
  );
}

async function read({ kind, by, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  const resource = resourceOf(kind, session.settings);
  if (resource === null) return fail({ kind: "failed", class: "config", detail: `Freshdesk holds no records of kind ${kind}` });
  const found = await (by === "key" ? findByKey : findById)(session, resource, value);
  if (!found.ok) return found;
  return found.value === null ? ok("absent") : stateOf(found.value, resource);
}
