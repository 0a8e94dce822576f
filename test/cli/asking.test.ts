import { describe, expect, it } from "vitest";
import { event, fakeServer, idAt, listOf, problem, signalbox, type Asked, type Reply } from "./support.ts";

const letter = (id: string, more: object = {}) => ({
  id,
  list: "business",
  status: "open",
  eventId: "evt_1",
  destination: "crm",
  entity: { kind: "order", key: "SO-1" },
  class: "business",
  reason: "currency is missing",
  fields: [{ field: "currency", message: "is required" }],
  owner: { name: "finance", team: null, contact: "finance@acme.test" },
  nextStep: "mend the data",
  attempts: 1,
  createdAt: "2026-11-27T11:00:00.000Z",
  updatedAt: "2026-11-27T11:00:00.000Z",
  ...more,
});

const answering =
  (answers: Readonly<Record<string, Reply | ((asked: Asked) => Reply)>>) =>
  (asked: Asked): Reply | undefined => {
    const answer = answers[`${asked.method} ${asked.path}`];
    return typeof answer === "function" ? answer(asked) : answer;
  };

describe("whom a command asks", () => {
  it("a local router with a local token of the least role", async () => {
    const { origin, asked } = await fakeServer(answering({ "GET /ops/v1/dead-letters": listOf([]) }));
    expect(await signalbox(["dlq"], { origin })).toMatchObject({ exit: 0, out: "No dead letters." });
    expect(asked[0]?.headers.authorization).toBe("Bearer token-of-viewer");
  });

  it("a deployed one only with the token of the environment", async () => {
    const { exit, said } = await signalbox(["dlq", "--url", "https://router.invalid"]);
    expect({ exit, said }).toEqual({
      exit: 3,
      said: "https://router.invalid asks for a token: put one with the role viewer into SIGNALBOX_TOKEN",
    });
  });

  it("--url goes before SIGNALBOX_URL, and SIGNALBOX_TOKEN before a local one", async () => {
    const { origin, asked } = await fakeServer(answering({ "GET /ops/v1/dead-letters": listOf([]) }));
    const env = { SIGNALBOX_TOKEN: "mine" };
    expect(await signalbox(["dlq", "--url", origin], { origin: "http://127.0.0.1:1", env })).toMatchObject({ exit: 0 });
    expect(asked[0]?.headers.authorization).toBe("Bearer mine");
  });

  it.each([
    ["nobody answers", "http://127.0.0.1:1", 3, "does not answer"],
    ["the token is refused", problem(401, "unauthenticated"), 3, "401 unauthenticated"],
    ["the token has expired, with what to do about it", problem(401, "unauthenticated"), 3, "put a new one into SIGNALBOX_TOKEN"],
    ["the role is too low", problem(403, "forbidden"), 3, "403 forbidden"],
    ["a sign-in page stands before it", { status: 302, headers: { location: "/login" } }, 3, "302"],
    ["the router is in trouble", problem(503, "unavailable"), 3, "503 unavailable"],
    ["a word of a filter is wrong", problem(400, "invalid_request", "class: Invalid option"), 2, "class: Invalid option"],
    ["there is nothing", problem(404, "not_found"), 1, "404 not_found"],
  ] as const)("%s", async (_title, reply, exit, words) => {
    const origin = typeof reply === "string" ? reply : (await fakeServer(() => reply)).origin;
    const ended = await signalbox(["dlq"], { origin });
    expect(ended.said).toContain(words);
    expect(ended).toMatchObject({ exit, out: "" });
  });
});

