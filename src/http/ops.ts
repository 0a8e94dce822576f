import { entityName } from "../domain/event.ts";
import type { StoredDeadLetter, StoredEvent } from "../domain/audit-record.ts";
import { eventIdOfCorrelation, firstEventIdAt, isEventId, eventTimeMs } from "../domain/event-id.ts";
import { ENTITY_KINDS } from "../domain/entities/index.ts";
import { isOutward } from "../domain/loops.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Entry } from "../domain/timeline.ts";
import { isEntityKind, type AnswerOf, type QueryOf } from "./operations.ts";
import type { Call, EntityRef, Handlers, LetterAction, OpsPorts, Refused, RejectionCursor } from "./ops-ports.ts";
import { accessHandlers } from "./ops-access.ts";
import { auditHandlers } from "./ops-audit.ts";
import { erasureHandlers } from "./ops-erasures.ts";
import { flowHandlers } from "./ops-flows.ts";
import { oversightHandlers } from "./ops-oversight.ts";
import { getPayload, hidingPatches } from "./ops-payload.ts";
import type { ProblemCode } from "./problem.ts";
import { explainRoutes } from "./ops-routes.ts";
import { driftHandlers } from "./ops-drift.ts";
import { fileHandlers } from "./ops-files.ts";
import { replayHandlers } from "./ops-replays.ts";
import { signalHandlers } from "./ops-signals.ts";
import { createAccount, listAccounts, listSources, rotateAccount, steerAccount } from "./ops-sources.ts";
import { serviceHandlers } from "./ops-services.ts";
import { slaHandlers } from "./ops-slas.ts";
import { ownerOf, ownersOfLetter } from "./owners.ts";
import { ownershipView } from "./ops-ownership.ts";
import {
  deadLetterView,
  eventView,
  iso,
  laneView,
  pendingView,
  rejectionView,
  type DeadLetterView,
  type EventView,
  type Owner,
} from "./views.ts";

