import type { StoredEvent } from "../domain/audit-record.ts";
import { differences, type Change } from "../domain/difference.ts";
import type { EntityKind } from "../domain/entities/index.ts";
import { isEventId } from "../domain/event-id.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import { LIMITS } from "../domain/limits.ts";
import { isPersonal, maskPersonal, masked } from "../domain/masking.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { mayActAs, type Actor } from "../domain/roles.ts";
import { isEntityKind, type AnswerOf } from "./operations.ts";
import type { Call, EventPayload, OpsPorts, Refused } from "./ops-ports.ts";

const refuse = (code: Refused["code"], detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

const seesPersonalData = (actor: Actor): boolean => mayActAs(actor.role, "operator");

/** An event's data, and what it changed against another event of the same record. Differences are found first, hidden then. */
export async function getPayload(
  ports: OpsPorts,
  { params, query, actor }: Call<"getPayload">,
): Promise<Result<AnswerOf<"getPayload">, Refused>> {
  const id = params["id"] ?? "";
  const event = isEventId(id) ? await ports.event(id) : null;
  if (event === null) return refuse(isEventId(id) ? "raw_not_archived" : "not_found", `no event with the id ${id} is in the index`);
  const read = await ports.payload(event);
  if (!read.ok) return refuse("no_payload", read.failure);
  const earlier = await earlierOne(ports, event, query.against);
  const before = earlier === null ? null : await ports.payload(earlier);
  if (query.against !== undefined && (before === null || !before.ok || !ofOneRecord(before.value, read.value)))
    return refuse("invalid_request", "against: not an event of the same record whose data can be read");
  const comparable = before?.ok === true && ofOneRecord(before.value, read.value) ? before.value : null;
  const shown = seesPersonalData(actor);
  const { kind, key, nature, deleted, data, cleared } = read.value;
  return ok({
    eventId: id,
    entity: { kind, key },
    nature,
    deleted,
    data: shown ? data : maskPersonal(kind, data),
    cleared: [...cleared],
    masked: !shown,
    comparedWith: comparable === null ? null : (earlier?.id ?? null),
    changes: comparable === null ? [] : differences(comparable.data, data).map((change) => changeView(change, kind, shown)),
  });
}

const ofOneRecord = (a: EventPayload, b: EventPayload): boolean => a.kind === b.kind && a.key === b.key;

function changeView({ path, before, after }: Change, kind: EntityKind, shown: boolean): AnswerOf<"getPayload">["changes"][number] {
  const hidden = !shown && isPersonal(kind, path[0] ?? "");
  const side = (value: JsonValue | undefined): JsonValue | undefined => (value === undefined || !hidden ? value : masked(value));
  return {
    field: path.join("."),
    ...(before === undefined ? {} : { before: side(before) }),
    ...(after === undefined ? {} : { after: side(after) }),
  };
}

/** The event to compare with: the one asked for, or the last that the same source told before and that counted. */
async function earlierOne(ports: OpsPorts, event: StoredEvent, against: string | undefined): Promise<StoredEvent | null> {
  if (against !== undefined) return isEventId(against) ? ports.event(against) : null;
  if (event.kind === null || event.entityKey === null || !isEntityKind(event.kind)) return null;
  const id = await earlierId(ports, { kind: event.kind, key: event.entityKey }, event);
  return id === null ? null : ports.event(id);
}

interface EventLine {
  readonly type?: string;
  readonly source?: string;
  readonly status?: string;
}

/** Looks back from the timeline's end, since the newest events are those that people ask about. */
async function earlierId(
  ports: OpsPorts,
  entity: { readonly kind: EntityKind; readonly key: string },
  event: StoredEvent,
): Promise<string | null> {
  const { head } = await ports.entity(entity);
  let seen = false;
  for (let end = head.seq; end > Math.max(0, head.seq - LIMITS.versionsLooked); end -= LIMITS.pageItems) {
    const first = Math.max(0, end - LIMITS.pageItems);
    const lines = await ports.timeline(entity, first, end - first);
    for (const { eventId, body } of lines.toReversed()) {
      const line = JSON.parse(body) as EventLine;
      if (line.type !== "event") continue;
      if (eventId === event.id) seen = true;
      else if (seen && counted(line, event.source)) return eventId;
    }
  }
  return null;
}

const counted = (line: EventLine, source: string): boolean =>
  line.source === source && line.status !== "ignored" && line.status !== "superseded";

/** What an operator patched may be personal: those who may not see it see which fields, and not with what. */
export function hidingPatches(view: AnswerOf<"getEntity">, kind: EntityKind, actor: Actor): AnswerOf<"getEntity"> {
  if (seesPersonalData(actor)) return view;
  const timeline = view.timeline.map((line) => {
    const body = line.body as JsonObject;
    return isJsonObject(body["patch"]) ? { ...line, body: { ...body, patch: maskPersonal(kind, body["patch"]) } } : line;
  });
  return { ...view, timeline };
}
