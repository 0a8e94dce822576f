import { toRemote } from "../../domain/field-pairs.ts";
import { isJsonObject, parseJson, readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { unwritable } from "../classify.ts";
import { exchange, traceHeaders, type Delivery, type Outcome, type RequestSpec, type ResponseSeen, type Session } from "../define.ts";
import { asRest, bodyOf } from "./body.ts";
import { failureOf, saysAbsent } from "./errors.ts";
import { externalIdOf } from "./external-id.ts";
import { sendAsJob } from "./jobs.ts";
import { shapeOf, type Shape } from "./records.ts";
import type { Settings } from "./settings.ts";

/** Brings a record about by its external id. Only the fields that the data has are touched. */
export async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const shape = shapeOf(delivery.entity.kind, session.settings);
  const address = await addressOf(delivery, shape, session);
  if (delivery.deleted) return exchange(session, removal(delivery, shape, address), (response) => removed(response, shape));
  const body = await bodyOf(delivery, shape, session.settings);
  if (!body.ok) return unwritable(body.failure);
  const request = requestTo(delivery, shape, address, body.value);
  if (session.settings.mode === "asynchronous")
    return sendAsJob(request, delivery, session, { result: saved, failure: (response) => failureOf(response, shape) });
  return exchange(session, request, (response) => classify(response, shape));
}

async function addressOf({ entity }: Delivery, shape: Shape, { baseUrl, settings }: Session<Settings>): Promise<string> {
  const id = shape.own ? encodeURIComponent(entity.key) : `eid:${await externalIdOf(entity.key, settings.externalIdCharacters)}`;
  return `${baseUrl}/services/rest/record/v1/${shape.record}/${id}`;
}

/** PUT makes or updates, by external id alone. Without `replace` it would add the lines to those that are there. */
function requestTo(delivery: Delivery, shape: Shape, address: string, body: JsonObject): RequestSpec {
  return {
    method: shape.own ? "PATCH" : "PUT",
    url: body["item"] === undefined ? address : `${address}?replace=item`,
    headers: { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

function classify(response: ResponseSeen, shape: Shape): Outcome {
  if (response.status >= 200 && response.status <= 299) return saved(response);
  const failure = failureOf(response, shape);
  return failure === "duplicate" ? { kind: "failed", class: "conflict", detail: "the request was sent before" } : failure;
}

/** A success names the record in `Location`; one that does not (a proxy's page) is read back. */
function saved(response: ResponseSeen): Outcome {
  const parsed = parseJson(response.body);
  const self = parsed.ok && isJsonObject(parsed.value) ? scalarText(readPath(parsed.value, "links.0.href")) : undefined;
  const id = /\/services\/rest\/record\/v1\/\w+\/(\d+)$/.exec(response.headers.get("location") ?? self ?? "")?.[1];
  return id === undefined
    ? { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" }
    : { kind: "applied", duplicate: false, remote: { id } };
}

/** The state that stands for a deletion, written to what is there already: a PUT would make what is to go. */
function removal(delivery: Delivery, shape: Shape, url: string): RequestSpec {
  const { deletedAs, pairs } = shape;
  const headers = { ...traceHeaders(delivery), accept: "application/json" };
  if (deletedAs === "deleted") return { method: "DELETE", url, headers };
  const record = toRemote({ [deletedAs.field]: deletedAs.word }, pairs);
  return {
    method: "PATCH",
    url,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify(record.ok ? asRest(record.value, shape) : {}),
  };
}

function removed(response: ResponseSeen, shape: Shape): Outcome {
  if (saysAbsent(response)) return { kind: "applied", duplicate: true };
  if (response.status === 204) return { kind: "applied", duplicate: false };
  return classify(response, shape);
}
