import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { DestinationGovernor } from "../../durable-objects/destination-governor.ts";
import type { EntitySequencer } from "../../durable-objects/entity-sequencer.ts";
import type { Priority } from "../../src/domain/event.ts";
import { queuesOf } from "../../src/adapters/queues.ts";

/** Every place where one part of the router speaks to another one, or to the world, and how it fails there. */
export const BOUNDARIES = [
  { where: "queue", how: "refuses" },
  { where: "queue", how: "losesAnswer" },
  { where: "queue", how: "answersLate" },
  { where: "message", how: "comesTwiceAtOnce" },
  { where: "consumer", how: "diesBeforeAck" },
  { where: "objectCall", how: "refuses" },
  { where: "objectCall", how: "losesAnswer" },
  { where: "spillCall", how: "refuses" },
  { where: "spillCall", how: "losesAnswer" },
  { where: "objectAtRest", how: "isEvicted" },
  { where: "objectAttempting", how: "diesBeforeEffect" },
  { where: "objectAttempting", how: "diesAfterEffect" },
  { where: "lease", how: "refuses" },
  { where: "lease", how: "losesAnswer" },
  { where: "leaseReturn", how: "refuses" },
  { where: "leaseReturn", how: "losesAnswer" },
  { where: "destination", how: "refuses" },
  { where: "destination", how: "losesAnswer" },
  { where: "destination", how: "answersLate" },
  { where: "destination", how: "isDown" },
  { where: "destination", how: "throttles" },
  { where: "destination", how: "refusesData" },
  { where: "archive", how: "refuses" },
  { where: "archive", how: "losesAnswer" },
  { where: "index", how: "refuses" },
  { where: "index", how: "losesAnswer" },
  { where: "alarm", how: "ringsTwice" },
  { where: "alarm", how: "ringsLate" },
] as const;
export type Boundary = (typeof BOUNDARIES)[number];

/** The bounds of the router, in ms, as they are while this runs; late is beyond all of them. */
export const SHORT_BOUNDS = { queueSendMs: 60, answerWithinMs: 120, laneSpreadMs: 60 };
export const LATE_MS = 200;

export const sleep = (ms: number): Promise<false> => new Promise((resolve) => setTimeout(() => resolve(false), ms));

export const nameOf = ({ where, how }: Boundary): string => `${where} ${how}`;

/** What is to go wrong next, place by place, and how often each has. */
export class Faults {
  readonly strikes = new Map<string, number>(BOUNDARIES.map((boundary) => [nameOf(boundary), 0]));
  #armed: Boundary[] = [];

  /** The next who comes by there is struck. */
  arm(boundary: Boundary): void {
    this.#armed.push(boundary);
  }

  calm(): void {
    this.#armed = [];
  }

  /** What goes wrong there now; null if nothing does. */
  strike(where: Boundary["where"]): Boundary["how"] | null {
    const at = this.#armed.findIndex((boundary) => boundary.where === where);
    const [struck] = at === -1 ? [] : this.#armed.splice(at, 1);
    if (struck === undefined) return null;
    this.strikes.set(nameOf(struck), (this.strikes.get(nameOf(struck)) ?? 0) + 1);
    return struck.how;
  }

  /** Makes a call over a boundary: it may never arrive, or its answer may be lost or late. */
  async cross<T>(where: Calls, act: () => Promise<T>): Promise<T> {
    const how = this.strike(where);
    if (how === "refuses") throw new Error(`${where} refused`);
    const answer = await act();
    if (how === "losesAnswer") throw new Error(`${where} did not answer`);
    if (how === "answersLate") await sleep(LATE_MS);
    return answer;
  }
}

/** Boundaries that are one call, with an answer. */
type Calls = Exclude<Boundary["where"], "message" | "consumer" | "objectAtRest" | "objectAttempting" | "destination" | "alarm">;

/** An object as it is, for what looks on from outside the router. */
const entityByName = env.ENTITY.getByName.bind(env.ENTITY);
export const realEntity = (name: string): DurableObjectStub<EntitySequencer> => entityByName(name);

/**
 * Puts faults between the router and its bindings, for the Worker and its objects alike: in their one isolate both hold
 * the same ones. `taken` receives what ingest puts into a queue. `vi.restoreAllMocks` undoes it.
 */
export function strikeBindings(faults: Faults, taken: (queue: Priority, body: string) => void): void {
  const { DB, BODIES, ENTITY, GOVERNOR } = env;
  const writeIndex = DB.batch.bind(DB);
  vi.spyOn(DB, "batch").mockImplementation((...args) => faults.cross("index", () => writeIndex(...args)));
  const put = BODIES.put.bind(BODIES) as (key: string, body: Blob) => Promise<R2Object>;
  vi.spyOn(BODIES, "put").mockImplementation((...args: unknown[]) =>
    faults.cross("archive", () => put(...(args as Parameters<typeof put>))),
  );
  vi.spyOn(ENTITY, "getByName").mockImplementation((name) => {
    const object = entityByName(name);
    return {
      sequence: (...args: Parameters<EntitySequencer["sequence"]>) => faults.cross("objectCall", async () => object.sequence(...args)),
      spill: (...args: Parameters<EntitySequencer["spill"]>) => faults.cross("spillCall", async () => object.spill(...args)),
    } as unknown as typeof object;
  });
  const governorByName = GOVERNOR.getByName.bind(GOVERNOR);
  vi.spyOn(GOVERNOR, "getByName").mockImplementation((name) => {
    const object = governorByName(name);
    return {
      lease: (...args: Parameters<DestinationGovernor["lease"]>) => faults.cross("lease", async () => object.lease(...args)),
      settle: (...args: Parameters<DestinationGovernor["settle"]>) => faults.cross("leaseReturn", async () => object.settle(...args)),
    } as unknown as typeof object;
  });
  for (const priority of ["critical", "standard"] as const)
    vi.spyOn(queuesOf(env)[priority][0], "send").mockImplementation((body) =>
      faults.cross("queue", async () => taken(priority, String(body)) as unknown as QueueSendResponse),
    );
}
