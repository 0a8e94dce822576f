import * as z from "zod";
import { serverNowMs } from "../connection/server-clock.ts";
import { canonicalFields } from "../domain/entities/index.ts";
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../domain/json.ts";
import { scalarText } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { contentForErp } from "../domain/sale.ts";
import {
  defineDestination,
  exchange,
  traceHeaders,
  type ChangePage,
  type ChangeQuery,
  type Connection,
  type Delivery,
  type Failed,
  type FieldError,
  type LookupOutcome,
  type Outcome,
  type RecordRef,
  type RemoteRecord,
  type RemoteState,
  type RequestSpec,
  type ResponseSeen,
} from "./define.ts";
import { cleanText, outcomeOfStatus } from "./outcome-of-status.ts";

const Settings = z.strictObject({});
type Settings = z.infer<typeof Settings>;

/** Where each kind goes. A won opportunity becomes an order, under the opportunity's key. */
const COLLECTIONS = {
  customer: "customers",
  opportunity: "orders",
  order: "orders",
  invoice: "invoices",
  entitlement: "entitlements",
} as const;

/** Fields that the ERP assigns: no part of the content that we write. */
const ASSIGNED: ReadonlySet<string> = new Set(["id", "number", "externalKey", "version", "updatedAt"]);

/**
 * The local ERP stand-in (sandbox/erp.ts), and the pattern for a real one: upsert by external key with an idempotency
 * key, bearer token from the secret `apiKey`, field errors from 422 bodies, read-back by external key. The base URL
 * ends before the collection, such as `http://localhost:8790/erp`.
 */
export const sandboxErp = defineDestination<Settings>({
  module: "sandbox-erp",
  title: "Sandbox ERP",
  settings: Settings,
  facts: {
    auth: "bearer token",
    upsert: "PUT by external key, with an idempotency key",
    order: "versions that rise by one",
    changedSince: "keyset on (updatedAt, id), milliseconds",
    limits: "none",
    proven: "real system",
  },
  secretNames: () => ["apiKey"],
  kinds: Object.keys(COLLECTIONS) as readonly (keyof typeof COLLECTIONS)[],
  deduplicates: true,
  knowsLateCopies: true,
  authentication: { apply: (request, _credential, { secrets }) => withBearerToken(request, secrets["apiKey"] ?? "") },
  write: (delivery, session) =>
    exchange(session, { ...requestTo(delivery, session, { "idempotency-key": delivery.idempotencyKey }), ...writeOf(delivery) }, classify),
  confirm: (delivery, session) =>
    exchange(session, requestTo(delivery, session, {}), (response): LookupOutcome => classifyLookup(response, delivery)),
  written: (delivery) => contentForErp(delivery),
  read: async (ref, session) => {
    const answer = await session.send({ method: "GET", url: urlOf(ref, session), headers: READ_HEADERS });
    return answer.ok ? readRecord(answer.value, ref) : answer;
  },
  changes: {
    kinds: Object.keys(COLLECTIONS) as readonly (keyof typeof COLLECTIONS)[],
    resolutionMs: 1,
    overlapMs: 60_000,
    lagMs: 0,
    tellsDeletions: false,
    page: async (query, session) => {
      const answer = await session.send({ method: "GET", url: changesUrl(query, session), headers: READ_HEADERS });
      return answer.ok ? readPage(answer.value, query) : answer;
    },
  },
});

const READ_HEADERS = { accept: "application/json", "user-agent": "signalbox" };

const withBearerToken = (request: RequestSpec, token: string): RequestSpec => ({
  ...request,
  headers: { ...request.headers, authorization: `Bearer ${token}` },
});

const urlOf = ({ kind, by, value }: RecordRef, { baseUrl }: Connection<Settings>): string =>
  `${baseUrl}/${collectionOf(kind)}/${by === "key" ? "by-key/" : ""}${encodeURIComponent(value.toWellFormed())}`;

/** Begins where the page before ended, or at the first change wanted. */
const changesUrl = ({ kind, fromMs, cursor, limit }: ChangeQuery, { baseUrl }: Connection<Settings>): string => {
  const from = cursor ?? new URLSearchParams({ changedSince: new Date(fromMs ?? 0).toISOString() }).toString();
  return `${baseUrl}/${collectionOf(kind)}?${from}&limit=${limit}`;
};

function readPage(response: ResponseSeen, { kind, untilMs }: ChangeQuery): Result<ChangePage, Failed> {
  const outcome = outcomeOfStatus(response);
  if (outcome.kind === "failed") return fail(outcome);
  const items = bodyOf(response)?.["items"];
  if (!Array.isArray(items)) return fail({ kind: "failed", class: "transient", detail: "the answer is no list of records" });
  const states = (items as readonly JsonValue[]).flatMap((item) => (isJsonObject(item) ? [stateOf(item, kind)] : []));
  const within = states.flatMap((state) => (state !== null && (state.modifiedAtMs ?? 0) < untilMs ? [state] : []));
  const next = bodyOf(response)?.["next"];
  const more = within.length === states.length && isJsonObject(next);
  return ok({
    records: within,
    nextCursor: more ? new URLSearchParams(next as Readonly<Record<string, string>>).toString() : null,
    serverNowMs: serverNowMs(response),
  });
}

const collectionOf = (kind: string): string => COLLECTIONS[kind as keyof typeof COLLECTIONS];

/** A whole state takes the record's place; a part of one is merged into it (RFC 7396), and null clears a field. */
function writeOf(delivery: Delivery): Pick<RequestSpec, "method" | "body"> {
  if (delivery.deleted) return { method: "DELETE" };
  const content = contentForErp(delivery);
  if (delivery.nature === "snapshot") return { method: "PUT", body: JSON.stringify(content) };
  return { method: "PATCH", body: JSON.stringify({ ...content, ...Object.fromEntries(delivery.cleared.map((field) => [field, null])) }) };
}

