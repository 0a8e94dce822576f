import type { Answer, Item } from "../client/client.ts";
import { API_OPTIONS, command } from "../command.ts";
import { EXIT } from "../exit.ts";

type Event = Item<"listEvents">;

export const trace = command({
  name: "trace",
  summary: "every hop of a correlation id, event id, remote id or business number, as a timeline",
  arguments: [{ name: "key", summary: "an event id, a correlation id, a record's number or id in any system" }],
  options: API_OPTIONS,
  examples: ["signalbox trace SO-1001", "signalbox trace evt_01J... --json"],
  run: async ({ args: [key = ""], api, show }) => {
    const called = await (await api("viewer")).attempt("trace", { params: { anyKey: key } });
    const found = called.ok ? called.value : { key, entities: [], events: [] };
    show(found, () => timeline(found));
    return found.events.length + found.entities.length === 0 ? EXIT.found : EXIT.ok;
  },
});

function timeline({ key, entities, events }: Answer<"trace">): string {
  if (events.length + entities.length === 0) return `Nothing is known under ${key}.`;
  const known = entities.map(({ kind, key: entityKey, system }) => `${kind}/${entityKey} (${system})`);
  const inOrder = events.toSorted((left, right) => left.receivedAt.localeCompare(right.receivedAt));
  return [...(known.length === 0 ? [] : [`Records: ${known.join(", ")}`, ""]), ...inOrder.map(way)].join("\n");
}

/** One event's way over all systems, with the time since it came. */
export function way(event: Event): string {
  const { receivedAt, source, type, entity, status, reason, id, verdict } = event;
  const record = entity === null ? "" : ` ${entity.kind}/${entity.key}`;
  const said = reason === null ? "" : `: ${reason}`;
  const head = `${receivedAt}  ${source ?? "?"} ${type ?? ""}${record}  ${status}${said}`;
  const taken = [
    `  ${id}`,
    ...(verdict === null ? [] : [verdict]),
    ...(event.correlationId === null ? [] : [event.correlationId]),
    ...(event.of === null ? [] : [`because of ${event.of}`]),
  ].join("  ");
  return [head, taken, ...event.destinations.flatMap((lane) => hops(lane, Date.parse(receivedAt)))].join("\n");
}

function hops(lane: Event["destinations"][number], receivedAtMs: number): readonly string[] {
  const attempts = lane.attempts.map((attempt) => {
    const after = `+${Date.parse(attempt.startedAt) - receivedAtMs} ms`.padStart(12);
    const status = attempt.httpStatus === undefined ? "" : ` ${attempt.httpStatus}`;
    const detail = attempt.detail === undefined ? "" : `: ${attempt.detail}`;
    return `${after}  ${lane.destination}  ${attempt.result}${status} in ${attempt.durationMs} ms${detail}`;
  });
  const remote = lane.remote === undefined ? "" : ` as ${lane.remote.number ?? lane.remote.id}`;
  const next = lane.nextAttemptAt === undefined ? "" : `, next attempt ${lane.nextAttemptAt}`;
  const why = lane.reason === undefined ? "" : `: ${lane.reason}`;
  return [...attempts, `${"=".padStart(12)}  ${lane.destination}  ${lane.status}${remote}${why}${next}  (route ${lane.route})`];
}
