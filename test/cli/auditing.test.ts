import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { fakeServer, listOf, signalbox } from "./support.ts";

const key = (name: string, more: object = {}) => ({
  id: `id-of-${name}`,
  name,
  actor: `key:${name}`,
  owner: "platform",
  role: "viewer",
  operations: null,
  state: "active",
  createdBy: "ada",
  createdAt: "2026-11-27T11:00:00.000Z",
  expiresAt: "2027-02-25T11:00:00.000Z",
  lastUsedAt: null,
  revokedBy: null,
  revokedAt: null,
  ...more,
});

describe("keys", () => {
  it("are listed with what they may, until when, and when they were last used, over all pages", async () => {
    const { origin, asked } = await fakeServer(({ query }) =>
      query["cursor"] === undefined
        ? listOf([key("a-report")], "a-report")
        : listOf([
            key("pager", { role: "operator", operations: ["listAlerts"], state: "expired", lastUsedAt: "2026-11-27T10:59:59.000Z" }),
          ]),
    );
    const { exit, out } = await signalbox(["keys", "list"], { origin });
    expect({ exit, lines: out.split("\n") }).toEqual({
      exit: 0,
      lines: [
        "name      role                  state    owner     expires     last used",
        "a-report  viewer                active   platform  2027-02-25  never",
        "pager     operator: listAlerts  expired  platform  2027-02-25  2026-11-27T10:59",
      ],
    });
    expect(asked.every(({ headers }) => headers.authorization === "Bearer token-of-admin")).toBe(true);
  });

  it("are made with a role, an owner, an end and single calls, and shown", async () => {
    const { origin, asked } = await fakeServer(() => ({ json: { ...key("pager"), key: "sbkey_x" } }));
    const { exit, out } = await signalbox(
      [
        "keys",
        "create",
        "pager",
        "--role",
        "operator",
        "--owner",
        "platform",
        "--only",
        "listAlerts, acknowledgeAlert",
        "--days",
        "30",
        "--reason",
        "on call",
      ],
      { origin },
    );
    expect([exit, out.split("\n")[0]]).toEqual([0, "sbkey_x"]);
    expect(asked[0]).toMatchObject({ method: "POST", path: "/ops/v1/keys" });
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({
      name: "pager",
      role: "operator",
      owner: "platform",
      reason: "on call",
      expiresInDays: 30,
      operations: ["listAlerts", "acknowledgeAlert"],
    });
    expect(await signalbox(["keys", "create", "pager"], { origin })).toMatchObject({ exit: 2 });
  });

  it("are revoked by their name", async () => {
    const { origin, asked } = await fakeServer(({ method }) => (method === "GET" ? listOf([key("pager")]) : { json: key("pager") }));
    expect(await signalbox(["keys", "revoke", "pager"], { origin })).toMatchObject({ exit: 0, out: "pager is revoked." });
    expect(asked.at(-1)?.path).toBe("/ops/v1/keys/id-of-pager/revoke");
    expect(await signalbox(["keys", "revoke", "nobody"], { origin })).toMatchObject({ exit: 1 });
  });
});