describe("trace", () => {
  const hop = event("2026-11-27T11:00:00.000Z", {
    destinations: [
      {
        destination: "crm",
        route: "invoices",
        status: "delivered",
        remote: { id: "42", number: "INV-42" },
        attempts: [
          { startedAt: "2026-11-27T11:00:00.100Z", durationMs: 20, result: "transient", httpStatus: 503 },
          { startedAt: "2026-11-27T11:00:01.000Z", durationMs: 30, result: "applied", httpStatus: 200 },
        ],
      },
    ],
  });
  const found = { key: "in_1", entities: [{ kind: "invoice", key: "in_1", system: "stripe" }], events: [hop] };

  it("prints every hop with its time since receipt", async () => {
    const { origin } = await fakeServer(answering({ "GET /ops/v1/trace/in%201": { json: found } }));
    const { exit, out } = await signalbox(["trace", "in 1"], { origin });
    expect(exit).toBe(0);
    expect(out).toContain("Records: invoice/in_1 (stripe)");
    expect(out).toMatch(
      /\+100 ms {2}crm {2}transient 503 in 20 ms\n *\+1000 ms {2}crm {2}applied 200 in 30 ms\n *= {2}crm {2}delivered as INV-42/,
    );
  });

  it("answers as it was answered with --json", async () => {
    const { origin } = await fakeServer(answering({ "GET /ops/v1/trace/in_1": { json: found } }));
    expect(JSON.parse((await signalbox(["trace", "in_1", "--json"], { origin })).out)).toEqual(found);
  });

  it("ends with 1 where nothing is known", async () => {
    const { origin } = await fakeServer(() => problem(404, "not_found"));
    expect(await signalbox(["trace", "x"], { origin })).toMatchObject({ exit: 1, out: "Nothing is known under x." });
  });
});

describe("dlq", () => {
  it("lists all pages of open letters, and ends with 1", async () => {
    const { origin, asked } = await fakeServer(
      answering({
        "GET /ops/v1/dead-letters": ({ query }) => (query["cursor"] === "c" ? listOf([letter("b")]) : listOf([letter("a")], "c")),
      }),
    );
    const { exit, out } = await signalbox(["dlq", "--destination", "crm"], { origin });
    expect(exit).toBe(1);
    expect(
      out
        .split("\n")
        .slice(1)
        .map((line) => line.slice(0, 1)),
    ).toEqual(["a", "b"]);
    expect(asked.map(({ query }) => query["destination"])).toEqual(["crm", "crm"]);
  });

  it("retries those that the filters find, one after the other; one refused keeps none back", async () => {
    const { origin, asked } = await fakeServer(
      answering({
        "GET /ops/v1/dead-letters": listOf([letter("a"), letter("b")]),
        "POST /ops/v1/dead-letters/a/retry": problem(409, "moved_on", "a newer state was taken"),
        "POST /ops/v1/dead-letters/b/retry": { json: { id: "b", status: "resolved", eventIds: ["evt_2"] } },
      }),
    );
    const { exit, out } = await signalbox(["dlq", "retry", "--all", "--reason", "CRM is back"], { origin });
    expect({ exit, out }).toEqual({ exit: 1, out: "a  refused: moved_on a newer state was taken\nb  resolved: evt_2" });
    expect(asked.slice(1).map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { reason: "CRM is back", force: false },
      { reason: "CRM is back", force: false },
    ]);
    expect(asked.at(-1)?.headers.authorization).toBe("Bearer token-of-operator");
  });

  it("edits by a merge patch", async () => {
    const { origin, asked } = await fakeServer(
      answering({ "POST /ops/v1/dead-letters/a/edit": { json: { id: "a", status: "resolved", eventIds: [] } } }),
    );
    expect(await signalbox(["dlq", "edit", "a", "--patch", '{"currency":"EUR"}', "--json"], { origin })).toMatchObject({ exit: 0 });
    expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({ patch: { currency: "EUR" } });
  });

  it("does not act when the router lets it not", async () => {
    const { origin } = await fakeServer(() => problem(403, "forbidden", "this needs the role operator"));
    expect(await signalbox(["dlq", "skip", "a", "b"], { origin })).toMatchObject({ exit: 3, out: "" });
  });
});

