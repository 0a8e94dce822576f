import type { ResponseSeen } from "../../src/destinations/define.ts";
import type { RequestSpec } from "../../src/domain/http.ts";
import { fail, ok, type Result } from "../../src/domain/result.ts";
import { Chance } from "./chance.ts";
import { seen, type RemoteSystem } from "./remote-systems.ts";
import type { VirtualTime } from "./virtual-time.ts";

const WEATHERS = ["fair", "down", "slow", "throttling", "losingAnswers", "losingRequests", "locked", "expired"] as const;
export type Weather = (typeof WEATHERS)[number];

/** How often each weather comes, in parts of their sum. */
const SHARES: Readonly<Record<Weather, number>> = {
  fair: 60,
  down: 8,
  slow: 6,
  throttling: 6,
  losingAnswers: 10,
  losingRequests: 5,
  locked: 3,
  expired: 2,
};
const WINDOW_MS = 15_000;
/** Share of requests that come in although their sender died meanwhile. */
const OUTLIVES = 0.8;
/** How much later than they would have: the connection is not torn down at once, and a queue may be in between. */
const STRAY_MS = 9_000;
/** Share of requests without an answer that are not lost but slow: they come in after their sender has stopped waiting, though not for longer than it waits for an answer. */
const COMES_IN_LATE = 0.3;

/** The weather at every place at every time, by the seed alone, so that one entity meets the same whoever else is there. */
export class Skies {
  readonly #seed: string;
  readonly #known = new Map<string, Weather>();
  /** From then on it is fair everywhere. */
  readonly clearAtMs: number;

  constructor(seed: string, clearAtMs: number) {
    this.#seed = seed;
    this.clearAtMs = clearAtMs;
  }

  over(place: string, nowMs: number): Weather {
    if (nowMs >= this.clearAtMs) return "fair";
    const window = `${place}/${Math.floor(nowMs / WINDOW_MS)}`;
    const known = this.#known.get(window) ?? this.#draw(window);
    this.#known.set(window, known);
    return known;
  }

  #draw(window: string): Weather {
    let lot = new Chance(this.#seed, window).below(Object.values(SHARES).reduce((sum, share) => sum + share, 0));
    for (const weather of WEATHERS) {
      lot -= SHARES[weather];
      if (lot < 0) return weather;
    }
    return "fair";
  }
}

/** One request's way: who sends it, and what ends it early. */
interface Journey {
  readonly chance: Chance;
  /** False once the sender is gone: its connections are gone with it. */
  readonly alive: () => boolean;
  /** Called where something changed that the sender does not know yet. */
  readonly onEffect: () => void;
  readonly onLost: () => void;
  /** Called where a request goes on without its sender. */
  readonly onStray: () => void;
}

const systemAt = (url: string): string => new URL(url).hostname.split(".")[0] ?? "";

/** Carries requests to remote systems, and their answers back, as the weather lets it. An answer that is late is lost. */
export class Network {
  readonly #time: VirtualTime;
  readonly #skies: Skies;
  readonly #remotes: ReadonlyMap<string, RemoteSystem>;

  constructor(time: VirtualTime, skies: Skies, remotes: ReadonlyMap<string, RemoteSystem>) {
    this.#time = time;
    this.#skies = skies;
    this.#remotes = remotes;
  }

  async send(request: RequestSpec, timeoutMs: number, journey: Journey): Promise<Result<ResponseSeen, string>> {
    const { chance } = journey;
    const weather = this.#skies.over(systemAt(request.url), this.#time.nowMs);
    const wayMs = weather === "slow" ? chance.between(100, timeoutMs - 100) : chance.between(5, 80);
    const outMs = chance.below(wayMs);
    await this.#time.sleep(outMs);
    // A request still under way ends with its sender, or comes in all the same: much later, if the wire is slow.
    if (!journey.alive()) {
      if (!chance.happens(OUTLIVES)) return fail("the connection was lost");
      journey.onStray();
      await this.#time.sleep(chance.below(STRAY_MS));
      this.#at("fair", request, journey);
      return fail("the connection was lost");
    }
    const answer = this.#at(weather, request, journey);
    if (answer !== null) {
      await this.#time.sleep(wayMs - outMs);
      return ok(answer);
    }
    const waitedMs = chance.between(0, 1) * (timeoutMs - outMs);
    if (weather === "losingRequests" && chance.happens(COMES_IN_LATE))
      void this.#late(request, journey, waitedMs + chance.below(timeoutMs));
    await this.#time.sleep(waitedMs);
    return fail("no answer");
  }

  async #late(request: RequestSpec, journey: Journey, afterMs: number): Promise<void> {
    await this.#time.sleep(afterMs);
    journey.onStray();
    this.#at("fair", request, journey);
  }

  /** What the destination does with a request that has arrived; null where no answer comes back. */
  #at(weather: Weather, request: RequestSpec, journey: Journey): ResponseSeen | null {
    const { chance } = journey;
    const badly = chance.happens(0.7);
    if (badly && weather === "down") return seen(503);
    if (badly && weather === "locked" && request.method === "POST") return seen(409);
    if (badly && weather === "expired") return seen(401);
    if (badly && weather === "throttling") return seen(429, String(chance.between(1, 40)));
    if (badly && weather === "losingRequests") return null;
    const answer = this.#receive(request, chance);
    journey.onEffect();
    if (!badly || weather !== "losingAnswers") return answer;
    journey.onLost();
    return null;
  }

  #receive(request: RequestSpec, chance: Chance): ResponseSeen {
    const remote = this.#remotes.get(systemAt(request.url));
    if (remote === undefined) return seen(404);
    const answer = remote.receive(request, this.#time.nowMs);
    // A middle man that sends it on twice: only who recognises the key can bear that.
    return remote.deduplicates && chance.happens(0.01) ? remote.receive(request, this.#time.nowMs) : answer;
  }
}