const refuse = (code: ProblemCode, detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

/** The ops API's calls, over its ports. */
export function opsHandlers(ports: OpsPorts): Handlers {
  const letterView = (letter: StoredDeadLetter): DeadLetterView => deadLetterView(letter, ownersOfLetter(ports.config, letter));
  const ownerNamed = (name: string): Owner => ownerOf(ports.config, name);
  return {
    listEvents: ({ query }) => listEvents(ports, query),
    getEvent: ({ params }) => lookUp(ports, params["id"] ?? ""),
    getRaw: ({ params }) => getRaw(ports, params["id"] ?? ""),
    getEntity: ({ params, query, actor }) =>
      withEntity(params, async (entity) => {
        const view = await entityView(ports, entity, query);
        return view.ok ? ok(hidingPatches(view.value, entity.kind, actor)) : view;
      }),
    verifyEntity: ({ params }) =>
      withEntity(params, async (entity) => {
        const verdict = await ports.verify(entity);
        return ok(verdict);
      }),
    trace: ({ params }) => trace(ports, params["anyKey"] ?? ""),
    listDeadLetters: async ({ query: { cursor, ...query } }) => {
      const found = await ports.deadLetters({ ...query, beforeId: cursor });
      return ok({ items: found.items.map(letterView), nextCursor: found.nextCursor });
    },
    getDeadLetter: async ({ params }) => {
      const letter = await ports.deadLetter(params["id"] ?? "");
      return letter === null ? refuse("not_found", `no dead letter has the id ${params["id"]}`) : ok(letterView(letter));
    },
    retryDeadLetter: (call) => act(ports, "retry", call),
    skipDeadLetter: (call) => act(ports, "skip", call),
    editDeadLetter: (call) => editLetter(ports, call),
    listDestinations: async () => {
      const items = await Promise.all(Object.keys(ports.config.destinations).map((name) => ports.destination(name)));
      return ok({ items, nextCursor: null });
    },
    pauseDestination: (call) => steer(ports, "pause", call),
    resumeDestination: (call) => steer(ports, "resume", call),
    ...replayHandlers(ports),
    ...flowHandlers(ports, ownerNamed),
    ...driftHandlers(ports, ownerNamed),
    listSources: ({ origin }) => listSources(ports, origin),
    listAccounts: (call) => listAccounts(ports, call),
    createAccount: (call) => createAccount(ports, call),
    rotateAccount: (call) => rotateAccount(ports, call),
    disableAccount: (call) => steerAccount(ports, "disable", call),
    enableAccount: (call) => steerAccount(ports, "enable", call),
    registerAccount: (call) => steerAccount(ports, "register", call),
    ...fileHandlers(ports),
    ...accessHandlers(ports),
    ...auditHandlers(ports),
    ...erasureHandlers(ports),
    listHandshakes: ({ query }) => listTallies(ports.handshakes, ports.clock(), query),
    listRejections: ({ query }) => listTallies(ports.rejections, ports.clock(), query),
    explainRoutes: async ({ body }) => explainRoutes(ports.config, body),
    ...oversightHandlers(ports),
    ...signalHandlers(ports, ownerNamed),
    ...slaHandlers(ports),
    ...serviceHandlers(ports),
    getPayload: (call) => getPayload(ports, call),
    listOwnership: async () => ok(ownershipView(ports.config)),
  };
}

async function listEvents(ports: OpsPorts, query: QueryOf<"listEvents">): Promise<Result<AnswerOf<"listEvents">, Refused>> {
  const { cursor, from, to, entity, ...rest } = query;
  if (cursor !== undefined && !isEventId(cursor) && !cursor.startsWith("evt_"))
    return refuse("invalid_request", "cursor: not one that this API gave");
  const bound = to === undefined ? undefined : firstEventIdAt(Date.parse(to));
  const beforeId = cursor === undefined ? bound : bound === undefined || cursor < bound ? cursor : bound;
  const ids = entity === undefined ? undefined : await idsOf(ports, entity);
  if (ids !== undefined && !ids.ok) return ids;
  const found = await ports.events({
    ...rest,
    ...(ids === undefined ? {} : { ids: ids.value }),
    ...(from === undefined ? {} : { fromId: firstEventIdAt(Date.parse(from)) }),
    ...(beforeId === undefined ? {} : { beforeId }),
  });
  return ok({ items: found.items.map(eventView), nextCursor: found.nextCursor });
}

/** An entity's events, newest last, as its own timeline knows them. */
async function idsOf(ports: OpsPorts, name: string): Promise<Result<readonly string[], Refused>> {
  const entity = parseEntity(name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1));
  if (entity === null) return refuse("invalid_request", "entity: must be <kind>/<key>, with a kind of the canonical model");
  const ids = new Set<string>();
  for (let after = 0; ;) {
    const lines = await ports.timeline(entity, after, 1_000);
    for (const line of lines) ids.add(line.eventId);
    const last = lines.at(-1);
    if (last === undefined || lines.length < 1_000) return ok([...ids]);
    after = last.seq;
  }
}

const parseEntity = (kind: string, key: string): EntityRef | null => (isEntityKind(kind) && key !== "" ? { kind, key } : null);

async function withEntity<T>(
  params: Readonly<Record<string, string>>,
  then: (entity: EntityRef) => Promise<Result<T, Refused>>,
): Promise<Result<T, Refused>> {
  const entity = parseEntity(params["kind"] ?? "", params["key"] ?? "");
  return entity === null ? refuse("not_found", `there is no kind "${params["kind"]}"`) : then(entity);
}

/** An event of ours always has an answer: one that is not indexed yet is pending, not missing. */
async function lookUp(ports: OpsPorts, id: string): Promise<Result<EventView, Refused>> {
  if (!isEventId(id)) return refuse("not_found", `no event has the id ${id}`);
  const stored = await ports.event(id);
  if (stored !== null) return ok(eventView(stored));
  return ports.clock() - eventTimeMs(id) > ports.indexDays * DAY_MS
    ? refuse("expired", `finished events are listed for ${ports.indexDays} days; its record's timeline may still tell of it`)
    : ok(pendingView(id));
}

const DAY_MS = 86_400_000;