describe("a list", () => {
  const wide = letter("evt_01M8EAFH37JCCDTKQ5PWCY6C3VZC:crm");

  it("is a table where there is room, and goes whole to a file", async () => {
    const { origin } = await fakeServer(answering({ "GET /ops/v1/dead-letters": listOf([wide]) }));
    const piped = await signalbox(["dlq"], { origin });
    expect(piped.out.split("\n")).toHaveLength(2);
    expect(await signalbox(["dlq"], { origin, columns: 200 })).toEqual(piped);
  });

  it("is a block of lines for each row on a terminal that is too narrow", async () => {
    const { origin } = await fakeServer(answering({ "GET /ops/v1/dead-letters": listOf([wide, wide]) }));
    const { out } = await signalbox(["dlq"], { origin, columns: 60 });
    const block = [
      "id           evt_01M8EAFH37JCCDTKQ5PWCY6C3VZC:crm",
      "record       order/SO-1",
      "destination  crm",
      "class        business",
      "owner        finance",
      "reason       currency is missing",
    ].join("\n");
    expect(out).toBe(`${block}\n\n${block}`);
  });
});

describe("verify", () => {
  const whole = { json: { intact: true, entries: 3, head: "h" } };
  const broken = { json: { intact: false, entries: 1, brokenAtSeq: 2, reason: "line 2 is missing" } };
  const events = [
    event("2026-11-26T10:00:00.000Z"),
    event("2026-11-26T09:00:00.000Z", { entity: { kind: "order", key: "SO-1" } }),
    event("2026-11-26T08:00:00.000Z"),
    event("2026-11-26T07:00:00.000Z", { entity: null }),
  ];

  it("of a record that nobody has told of says so, and ends with 1: there is nothing that could be whole", async () => {
    const { origin } = await fakeServer(
      answering({ "GET /ops/v1/entities/order/SO-9/verify": { json: { intact: true, entries: 0, head: null } } }),
    );
    expect(await signalbox(["verify", "order/SO-9"], { origin })).toMatchObject({ exit: 1, out: "Nothing is known of order/SO-9." });
  });

  it("walks each record of a day once, and fails on a broken chain", async () => {
    const { origin, asked } = await fakeServer(
      answering({
        "GET /ops/v1/events": listOf(events),
        "GET /ops/v1/entities/invoice/in_1/verify": whole,
        "GET /ops/v1/entities/order/SO-1/verify": broken,
      }),
    );
    const { exit, out } = await signalbox(["verify", "--day", "2026-11-26"], { origin });
    expect({ exit, out }).toEqual({
      exit: 1,
      out: "BROKEN order/SO-1 at line 2: line 2 is missing\n2 records walked, 4 lines: 1 broken chain",
    });
    expect(asked[0]?.query).toMatchObject({ from: "2026-11-26T00:00:00.000Z", to: "2026-11-27T00:00:00.000Z" });
    expect(asked).toHaveLength(3);
  });

  it("walks one record", async () => {
    const { origin } = await fakeServer(answering({ "GET /ops/v1/entities/order/a%2Fb/verify": whole }));
    expect(await signalbox(["verify", "order/a/b"], { origin })).toMatchObject({
      exit: 0,
      out: "1 record walked, 3 lines: every chain is whole",
    });
  });
});

