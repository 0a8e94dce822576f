import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RequestSpec, ResponseSeen } from "../../src/domain/http.ts";
import { fail, ok, type Result } from "../../src/domain/result.ts";
import { renewSubscriptions, type PlannedRenewal, type RenewPorts, type SubscriptionState } from "../../src/pipeline/renew.ts";
import type { Renewal, Subscription } from "../../src/sources/define.ts";

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;
const LIFE_MS = 3 * DAY_MS;

/** A sender with subscriptions that live three days; what it is asked is in its URLs. */
const sender = (name: string, changes: Partial<Renewal> = {}): Renewal => ({
  secrets: { app: `${name}_APP` },
  windowMs: DAY_MS,
  tokenRequest: (secrets) => ({ method: "POST", url: `https://${name}.test/token`, headers: {}, body: secrets["app"] ?? "" }),
  readToken: ({ status, body }) => (status === 200 ? ok(body) : fail(`no token: ${status}`)),
  listRequest: (token) => ({ method: "GET", url: `https://${name}.test/subscriptions`, headers: { authorization: token } }),
  readList: ({ status, body }) => (status === 200 ? ok(JSON.parse(body) as Subscription[]) : fail(`no list: ${status}`)),
  renewRequest: ({ id, etag }, { token }) => ({
    method: "PATCH",
    url: `https://${name}.test/subscriptions/${id}`,
    headers: { authorization: token, "if-match": etag },
  }),
  readRenewed: ({ status, body }) => (status === 200 ? ok(body === "" ? null : Number(body)) : fail(`not renewed: ${status}`)),
  ...changes,
});

type Answer = Result<{ readonly status: number; readonly body: string }, string>;

function world(lists: Readonly<Record<string, readonly Subscription[]>>, answers: Readonly<Record<string, Answer | "throws">> = {}) {
  const asked: RequestSpec[] = [];
  const reply = (request: RequestSpec): Answer => {
    const { hostname, pathname } = new URL(request.url);
    if (pathname === "/token") return ok({ status: 200, body: `token for ${request.body}` });
    if (request.method === "GET") return ok({ status: 200, body: JSON.stringify(lists[hostname.replace(".test", "")] ?? []) });
    return ok({ status: 200, body: String(NOW_MS + LIFE_MS) });
  };
  const ports: RenewPorts = {
    clock: () => NOW_MS,
    secret: (variable) => (variable === "MISSING_APP" ? undefined : `value of ${variable}`),
    send: async (request): Promise<Result<ResponseSeen, string>> => {
      asked.push(request);
      const answer = answers[new URL(request.url).pathname] ?? reply(request);
      if (answer === "throws") throw new TypeError("invalid header: Bearer s3cr3t");
      return answer.ok ? ok({ ...answer.value, headers: new Headers(), nowMs: NOW_MS }) : answer;
    },
  };
  return {
    ports,
    asked,
    renewedIds: () => asked.filter(({ method }) => method === "PATCH").map(({ url }) => new URL(url).pathname.split("/")[2]),
  };
}

const subscription = (id: string, inMs: number): Subscription => ({
  id,
  resource: `r/${id}`,
  expiresAtMs: NOW_MS + inMs,
  etag: `W/"${id}"`,
});
const plan = (source: string, known: readonly SubscriptionState[] = [], changes: Partial<Renewal> = {}): PlannedRenewal => ({
  source,
  renewal: sender(source, changes),
  known,
});
const state = (id: string, inMs: number, changes: Partial<SubscriptionState> = {}): SubscriptionState => ({
  source: "bc",
  subscriptionId: id,
  resource: `r/${id}`,
  expiresAtMs: NOW_MS + inMs,
  renewedAtMs: NOW_MS - DAY_MS,
  checkedAtMs: NOW_MS - 3_600_000,
  problem: null,
  ...changes,
});

const times = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,6}$/),
    inMs: fc.oneof(fc.integer({ min: -LIFE_MS, max: LIFE_MS }), fc.constantFrom(DAY_MS, DAY_MS + 1, DAY_MS - 1, 0)),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 8 },
);