async function getRaw(ports: OpsPorts, id: string): Promise<Result<Response, Refused>> {
  if (!isEventId(id)) return refuse("not_found", `no event has the id ${id}`);
  const stored = await ports.event(id);
  if (stored?.rawRef === null || stored === null) return refuse("raw_not_archived", "ask again in a moment");
  const raw = await ports.raw(stored);
  return raw === null ? refuse("not_found", "the raw body is not kept any more") : ok(raw);
}

async function entityView(
  ports: OpsPorts,
  entity: EntityRef,
  query: QueryOf<"getEntity">,
): Promise<Result<AnswerOf<"getEntity">, Refused>> {
  const afterSeq = Number(query.cursor ?? 0);
  if (!Number.isSafeInteger(afterSeq)) return refuse("invalid_request", "cursor: not one that this API gave");
  const [state, lines] = await Promise.all([ports.entity(entity), ports.timeline(entity, afterSeq, query.limit)]);
  if (state.head.seq === 0) return refuse("not_found", `nothing is known of ${entity.kind}/${entity.key}`);
  const last = lines.at(-1);
  return ok({
    entity,
    head: state.head,
    sources: Object.fromEntries(
      Object.entries(state.marks)
        .filter(([stream]) => !isOutward(stream))
        .map(([source, mark]) => [source, { eventId: mark.eventId, order: mark.order }]),
    ),
    lanes: state.work.map(({ eventId, position, ...lane }) => ({ ...laneView(lane), eventId, position })),
    links: linksIn(lines),
    records: Object.entries(state.kin.remotes).map(([destination, { id, number = null }]) => ({ destination, id, number })),
    aliases: Object.entries(state.kin.aliases).map(([key, how]) => ({ key, joined: how === "joined" })),
    movedTo: state.kin.movedTo === undefined ? null : entityName(state.kin.movedTo),
    timeline: lines.map((line) => ({
      seq: line.seq,
      at: iso(line.atMs),
      eventId: line.eventId,
      prev: line.prev,
      hash: line.hash,
      body: JSON.parse(line.body) as unknown,
    })),
    nextCursor: last !== undefined && last.seq < state.head.seq ? String(last.seq) : null,
  });
}

interface LineBody {
  readonly remote?: { readonly id: string; readonly number?: string };
  readonly destination?: string;
  readonly lanes?: readonly LineBody[];
}

/** The ids that other systems gave this entity, as its timeline tells them. */
function linksIn(lines: readonly Entry[]): { term: string; system: string }[] {
  const bodies = lines.map((line) => JSON.parse(line.body) as LineBody).flatMap((body) => [body, ...(body.lanes ?? [])]);
  const found = bodies.flatMap(({ remote, destination = "" }) =>
    remote === undefined ? [] : [remote.id, remote.number ?? remote.id].map((term) => ({ term, system: destination })),
  );
  return [...new Map(found.map((link) => [`${link.system}\n${link.term}`, link])).values()];
}