describe("drift", () => {
  const finding = {
    id: "fnd_1",
    reconciliation: "orders",
    type: "mismatch",
    severity: "high",
    state: "open",
    system: "erp",
    kind: "order",
    key: "SO-1",
    remoteId: "77",
    differences: [{ field: "amount", expected: "10.00", found: "12.00" }],
    owner: { name: "finance", team: null, contact: null },
    firstSeenAt: "2026-11-27T10:00:00.000Z",
    lastSeenAt: "2026-11-27T11:00:00.000Z",
    timesSeen: 2,
    reason: null,
    acceptedUntil: null,
  };

  it("lists open findings and ends with 1; shows one field by field", async () => {
    const { origin } = await fakeServer(
      answering({
        "GET /ops/v1/drift": { json: { items: [finding], nextCursor: null, silence: [] } },
        "GET /ops/v1/drift/fnd_1": { json: finding },
      }),
    );
    const listed = await signalbox(["drift"], { origin });
    expect(listed.exit).toBe(1);
    expect(listed.out).toMatch(/fnd_1 +order\/SO-1 +erp +mismatch +amount +finance/);
    expect((await signalbox(["drift", "show", "fnd_1"], { origin })).out).toMatch(/amount +"10.00" +"12.00"/);
  });

  it("ends with 1 when a source has gone silent, although no record differs", async () => {
    const quiet = { summary: "Stripe has told nothing for 3 hours", owner: { name: "finance", team: null, contact: null } };
    const { origin } = await fakeServer(answering({ "GET /ops/v1/drift": { json: { items: [], nextCursor: null, silence: [quiet] } } }));
    const listed = await signalbox(["drift"], { origin });
    expect(listed.exit).toBe(1);
    expect(listed.out).toContain("No drift.\nStripe has told nothing for 3 hours (finance)");
  });

  it("shows what each run found, and how long it took to find and to end it", async () => {
    const run = { id: "run_1", mode: "full", state: "done", startedAt: "2026-11-27T10:00:00.000Z", tookMs: 2_500 };
    const told = {
      name: "orders",
      runs: [{ ...run, compared: 4_000, found: 3, healed: 1, repairs: 2, foundPerThousand: 0.75 }],
      since: "2026-10-28T10:00:00.000Z",
      timeToDetect: { count: 3, medianMs: 61_000, p95Ms: 90_000 },
      timeToRepair: { count: 0, medianMs: null, p95Ms: null },
    };
    const { origin } = await fakeServer(answering({ "GET /ops/v1/reconciliations/orders/history": { json: told } }));
    const shown = await signalbox(["drift", "history", "orders"], { origin });
    expect(shown.exit).toBe(0);
    expect(shown.out).toContain("61.0 s in the median, 95 % within 90.0 s, of 3");
    expect(shown.out).toContain("from finding to its end none yet");
    expect(shown.out).toMatch(/full +done +2\.5 s +4000 +3 +0\.75 +1 +2/);
  });

  it("repairs for real unless a dry run is asked for, and accepts until a day", async () => {
    const { origin, asked } = await fakeServer(
      answering({
        "POST /ops/v1/drift/fnd_1/repair": { json: { finding, how: "push", eventId: "evt_9", would: "sends the order" } },
        "POST /ops/v1/drift/fnd_1/accept": { json: { ...finding, state: "accepted", acceptedUntil: "2026-12-04T12:00:00.000Z" } },
      }),
    );
    expect((await signalbox(["drift", "repair", "fnd_1"], { origin })).out).toContain("signalbox trace evt_9");
    expect(await signalbox(["drift", "accept", "fnd_1", "--days", "7"], { origin })).toMatchObject({ exit: 0 });
    expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { dryRun: false, reason: "repair from the command line" },
      { until: "2026-12-04T12:00:00.000Z", reason: "accept from the command line" },
    ]);
  });
});