function readRecord(response: ResponseSeen, { kind }: RecordRef): Result<RemoteState | "absent", Failed> {
  const body = bodyOf(response);
  if (isMissing(response, body)) return ok("absent");
  const outcome = outcomeOfStatus(response);
  if (outcome.kind === "failed") return fail(outcome);
  const state = body === undefined ? null : stateOf(body, kind);
  return state === null
    ? fail({ kind: "failed", class: "transient", detail: `the answer was ${response.status}, and no record` })
    : ok(state);
}

/** A record as the ERP shows it; null if it is none. */
function stateOf(record: JsonObject, kind: RecordRef["kind"]): RemoteState | null {
  const remote = remoteOf(record);
  const version = scalarText(record["version"]);
  if (remote === undefined || version === undefined || !/^\d+$/.test(version)) return null;
  const known = canonicalFields(kind === "opportunity" ? "order" : kind);
  const named = Object.entries(record).filter(([name]) => known.has(name) || name === "custom" || name === "extra");
  const modifiedAtMs = Date.parse(scalarText(record["updatedAt"]) ?? "");
  return {
    remote,
    key: scalarText(record["externalKey"]) ?? null,
    data: Object.fromEntries(named),
    order: { kind: "int", value: version },
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? null : modifiedAtMs,
    deleted: false,
  };
}

function requestTo(delivery: Delivery, connection: Connection<Settings>, headers: Readonly<Record<string, string>>): RequestSpec {
  return {
    method: "GET",
    url: urlOf({ kind: delivery.entity.kind, by: "key", value: delivery.entity.key }, connection),
    headers: { ...traceHeaders(delivery), accept: "application/json", "content-type": "application/json", ...headers },
  };
}

/**
 * A success names the record. One that does not (a proxy's page, a cut body) is `ambiguous`, so that it is read back.
 * `record_not_found` answers only a DELETE here, whose effect is then there already.
 */
function classify(response: ResponseSeen): Outcome {
  const outcome = outcomeOfStatus(response);
  const body = bodyOf(response);
  if (isMissing(response, body)) return { kind: "applied", duplicate: true };
  if (outcome.kind === "failed") return withFieldErrors(outcome, body);
  const remote = remoteOf(body);
  if (remote === undefined) return { kind: "failed", class: "ambiguous", detail: "the answer says success but names no record" };
  const replayed = response.headers.get("idempotent-replay") === "true";
  return { kind: "applied", duplicate: replayed || body?.["changed"] === false, remote };
}

/** Found as we would write it: applied. Missing, or with other content: absent, and safe to post again under the same key. */
function classifyLookup(response: ResponseSeen, delivery: Delivery): LookupOutcome {
  const body = bodyOf(response);
  if (isMissing(response, body)) return delivery.deleted ? { kind: "applied" } : { kind: "absent" };
  const outcome = outcomeOfStatus(response);
  if (outcome.kind === "failed") return outcome;
  const remote = remoteOf(body);
  if (body === undefined || remote === undefined) {
    return { kind: "failed", class: "transient", detail: "the answer to the read-back is no record" };
  }
  const written = parseJson(JSON.stringify(contentForErp(delivery)));
  const held = unassigned(body);
  const whole =
    delivery.nature === "snapshot"
      ? held
      : Object.fromEntries(Object.entries(held).filter(([name]) => Object.hasOwn(contentForErp(delivery), name)));
  const same = written.ok && isJsonObject(written.value) && sameJson(unassigned(written.value), whole);
  return same && !delivery.deleted ? { kind: "applied", remote } : { kind: "absent" };
}

function bodyOf(response: ResponseSeen): JsonObject | undefined {
  const parsed = parseJson(response.body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

const isMissing = (response: ResponseSeen, body: JsonObject | undefined): boolean =>
  response.status === 404 && body?.["code"] === "record_not_found";

function remoteOf(body: JsonObject | undefined): RemoteRecord | undefined {
  const { id, number, version } = body ?? {};
  if (typeof id !== "string" || id === "") return undefined;
  return {
    id,
    ...(typeof number === "string" ? { number } : {}),
    ...(typeof version === "number" || typeof version === "string" ? { version: String(version) } : {}),
  };
}

function withFieldErrors(outcome: Extract<Outcome, { kind: "failed" }>, body: JsonObject | undefined): Outcome {
  const errors = body?.["errors"];
  if (outcome.class !== "business" || !Array.isArray(errors)) return outcome;
  const fields = (errors as readonly JsonValue[]).flatMap(fieldErrorOf);
  if (fields.length === 0) return outcome;
  return { ...outcome, detail: cleanText(fields.map(({ field, message }) => `${field}: ${message}`).join("; ")), fields };
}

function fieldErrorOf(error: JsonValue): readonly FieldError[] {
  if (!isJsonObject(error)) return [];
  const { field, message } = error;
  return typeof field === "string" && typeof message === "string" ? [{ field: cleanText(field), message: cleanText(message) }] : [];
}

const unassigned = (record: JsonObject): JsonObject => Object.fromEntries(Object.entries(record).filter(([name]) => !ASSIGNED.has(name)));

/** Whether two documents say the same, whatever the order of their members. Goes no deeper than the shallower one. */
function sameJson(left: JsonValue | undefined, right: JsonValue | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    const others = right as readonly JsonValue[];
    return left.length === others.length && (left as readonly JsonValue[]).every((item, index) => sameJson(item, others[index]));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return left === right;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length && names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  );
}
