import {
  nextStepOf,
  rateOf,
  whyNotApprove,
  type ReplayPlan,
  type ReplayProgress,
  type ReplayRequest,
  type StoredReplay,
} from "../domain/replay.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { ReplayView } from "./operations-replays.ts";
import { isEntityKind, type AnswerOf, type BodyOf, type QueryOf } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused } from "./ops-ports.ts";
import type { ProblemCode } from "./problem.ts";
import { iso } from "./views.ts";

const refuse = (code: ProblemCode, detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

type ReplayHandlers = Pick<Handlers, "listReplays" | "getReplay" | "createReplay" | "approveReplay" | "cancelReplay">;

/** The ops API's calls about replays. */
export const replayHandlers = (ports: OpsPorts): ReplayHandlers => ({
  listReplays: ({ query }) => list(ports, query),
  getReplay: ({ params }) => withReplay(ports, params, async (replay) => ok(replayView(replay))),
  createReplay: (call) => create(ports, call),
  approveReplay: ({ params, actor, body }) =>
    withReplay(ports, params, async (replay) => {
      const why = whyNotApprove(replay.askedBy, actor.name);
      if (why !== null) return refuse("forbidden", why);
      if (replay.state !== "waitingForApproval") return refuse("conflict", `it does not wait for approval: it is ${replay.state}`);
      return moved(await ports.replays.approve(replay.id, { actor: actor.name, reason: body.reason }));
    }),
  cancelReplay: ({ params, actor, body }) =>
    withReplay(ports, params, async (replay) => {
      if (replay.state === "done" || replay.state === "cancelled") return refuse("conflict", `it is ${replay.state} already`);
      return moved(await ports.replays.cancel(replay.id, { actor: actor.name, reason: body.reason }));
    }),
});

type Viewed = Result<ReplayView, Refused>;

const moved = (result: Result<StoredReplay, ProblemCode>): Viewed =>
  result.ok ? ok(replayView(result.value)) : refuse(result.failure, "another change came first: look at the replay again");

async function list(ports: OpsPorts, query: QueryOf<"listReplays">): Promise<Result<AnswerOf<"listReplays">, Refused>> {
  const found = await ports.replays.list({ beforeId: query.cursor, limit: query.limit + 1 });
  const items = found.slice(0, query.limit);
  return ok({ items: items.map(replayView), nextCursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null });
}

async function withReplay(
  ports: OpsPorts,
  params: Call<"getReplay">["params"],
  then: (replay: StoredReplay) => Promise<Viewed>,
): Promise<Viewed> {
  const replay = await ports.replays.find(params["id"] ?? "");
  return replay === null ? refuse("not_found", `no replay has the id ${params["id"]}`) : then(replay);
}

async function create(ports: OpsPorts, { body, actor }: Call<"createReplay">): Promise<Viewed> {
  const request = requestOf(ports, body);
  if (!request.ok) return refuse("invalid_request", request.failure);
  const plan = await ports.replays.plan(request.value);
  if (!plan.ok) return refuse("invalid_request", plan.failure);
  if (body.dryRun) return ok(dryRunView(request.value, plan.value, actor.name));
  if (plan.value.replayable === 0) return refuse("conflict", "nothing that can be replayed matches the query: see its dry run");
  return moved(await ports.replays.create(request.value, plan.value, { actor: actor.name, reason: body.reason }));
}

/** What was asked, with every default filled in: never beyond now, so that a replay does not meet its own events. */
function requestOf(ports: OpsPorts, body: BodyOf<"createReplay">): Result<ReplayRequest, string> {
  const { query, window = null } = body;
  const destinations = body.destinations ?? (query.destination === undefined ? null : [query.destination]);
  const unknown = [...(destinations ?? []), ...(query.destination === undefined ? [] : [query.destination])].find(
    (name) => ports.config.destinations[name] === undefined,
  );
  if (unknown !== undefined) return fail(`there is no destination "${unknown}"`);
  if (query.source !== undefined && ports.config.sources[query.source] === undefined) return fail(`there is no source "${query.source}"`);
  if (query.entity !== undefined && !isEntityKind(query.entity.slice(0, query.entity.indexOf("/"))))
    return fail("query.entity: must be <kind>/<key>, with a kind of the canonical model");
  if (window !== null && window.from === window.to) return fail("window: from and to are the same");
  const [fromMs, toMs] = [Date.parse(query.from), Math.min(Date.parse(query.to), ports.clock())];
  if (fromMs >= toMs) return fail("query: from must be before to, and in the past");
  return ok({
    query: { ...query, from: iso(fromMs), to: iso(toMs) },
    destinations,
    force: body.force,
    ratePerSecond: rateOf(body.ratePerSecond, ports.config.replays),
    window: window === null ? null : { from: window.from, to: window.to, ...(window.days === undefined ? {} : { days: window.days }) },
    reason: body.reason,
  });
}

const requestView = ({ query, destinations, window, ...rest }: ReplayRequest) => ({
  ...rest,
  query: query as ReplayView["query"],
  destinations: destinations === null ? null : [...destinations],
  window: window === null ? null : { from: window.from, to: window.to, ...(window.days === undefined ? {} : { days: [...window.days] }) },
});

const planView = ({ estimatedEndMs, notReplayable, sample, ...plan }: ReplayPlan): ReplayView["plan"] => ({
  ...plan,
  notReplayable: [...notReplayable],
  sample: [...sample],
  estimatedEnd: estimatedEndMs === null ? null : iso(estimatedEndMs),
});

const progressView = ({ startedAtMs, waitsUntilMs, problems, ...progress }: ReplayProgress): ReplayView["progress"] => ({
  ...progress,
  problems: [...problems],
  startedAt: iso(startedAtMs),
  waitsUntil: waitsUntilMs === null ? null : iso(waitsUntilMs),
});

const dryRunView = (request: ReplayRequest, plan: ReplayPlan, askedBy: string): ReplayView => ({
  ...requestView(request),
  id: null,
  state: "dryRun",
  plan: planView(plan),
  progress: null,
  askedBy,
  approvedBy: null,
  cancelledBy: null,
  createdAt: null,
  updatedAt: null,
  nextStep: 'send it again with "dryRun": false to do it',
});

const replayView = (replay: StoredReplay): ReplayView => ({
  ...requestView(replay.request),
  id: replay.id,
  state: replay.state,
  plan: planView(replay.plan),
  progress: replay.progress === null ? null : progressView(replay.progress),
  askedBy: replay.askedBy,
  approvedBy: replay.approvedBy,
  cancelledBy: replay.cancelledBy,
  createdAt: iso(replay.createdAtMs),
  updatedAt: iso(replay.updatedAtMs),
  nextStep: nextStepOf(replay),
});