describe("replay", () => {
  const plan = {
    events: 3,
    replayable: 2,
    entities: 2,
    byStatus: { delivered: 3 },
    bySource: { stripe: 3 },
    byKind: { invoice: 3 },
    notReplayable: [{ why: "its body is gone", events: 1 }],
    sample: [],
    movedOn: { events: 0, entitiesAsked: 2, complete: true },
    estimatedSeconds: 1,
    estimatedEnd: null,
    needsApproval: false,
  };
  const progress = { done: 0, refused: 0, failed: 0, total: 2, etaSeconds: 1, waitsUntil: null, problems: [] };
  const replay = { id: "rpl_1", state: "running", ratePerSecond: 5, reason: "r", askedBy: "me", nextStep: "wait", plan, progress };

  it("plans without storing anything", async () => {
    const { origin, asked } = await fakeServer(
      answering({ "POST /ops/v1/replays": { json: { ...replay, id: null, state: "dryRun", progress: null } } }),
    );
    const { exit, out } = await signalbox(["replay", "plan", "--source", "stripe", "--from", "2h"], { origin });
    expect(exit).toBe(0);
    expect(out).toContain("3, of which 2 can be put in");
    expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({
      dryRun: true,
      query: { source: "stripe", from: "2026-11-27T10:00:00.000Z", to: "2026-11-27T12:00:00.000Z" },
    });
  });

  it("follows one to its end with a bar, and ends with 1 if events failed", async () => {
    let looks = 0;
    const done = {
      ...replay,
      state: "completed",
      progress: { ...progress, done: 1, failed: 1, problems: [{ why: "refused", events: 1, example: "evt_1" }] },
    };
    const { origin } = await fakeServer(
      answering({
        "POST /ops/v1/replays": { json: replay },
        "GET /ops/v1/replays/rpl_1": () => ({ json: ++looks === 1 ? { ...replay, progress: { ...progress, done: 1 } } : done }),
      }),
    );
    const { exit, out, said } = await signalbox(["replay", "start", "--source", "stripe"], { origin });
    expect(exit).toBe(1);
    expect(said.split("\n").map((line) => line.slice(-60))).toEqual([
      expect.stringContaining("0/2 put in"),
      expect.stringContaining("1/2 put in"),
      expect.stringContaining("1/2 put in, 0 refused, 1 failed, completed"),
    ]);
    expect(out).toContain("1: refused (such as evt_1)");
  });

  it("goes on without its watcher, who is told how to cancel it", async () => {
    const { origin } = await fakeServer(() => ({ json: replay }));
    const { exit, out } = await signalbox(["replay", "status", "rpl_1"], { origin, onWait: () => "end" });
    expect(exit).toBe(0);
    expect(out).toContain("signalbox replay cancel rpl_1");
  });
});

describe("cost", () => {
  it("carries a day's events and retries forward to a month", async () => {
    const attempt = { startedAt: "2026-11-27T11:00:00.000Z", durationMs: 1, result: "applied" };
    const lane = { destination: "crm", route: "r", status: "delivered", attempts: [attempt, attempt] };
    const { origin, asked } = await fakeServer(() =>
      listOf([event("2026-11-27T11:00:00.000Z", { destinations: [lane] }), event("2026-11-27T10:00:00.000Z")]),
    );
    const { out } = await signalbox(["cost", "--json"], { origin });
    expect(JSON.parse(out)).toMatchObject({ counted: { events: 2, retries: 1, days: 1 }, month: { events: 60, retries: 30 }, totalUsd: 5 });
    expect(asked[0]?.query["from"]).toBe("2026-11-26T12:00:00.000Z");
  });

  it("charges only what is beyond the plan", async () => {
    const { out } = await signalbox(["cost", "--events", "100000000", "--json"]);
    const { partsUsd, quantities, totalUsd } = JSON.parse(out) as {
      partsUsd: Record<string, number>;
      quantities: Record<string, number>;
      totalUsd: number;
    };
    expect(quantities["objectRowsWritten"]).toBe(200_000_000);
    expect(partsUsd["objectRowsWritten"]).toBeCloseTo(150);
    expect(partsUsd["d1RowsWritten"]).toBeCloseTo(50);
    expect(totalUsd).toBeCloseTo(5 + Object.values(partsUsd).reduce((sum, part) => sum + part, 0));
  });
});

describe("accounts", () => {
  it("makes one with the role of an admin and prints what it was answered", async () => {
    const made = { source: "partner", account: "acme", secret: "whsec_once" };
    const { origin, asked } = await fakeServer(answering({ "POST /ops/v1/sources/partner/accounts": { json: made } }));
    expect(JSON.parse((await signalbox(["accounts", "create", "partner", "acme"], { origin })).out)).toEqual(made);
    expect(asked[0]?.headers.authorization).toBe("Bearer token-of-admin");
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ account: "acme", reason: "create from the command line" });
  });
});

it("an id of the tests is one as the router makes them", () => {
  expect(idAt("2026-11-27T11:00:00.000Z") < idAt("2026-11-27T11:00:00.001Z")).toBe(true);
});