describe("audit", () => {
  const part = (nextCursor: string | null, broken: readonly object[] = []) => ({
    json: { intact: broken.length === 0, checked: { entities: 1, lines: 2, rows: 3, actions: 4 }, broken, nextCursor },
  });

  it("verify goes over every part, sums up, and fails if a place is not as it was written", async () => {
    const place = { where: "index", entity: "order/SO-1", eventId: "evt_1", reason: "its row is gone from the index" };
    const { origin, asked } = await fakeServer(({ body }) => (body.includes("cursor") ? part(null, [place]) : part("c1")));
    const { exit, out } = await signalbox(["audit", "verify", "--from", "2026-11-26T00:00:00Z"], { origin });
    expect({ exit, out }).toEqual({
      exit: 1,
      out: "BROKEN  index  order/SO-1  evt_1  its row is gone from the index\n4 lines of histories, 6 rows of the index, 8 actions of operators: 1 place is not as it was written",
    });
    expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { from: "2026-11-26T00:00:00Z" },
      { from: "2026-11-26T00:00:00Z", cursor: "c1" },
    ]);
    const whole = await fakeServer(() => part(null));
    expect(await signalbox(["audit", "verify"], { origin: whole.origin })).toMatchObject({
      exit: 0,
      out: expect.stringContaining("all as they were written"),
    });
  });

  it("export writes all parts into one file, each begun where the one before said", async () => {
    const end = (next: object | null): string => `{"line":"begin"}\n${JSON.stringify({ line: "end", next, signature: "s" })}\n`;
    const { origin, asked } = await fakeServer(({ query }) => ({
      headers: { "content-type": "application/x-ndjson" },
      bytes: end(query["cursor"] === undefined ? { fromId: "evt_2", part: 2, before: "b" } : null),
    }));
    const folder = mkdtempSync(path.join(tmpdir(), "signalbox-export-"));
    const file = path.join(folder, "export.ndjson");
    const period = ["--from", "2026-11-01T00:00:00Z", "--to", "2026-12-01T00:00:00Z"];
    const done = await signalbox(["audit", "export", ...period, "--file", file], { origin });
    const written = readFileSync(file, "utf8");
    rmSync(folder, { recursive: true });
    expect(done).toMatchObject({ exit: 0, out: `${file}: 2 parts` });
    expect(written).toBe(end({ fromId: "evt_2", part: 2, before: "b" }) + end(null));
    expect(atob(asked[1]?.query["cursor"] ?? "")).toBe('{"fromId":"evt_2","part":2,"before":"b"}');
    expect(await signalbox(["audit", "export", ...period], { origin })).toMatchObject({ exit: 2 });
  });
});

describe("erase", () => {
  const counts = { records: 1, lines: 2, work: 0, events: 3, bodies: 3, letters: 0, states: 1 };
  const answer = (more: object) => ({ json: { id: null, state: "dryRun", complete: true, counts, nextCursor: null, ...more } });
  const who = ["--email", "ada@example.com"];

  it("says what would go, part by part, unless told to do it", async () => {
    const { origin, asked } = await fakeServer(({ body }) =>
      body.includes("cursor") ? answer({}) : answer({ complete: false, nextCursor: "c1" }),
    );
    const { exit, out } = await signalbox(["erase", ...who, "--reason", "asked"], { origin });
    expect([exit, out.split("\n")[0]]).toEqual([0, "Would go:"]);
    expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { subject: { email: "ada@example.com" }, reason: "asked", dryRun: true },
      { subject: { email: "ada@example.com" }, reason: "asked", cursor: "c1" },
    ]);
  });

  it("does it until it is complete, naming the subject each time, and can go on with one that was broken off", async () => {
    const { origin, asked } = await fakeServer(({ path: to }) =>
      answer({ id: "era_1", state: to.endsWith("continue") ? "done" : "running", complete: to.endsWith("continue") }),
    );
    expect(await signalbox(["erase", ...who, "--reason", "asked", "--apply"], { origin })).toMatchObject({
      exit: 0,
      out: expect.stringContaining("Gone (era_1)"),
    });
    expect(asked.map(({ path: to }) => to)).toEqual(["/ops/v1/erasures", "/ops/v1/erasures/era_1/continue"]);
    expect(JSON.parse(asked[1]?.body ?? "")).toEqual({ subject: { email: "ada@example.com" } });
    await signalbox(["erase", "--entity", "customer/C-1", "--resume", "era_7"], { origin });
    expect(asked.at(-1)?.path).toBe("/ops/v1/erasures/era_7/continue");
  });

  it("wants one subject and a reason", async () => {
    for (const words of [["erase"], ["erase", ...who, "--entity", "customer/C-1", "--reason", "x"], ["erase", ...who]])
      expect(await signalbox(words)).toMatchObject({ exit: 2 });
  });
});