/** Finds every hop of a business key: its own meaning first, then all that shares a correlation with what that found. */
async function trace(ports: OpsPorts, key: string): Promise<Result<AnswerOf<"trace">, Refused>> {
  const direct = await directHits(ports, key);
  const links = await ports.links(key);
  const entities = links.map((link) => ({ kind: link.kind, key: link.entityKey, system: link.system }));
  const refs = [...links.map((link) => parseEntity(link.kind, link.entityKey)), ...ownNames(key)].filter((entity) => entity !== null);
  const ofEntities = await Promise.all(refs.map((entity) => eventsOf(ports, entity)));
  const correlations = new Set([...direct, ...ofEntities.flat()].map((event) => event.correlationId ?? `cor_${event.id.slice(4)}`));
  const hops = await Promise.all([...correlations].map((correlation) => ports.correlated(correlation, eventIdOfCorrelation(correlation))));
  const all = new Map([...direct, ...ofEntities.flat(), ...hops.flat()].map((event) => [event.id, event]));
  if (all.size === 0 && !isEventId(key)) return refuse("not_found", `nothing is known of "${key}"`);
  const events = all.size === 0 ? [pendingView(key)] : [...all.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(eventView);
  return ok({ key, entities, events });
}

async function directHits(ports: OpsPorts, key: string): Promise<readonly StoredEvent[]> {
  if (!isEventId(key)) return ports.correlated(key, eventIdOfCorrelation(key));
  const event = await ports.event(key);
  return event === null ? [] : [event];
}

/** A key may be an entity's own id in any kind, or `<kind>/<key>`. */
function ownNames(key: string): (EntityRef | null)[] {
  const slash = key.indexOf("/");
  if (slash > 0 && isEntityKind(key.slice(0, slash))) return [parseEntity(key.slice(0, slash), key.slice(slash + 1))];
  return ENTITY_KINDS.map((kind) => parseEntity(kind, key));
}

async function eventsOf(ports: OpsPorts, entity: EntityRef): Promise<readonly StoredEvent[]> {
  const lines = await ports.timeline(entity, 0, 200);
  const ids = [...new Set(lines.map((line) => line.eventId))];
  return ids.length === 0 ? [] : (await ports.events({ ids, limit: 200 })).items;
}

type Steering = Pick<Call<"retryDeadLetter">, "params" | "body" | "actor">;

/** A letter of an entity is mended by a patch of its data, one that could not be read by another body. */
async function editLetter(ports: OpsPorts, call: Call<"editDeadLetter">): Promise<Result<AnswerOf<"editDeadLetter">, Refused>> {
  const { patch, body } = call.body;
  if ((patch === undefined) === (body === undefined))
    return refuse("invalid_request", "give either patch (a JSON Merge Patch of the data) or body (for one that could not be read)");
  return act(ports, "edit", call, {
    ...(patch === undefined ? {} : { patch }),
    ...(body === undefined ? {} : { body }),
  });
}

async function act(
  ports: OpsPorts,
  verb: "retry" | "skip" | "edit",
  call: Steering,
  edit: Pick<LetterAction, "patch" | "body"> = {},
): Promise<Result<AnswerOf<"retryDeadLetter">, Refused>> {
  const id = call.params["id"] ?? "";
  const letter = await ports.deadLetter(id);
  if (letter === null) return refuse("not_found", `no dead letter has the id ${id}`);
  if (letter.status !== "open") return refuse("not_dead", `it is ${letter.status} already`);
  const acted = await ports.act(letter, { verb, actor: call.actor.name, reason: call.body.reason, force: call.body.force, ...edit });
  if (acted.ok) return ok({ id, status: acted.value.status, eventIds: [...acted.value.eventIds] });
  const { failure } = acted;
  if (typeof failure !== "string") return fail(failure);
  return refuse(
    failure,
    failure === "moved_on" ? 'send "force": true to apply the older state all the same' : "look at the dead letter again",
  );
}

async function steer(ports: OpsPorts, verb: "pause" | "resume", call: Steering): Promise<Result<AnswerOf<"pauseDestination">, Refused>> {
  const name = call.params["name"] ?? "";
  if (ports.config.destinations[name] === undefined) return refuse("not_found", `there is no destination "${name}"`);
  await ports[verb](name, { actor: call.actor.name, reason: call.body.reason });
  return ok(await ports.destination(name));
}

async function listTallies(
  read: OpsPorts["rejections"],
  nowMs: number,
  query: QueryOf<"listRejections">,
): Promise<Result<AnswerOf<"listRejections">, Refused>> {
  const after = query.cursor === undefined ? undefined : parseRejectionCursor(query.cursor);
  if (after === null) return refuse("invalid_request", "cursor: not one that this API gave");
  const sinceMs = query.from === undefined ? nowMs - 7 * 86_400_000 : Date.parse(query.from);
  const rows = await read({ source: query.source, sinceMs, after, limit: query.limit + 1 });
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  return ok({
    items: items.map(rejectionView),
    nextCursor: rows.length > query.limit && last !== undefined ? `${last.minuteMs}~${last.source}~${last.reason}` : null,
  });
}

function parseRejectionCursor(cursor: string): RejectionCursor | null {
  const [minute = "", source, reason] = cursor.split("~");
  return /^\d+$/.test(minute) && source !== undefined && reason !== undefined ? { minuteMs: Number(minute), source, reason } : null;
}