describe("a run of renewals", () => {
  it("renews whatever ends within the window, leaves alone what is further away, and reports every one", async () => {
    await fc.assert(
      fc.asyncProperty(times, async (subscriptions) => {
        const { ports, renewedIds } = world({ bc: subscriptions.map(({ id, inMs }) => subscription(id, inMs)) });
        const [report] = await renewSubscriptions([plan("bc")], ports);
        const due = subscriptions.filter(({ inMs }) => inMs <= DAY_MS).map(({ id }) => id);
        expect(renewedIds().toSorted()).toEqual(due.toSorted());
        expect(report?.problem).toBeNull();
        expect(report?.subscriptions).toEqual(
          subscriptions.map(({ id, inMs }) =>
            state(id, inMs <= DAY_MS ? LIFE_MS : inMs, { renewedAtMs: inMs <= DAY_MS ? NOW_MS : null, checkedAtMs: NOW_MS }),
          ),
        );
      }),
    );
  });

  it("goes on after one that fails, whatever way it fails, and reports the words at that one alone", async () => {
    const failures = fc.constantFrom<Answer | "throws">(
      ok({ status: 400, body: "" }),
      ok({ status: 503, body: "" }),
      fail("no answer within 10000 ms"),
      "throws",
    );
    await fc.assert(
      fc.asyncProperty(times, fc.array(fc.tuple(fc.nat(7), failures), { maxLength: 4 }), async (subscriptions, broken) => {
        const ids = subscriptions.map(({ id }) => id);
        const answers = Object.fromEntries(broken.map(([at, answer]) => [`/subscriptions/${ids[at % ids.length]}`, answer]));
        const { ports, renewedIds } = world({ bc: ids.map((id) => subscription(id, 1_000)) }, answers);
        const [report] = await renewSubscriptions([plan("bc")], ports);
        expect(renewedIds()).toEqual(ids);
        for (const { subscriptionId, problem, renewedAtMs, expiresAtMs } of report?.subscriptions ?? []) {
          const failed = answers[`/subscriptions/${subscriptionId}`] !== undefined;
          expect(problem === null).toBe(!failed);
          expect([renewedAtMs, expiresAtMs]).toEqual(failed ? [null, NOW_MS + 1_000] : [NOW_MS, NOW_MS + LIFE_MS]);
          expect(problem ?? "").not.toContain("s3cr3t");
        }
      }),
    );
  });

  it("asks with the token that the secrets are good for, and shows the tag of what it changes", async () => {
    const { ports, asked } = world({ bc: [subscription("a", 0)] });
    await renewSubscriptions([plan("bc")], ports);
    const authorization = "token for value of bc_APP";
    expect(asked).toMatchObject([
      { method: "POST", body: "value of bc_APP" },
      { method: "GET", headers: { authorization } },
      { method: "PATCH", headers: { authorization, "if-match": 'W/"a"' } },
    ]);
  });

  it("takes what the sender says of the new end; where it says nothing the next run will see", async () => {
    const { ports } = world({ bc: [subscription("a", 5)] }, { "/subscriptions/a": ok({ status: 200, body: "" }) });
    const [report] = await renewSubscriptions([plan("bc")], ports);
    expect(report?.subscriptions).toMatchObject([{ expiresAtMs: NOW_MS + 5, renewedAtMs: NOW_MS, problem: null }]);
  });

  it("remembers when one was last renewed", async () => {
    const { ports } = world({ bc: [subscription("a", 2 * DAY_MS)] });
    const [report] = await renewSubscriptions([plan("bc", [state("a", 2 * DAY_MS, { problem: "of the last run" })])], ports);
    expect(report?.subscriptions).toEqual([state("a", 2 * DAY_MS, { checkedAtMs: NOW_MS })]);
  });

  it("counts a subscription that is listed twice once", async () => {
    const { ports, renewedIds } = world({ bc: [subscription("a", 1), subscription("a", 1)] });
    const [report] = await renewSubscriptions([plan("bc")], ports);
    expect([renewedIds(), report?.subscriptions.length]).toEqual([["a"], 1]);
  });
});

describe("a source that cannot be looked at", () => {
  const known = [state("a", DAY_MS), state("b", 2 * DAY_MS)];

  it.each([
    ["a secret is missing", "MISSING", {}, "MISSING_APP"],
    ["no token is given", "bc", { "/token": ok({ status: 401, body: "" }) }, "no token: 401"],
    ["there is no answer", "bc", { "/token": fail("no answer within 10000 ms") }, "no answer within 10000 ms: the next run tries again"],
    ["the list is refused", "bc", { "/subscriptions": ok({ status: 403, body: "" }) }, "no list: 403"],
    ["the list cannot be read", "bc", { "/subscriptions": ok({ status: 200, body: "<html>" }) }, "SyntaxError"],
    ["a port throws", "bc", { "/subscriptions": "throws" }, "TypeError"],
  ] as const)("because %s keeps what was known of it, with the words at each", async (_case, source, answers, words) => {
    const { ports, renewedIds } = world({ bc: [subscription("a", 0)] }, answers);
    const [report] = await renewSubscriptions([plan(source, known)], ports);
    expect(renewedIds()).toEqual([]);
    expect(report?.problem).toContain(words);
    expect(report?.problem).not.toContain("s3cr3t");
    expect(report?.subscriptions).toEqual(known.map((row) => ({ ...row, problem: report?.problem })));
  });

  it("does not keep the others from being renewed", async () => {
    const { ports, renewedIds } = world({ good: [subscription("g", 0)], MISSING: [subscription("m", 0)] });
    const reports = await renewSubscriptions(
      [
        plan("MISSING"),
        plan("good"),
        plan("bad", [], {
          tokenRequest: () => {
            throw new RangeError("x");
          },
        }),
      ],
      ports,
    );
    expect(renewedIds()).toEqual(["g"]);
    expect(reports.map(({ source, problem }) => [source, problem === null])).toEqual([
      ["MISSING", false],
      ["good", true],
      ["bad", false],
    ]);
  });
});

describe("a subscription that the sender has no more", () => {
  it("stays in sight with what to do, until a week after its end", async () => {
    const known = [state("gone", DAY_MS), state("ended", -7 * DAY_MS), state("long-ago", -7 * DAY_MS - 1)];
    const [report] = await renewSubscriptions([plan("bc", known)], world({ bc: [subscription("a", LIFE_MS)] }).ports);
    expect(report?.subscriptions.map(({ subscriptionId, problem }) => [subscriptionId, problem === null])).toEqual([
      ["a", true],
      ["gone", false],
      ["ended", false],
    ]);
    expect(report?.subscriptions[1]?.problem).toMatch(/create it again.*reconcile/);
  });

  it("is forgotten when another one for the same resource is there instead", async () => {
    const [report] = await renewSubscriptions(
      [plan("bc", [state("old", DAY_MS, { resource: "r/new" })])],
      world({ bc: [subscription("new", LIFE_MS)] }).ports,
    );
    expect(report?.subscriptions.map(({ subscriptionId }) => subscriptionId)).toEqual(["new"]);
  });

  it("and was the last one: the source says that nothing will arrive", async () => {
    const [report] = await renewSubscriptions([plan("bc")], world({}).ports);
    expect(report).toEqual({ source: "bc", subscriptions: [], problem: expect.stringContaining("nothing will arrive") });
  });
});
