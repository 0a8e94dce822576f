import { createHash } from "node:crypto";
import path from "node:path";
import { timeOf, wholeNumber } from "../arguments.ts";
import type { Api } from "../api.ts";
import type { Item, Query } from "../client/client.ts";
import { eventTimeMs } from "../../src/domain/event-id.ts";
import { API_OPTIONS, command, type Call } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { forwardTo } from "../forward.ts";
import { readPlace, writePlace, type Place } from "../place.ts";

type Event = Item<"listEvents">;

const OPTIONS = {
  ...API_OPTIONS,
  source: { type: "string", value: "name", summary: "only of this source" },
  type: { type: "string", value: "type", summary: "only of this type" },
  status: { type: "string", value: "status", summary: "only with this status when they are first seen" },
  destination: { type: "string", value: "name", summary: "only those for this destination" },
  forward: { type: "string", value: "url", summary: "post each event's raw body there, oldest first, at least once" },
  from: { type: "string", value: "time", summary: "where to begin if there is no place yet: ISO 8601, or 15m or 2h ago; default: now" },
  place: {
    type: "string",
    value: "file",
    file: true,
    summary: "where to remember how far it came; default: one in .local for each router, filter and --forward",
  },
  anew: { type: "boolean", summary: "forget the place" },
  overlap: { type: "string", value: "seconds", summary: "how long after its receipt an event may still appear in the index; default 60" },
  interval: { type: "string", value: "ms", summary: "between two looks; default 1000" },
  once: { type: "boolean", summary: "look once, and end" },
} as const;

type Tail = Call<typeof OPTIONS>;

export const tail = command({
  name: "tail",
  summary: "events as they come, with their lag; --forward posts them to a URL of yours",
  about: `It goes on where it ended. An event is shown once, with the status it then has; follow one with trace. With --forward an event counts as
forwarded when the URL has answered, whatever it says; while nothing answers there, it waits and tries again. The router keeps bodies and
content types, not the sender's other headers: what it knows comes as x-signalbox-event-id, -source, -type, -delivery-id, x-correlation-id
and traceparent. A signature of the sender can therefore not be checked there; signalbox send signs anew. With --json one line an event.`,
  arguments: [],
  options: OPTIONS,
  examples: ["signalbox tail", "signalbox tail --source stripe --from 15m", "signalbox tail --forward http://localhost:3000/hooks"],
  run: async (call) => {
    const { options, world } = call;
    const router = await call.api(options.forward === undefined ? "viewer" : "operator");
    const forward = options.forward === undefined ? null : forwardTo(router, urlOf(options.forward), world);
    return follow(call, router, forward);
  },
});

function urlOf(text: string): string {
  if (URL.canParse(text) && text.startsWith("http")) return text;
  throw new Stop(EXIT.usage, `--forward: "${text}" is no URL; it looks like http://localhost:3000/hooks`);
}

type Forward = ReturnType<typeof forwardTo>;

async function follow(call: Tail, router: Api, forward: Forward | null): Promise<Exit> {
  const { options, world } = call;
  const overlapMs = 1_000 * (wholeNumber("overlap", options.overlap) ?? 60);
  const intervalMs = wholeNumber("interval", options.interval, 100) ?? 1_000;
  const file = options.place ?? placeFile(call, router.origin);
  const kept = options.anew === true ? null : readPlace(file);
  let place: Place = kept ?? { newestMs: options.from === undefined ? world.now() : timeOf("from", options.from, world.now()), seen: [] };
  // What came before the beginning is no news, however late it is indexed.
  const beginMs = kept === null ? place.newestMs : 0;
  while (!world.ended.aborted) {
    const sinceMs = Math.max(place.newestMs - overlapMs, beginMs);
    for (const event of await fresh(router, filterOf(options, sinceMs), place)) {
      if (world.ended.aborted) break;
      const answered = forward === null ? null : await forward(event);
      if (forward !== null && answered === null) break;
      print(call, event, answered);
      place = moved(place, event, overlapMs);
      if (forward !== null) writePlace(file, place);
    }
    writePlace(file, place);
    if (options.once === true) break;
    await world.sleep(intervalMs);
  }
  return EXIT.ok;
}

function placeFile({ options, world }: Tail, origin: string): string {
  const { source, type, status, destination, forward } = options;
  const name = createHash("sha256")
    .update(JSON.stringify([origin, source, type, status, destination, forward]))
    .digest("hex")
    .slice(0, 12);
  return path.join(world.root, ".local", `tail-${name}.json`);
}

const filterOf = ({ source, type, status, destination }: Tail["options"], sinceMs: number): Query<"listEvents"> =>
  // A word that is no status is refused by the API, which names them all.
  ({ source, type, status, destination, from: new Date(sinceMs).toISOString() }) as Query<"listEvents">;

/** What was not seen yet, oldest first. The index lists by receipt, and an event may appear in it after later ones. */
async function fresh(router: Api, query: Query<"listEvents">, { seen }: Place): Promise<readonly Event[]> {
  const known = new Set(seen);
  const found: Event[] = [];
  for await (const event of router.all("listEvents", query)) if (!known.has(event.id)) found.push(event);
  return found.toReversed();
}

/** The place after an event: what lies before the overlap is not asked for again, so it is forgotten. */
function moved({ newestMs, seen }: Place, { id, receivedAt }: Event, overlapMs: number): Place {
  const newest = Math.max(newestMs, Date.parse(receivedAt));
  return { newestMs: newest, seen: [...seen, id].filter((each) => eventTimeMs(each) >= newest - overlapMs) };
}

function print({ json, world }: Tail, event: Event, answered: number | null): void {
  const lagMs = Math.max(0, world.now() - Date.parse(event.receivedAt));
  if (json) {
    world.out(JSON.stringify({ ...event, lagMs, ...(answered === null ? {} : { forwarded: answered }) }));
    return;
  }
  const record = event.entity === null ? "" : `${event.entity.kind}/${event.entity.key}`;
  const went = answered === null ? "" : `  forwarded: ${answered}`;
  world.out(
    `${event.receivedAt}  ${event.id}  ${event.status.padEnd(11)} ${event.source ?? "?"} ${event.type ?? ""}  ${record}  lag ${(lagMs / 1_000).toFixed(1)} s${went}`,
  );
}
