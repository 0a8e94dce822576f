import type { Api } from "./api.ts";
import type { Bytes } from "./client/operations.ts";
import type { Item } from "./client/client.ts";
import type { World } from "./world.ts";

type Event = Item<"listEvents">;

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * Posts events' raw bodies to a URL: at least once each, and in the order given. Answers the status that the URL gave,
 * or null if the person ended the command before there was one.
 */
export function forwardTo(router: Api, url: string, world: World): (event: Event) => Promise<number | null> {
  return async (event) => {
    const raw = await again(world, "the raw body is not archived yet", () => rawOf(router, event.id));
    if (raw === null) return null;
    const headers = headersOf(event, raw.headers);
    return again(world, `${url} does not answer`, () =>
      world
        .fetch(url, { method: "POST", headers, body: Buffer.from(raw.bytes), redirect: "manual", signal: AbortSignal.timeout(30_000) })
        .then(({ status }) => status)
        .catch(() => null),
    );
  };
}

/** Tries until there is something, ever more seldom; says once why it waits. */
async function again<T>(world: World, why: string, attempt: () => Promise<T | null>): Promise<T | null> {
  for (let delayMs = FIRST_DELAY_MS; !world.ended.aborted; delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)) {
    const got = await attempt();
    if (got !== null) return got;
    if (delayMs === FIRST_DELAY_MS) world.say(`${why}; trying again`);
    await world.sleep(delayMs);
  }
  return null;
}

/** Null while it is not archived; a body that is not kept any more goes out empty, and says so. */
async function rawOf(router: Api, id: string): Promise<Bytes | null> {
  const called = await router.attempt("getRaw", { params: { id } });
  if (called.ok) return called.value;
  if (called.failure.kind === "refused" && called.failure.code === "raw_not_archived") return null;
  return { bytes: new Uint8Array(), headers: new Headers({ "x-original-content-type": "application/octet-stream" }) };
}

function headersOf(event: Event, raw: Headers): Record<string, string> {
  const known: readonly (readonly [string, string | null])[] = [
    ["content-type", raw.get("x-original-content-type") ?? "application/octet-stream"],
    ["x-signalbox-event-id", event.id],
    ["x-signalbox-source", event.source],
    ["x-signalbox-type", event.type],
    ["x-signalbox-delivery-id", event.deliveryId],
    ["x-correlation-id", event.correlationId],
    ["traceparent", event.traceparent],
  ];
  return Object.fromEntries(known.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
