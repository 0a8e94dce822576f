import { ageOf, deferral, refusesAtIngest, type Backlog } from "../domain/backlog.ts";
import type { RouterConfig } from "../domain/config.ts";
import { eventTimeMs } from "../domain/event-id.ts";
import { PRIORITIES } from "../domain/event.ts";
import { LIMITS } from "../domain/limits.ts";
import { summarize } from "../domain/overview.ts";
import { ok, type Result } from "../domain/result.ts";
import type { AnswerOf, QueryOf } from "./operations.ts";
import type { Handlers, OpsPorts, OverviewRead, Refused } from "./ops-ports.ts";
import { ownerOf, ownersOfLetter } from "./owners.ts";
import { deadLetterView, iso } from "./views.ts";

type OversightHandlers = Pick<Handlers, "getOverview" | "getBacklog" | "listOperatorActions">;

/** The ops API's calls for those who watch over the router. */
export const oversightHandlers = (ports: OpsPorts): OversightHandlers => ({
  getOverview: async () => ok(overviewView(await ports.overview(), ports.config)),
  getBacklog: async () => ok(backlogView(await ports.backlog(), ports.clock())),
  listOperatorActions: ({ query }) => listActions(ports, query),
});

function overviewView(read: OverviewRead, config: RouterConfig): AnswerOf<"getOverview"> {
  const { medianMs, p95Ms, latency, kinds, events, sinceMs } = summarize(read.recent);
  return {
    at: iso(read.atMs),
    waiting: read.waiting.map(({ status, events: waiting, oldestId }) => ({
      status,
      events: waiting,
      atLeast: waiting >= LIMITS.overviewCounted,
      oldestAt: oldestId === null ? null : iso(eventTimeMs(oldestId)),
    })),
    deadLetters: read.openLetters.map(({ list, owner, class: failure, letters }) => ({
      list: list as "business",
      owner: ownerOf(config, owner),
      class: failure as AnswerOf<"getDeadLetter">["class"],
      letters,
    })),
    latestFailures: read.latestLetters.map((letter) => deadLetterView(letter, ownersOfLetter(config, letter))),
    recent: { events, since: sinceMs === null ? null : iso(sinceMs), medianMs, p95Ms, latency: [...latency], kinds: [...kinds] },
    destinations: [...read.destinations],
    backlog: backlogView(read.backlog, read.atMs),
  };
}

const backlogView = (backlog: Backlog, nowMs: number): AnswerOf<"getBacklog"> => ({
  classes: PRIORITIES.map((priority) => ({
    class: priority,
    ageSeconds: Math.round(ageOf(backlog, priority, nowMs) / 1000),
    readAt: backlog[priority].atMs === 0 ? null : iso(backlog[priority].atMs),
    deferred: deferral(backlog, priority, nowMs),
    refused: refusesAtIngest(backlog, priority, nowMs),
  })),
});

async function listActions(
  ports: OpsPorts,
  query: QueryOf<"listOperatorActions">,
): Promise<Result<AnswerOf<"listOperatorActions">, Refused>> {
  const found = await ports.operatorActions({ actor: query.actor, beforeId: query.cursor, limit: query.limit + 1 });
  const items = found.slice(0, query.limit);
  return ok({
    items: items.map(({ atMs, ...action }) => ({ ...action, at: iso(atMs) })),
    nextCursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null,
  });
}
