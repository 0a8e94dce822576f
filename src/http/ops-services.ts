import { entityDefinition, type EntityKind } from "../domain/entities/index.ts";
import { deprecationsIn } from "../domain/entities/define.ts";
import type { JsonObject } from "../domain/json.ts";
import { isOutward } from "../domain/loops.ts";
import { maskPersonal } from "../domain/masking.ts";
import { systemOfSource } from "../domain/ownership.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { chosenFields, serviceResult, type Question, type ServiceName } from "../domain/services.ts";
import { mayActAs, type Actor } from "../domain/roles.ts";
import { isEntityKind, type AnswerOf } from "./operations.ts";
import type { Call, EntityRef, Handlers, OpsPorts, Refused } from "./ops-ports.ts";
import { iso } from "./views.ts";

type ServiceHandlers = Pick<Handlers, "checkCredit" | "validateOrder" | "lookUpEntitlement" | "getOrderStatus" | "readEntity">;

/** The calls that other systems make while somebody waits. */
export const serviceHandlers = (ports: OpsPorts): ServiceHandlers => ({
  checkCredit: ({ body, actor }) =>
    serve(ports, actor, { name: "credit-check", value: body.customer, by: body.by, question: { amount: body.amount } }),
  validateOrder: ({ body, actor }) => {
    const { customerId } = body.order;
    const value = typeof customerId === "string" ? customerId : null;
    return serve(ports, actor, { name: "order-validation", value, by: body.by, question: { order: body.order } });
  },
  lookUpEntitlement: ({ body, actor }) =>
    serve(ports, actor, { name: "entitlement-lookup", value: body.entitlement, by: body.by, question: {} }),
  getOrderStatus: ({ body, actor }) => serve(ports, actor, { name: "order-status", value: body.order, by: body.by, question: {} }),
  readEntity: (call) => readEntity(ports, call),
});

const seesPersonalData = (actor: Actor): boolean => mayActAs(actor.role, "operator");

interface Asked {
  readonly name: ServiceName;
  /** The record that it is about; null if the question names none. */
  readonly value: string | null;
  readonly by: "key" | "id";
  readonly question: Omit<Question, "name" | "nowMs">;
}

type ServiceAnswer = AnswerOf<"checkCredit">;

async function serve(ports: OpsPorts, actor: Actor, { name, value, by, question }: Asked): Promise<Result<ServiceAnswer, Refused>> {
  const config = ports.config.services?.[name];
  if (config === undefined) return fail({ code: "not_found", detail: `this deployment has no ${name}` });
  const { destination: system, kind, maxAgeSeconds, deadlineMs } = config;
  const nowMs = ports.clock();
  const nothing = ok({ data: null, atMs: nowMs, source: "live" as const });
  const found = value === null ? nothing : await ports.readRecord({ destination: system, kind, by, value, maxAgeSeconds, deadlineMs });
  if (!found.ok) {
    const { fallback } = config;
    if (fallback === "refuse") return fail({ code: "unavailable", detail: found.failure });
    return ok({ result: fallback, fields: {}, source: "fallback", ageSeconds: null, system, problem: found.failure });
  }
  const { data, atMs, source } = found.value;
  const shown = data === null || seesPersonalData(actor) ? data : maskPersonal(kind, data);
  return ok({
    result: serviceResult(config, { name, nowMs, ...question }, data),
    fields: shown === null ? {} : chosenFields(shown, config.fields),
    source,
    ageSeconds: ageSeconds(atMs, nowMs),
    system,
    problem: null,
  });
}

const ageSeconds = (atMs: number, nowMs: number): number => Math.max(0, Math.round((nowMs - atMs) / 1_000));

type EntityAnswer = AnswerOf<"readEntity">;
/** What was found, before it is made fit for who asks. */
type Found = Omit<EntityAnswer, "deprecated">;

/** What was told last costs the owner nothing; only what no event tells whole is read from the owner. */
async function readEntity(ports: OpsPorts, { params, query, actor }: Call<"readEntity">): Promise<Result<EntityAnswer, Refused>> {
  const { kind = "", key = "" } = params;
  if (!isEntityKind(kind)) return fail({ code: "not_found", detail: `there is no kind "${kind}"` });
  const entity = { kind, key };
  const told = query.source === "owner" ? null : await lastTold(ports, entity);
  if (told !== null) return ok(shownTo(actor, told, kind));
  if (query.source === "event") return fail({ code: "not_found", detail: `no event told the whole of ${kind}/${key}` });
  const owned = await asOwnerHasIt(ports, entity);
  return owned.ok ? ok(shownTo(actor, owned.value, kind)) : owned;
}

function shownTo(actor: Actor, found: Found, kind: EntityKind): EntityAnswer {
  const masked = !seesPersonalData(actor);
  const data = found.data as JsonObject;
  const deprecated = deprecationsIn(entityDefinition(kind), data);
  return { ...found, masked, data: masked ? maskPersonal(kind, data) : data, deprecated: [...deprecated] };
}

/** The owner's newest word, else anybody's; null if there is none, or it was no whole state. */
async function lastTold(ports: OpsPorts, entity: EntityRef): Promise<Found | null> {
  const { marks } = await ports.entity(entity);
  const owner = ports.config.ownership?.[entity.kind]?.system;
  const words = Object.entries(marks)
    .filter(([stream]) => !isOutward(stream))
    .map(([stream, { eventId }]) => ({ eventId, system: systemOfSource(ports.config, stream.split(/[/#]/)[0] ?? stream) }))
    .toSorted((a, b) => Number(a.system === owner) - Number(b.system === owner) || (a.eventId < b.eventId ? -1 : 1));
  const last = words.at(-1);
  const event = last === undefined ? null : await ports.event(last.eventId);
  if (last === undefined || event === null) return null;
  const payload = await ports.payload(event);
  if (!payload.ok || payload.value.nature !== "snapshot") return null;
  return {
    entity: { ...entity, schemaVersion: entityDefinition(entity.kind).version },
    data: payload.value.data,
    deleted: payload.value.deleted,
    masked: false,
    source: "event",
    system: last.system,
    eventId: event.id,
    asOf: iso(event.receivedAtMs),
    ageSeconds: ageSeconds(event.receivedAtMs, ports.clock()),
  };
}

const OWNER_DEADLINE_MS = 5_000;

async function asOwnerHasIt(ports: OpsPorts, { kind, key }: EntityRef): Promise<Result<Found, Refused>> {
  const owner = ports.config.ownership?.[kind]?.system;
  const destination = Object.entries(ports.config.destinations).find(([name, { system = name }]) => system === owner)?.[0];
  if (destination === undefined)
    return fail({ code: "not_found", detail: `no event told the whole of ${kind}/${key}, and its owner cannot be read` });
  const found = await ports.readRecord({ destination, kind, by: "id", value: key, maxAgeSeconds: 0, deadlineMs: OWNER_DEADLINE_MS });
  if (!found.ok) return fail({ code: "unavailable", detail: found.failure });
  const { data, atMs } = found.value;
  if (data === null) return fail({ code: "not_found", detail: `${destination} has no ${kind} with the id ${key}` });
  return ok({
    entity: { kind, key, schemaVersion: entityDefinition(kind).version },
    data,
    deleted: false,
    masked: false,
    source: "owner",
    system: owner ?? destination,
    eventId: null,
    asOf: iso(atMs),
    ageSeconds: 0,
  });
}
