import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { runImports } from "../../src/wiring/imports.ts";
import { crashing, deploymentWith } from "../support/deployments.ts";
import { destinations, ops, type Post } from "../support/router.ts";

const INBOX = "inbox/legacy-customers/";
const deployment = deploymentWith({});

let posts: Post[] = [];
beforeEach(() => {
  posts = destinations();
});
afterEach(async () => {
  vi.restoreAllMocks();
  const { objects } = await env.FILES.list();
  await env.FILES.delete(objects.map(({ key }) => key));
  await env.DB.exec("DELETE FROM file_work");
});

interface ImportAnswer {
  readonly state: string;
  readonly problem: string | null;
  readonly current: { readonly rows: number } | null;
  readonly last: readonly {
    readonly file: string;
    readonly rows: number;
    readonly accepted: number;
    readonly refused: number;
    readonly stopped: string | null;
    readonly keptAt: string | null;
    readonly report: string | null;
  }[];
}

async function view(): Promise<ImportAnswer> {
  const { items } = await (await ops("/imports", "viewer")).json<{ items: readonly ImportAnswer[] }>();
  const [first] = items;
  if (first === undefined) throw new Error("no import is listed");
  return first;
}

const keys = async (prefix: string): Promise<readonly string[]> => (await env.FILES.list({ prefix })).objects.map(({ key }) => key);
const text = async (key: string | null | undefined): Promise<string> => (await (await env.FILES.get(key ?? ""))?.text()) ?? "";

interface Row {
  readonly id: string;
  readonly status: string;
}

/** Events of the records whose keys begin so, once there are so many and all have ended. */
const settled = (prefix: string, count: number): Promise<readonly Row[]> =>
  vi.waitUntil(
    async () => {
      const { results } = await env.DB.prepare("SELECT id, status FROM events WHERE entity_key LIKE ?1").bind(`${prefix}%`).all<Row>();
      const ended = results.every(({ status }) => ["delivered", "ignored", "superseded", "dead"].includes(status));
      return results.length >= count && ended ? results : false;
    },
    { timeout: 20_000, interval: 50 },
  );

/** Customers of these keys that reached the ERP, each as often as it was written. */
const delivered = (prefix: string): readonly string[] =>
  posts.filter(({ method }) => method !== "GET").flatMap(({ url }) => new RegExp(`/(${prefix}\\d+)$`).exec(url)?.[1] ?? []);

const HEAD = "id,name,updatedAt";
const csv = (prefix: string, count: number): string =>
  [HEAD, ...Array.from({ length: count }, (_, index) => `${prefix}${index},"Kunde, ${index}\nGmbH",2026-11-27T01:00:00Z`)].join("\r\n");

/** Rows of which every twentieth is one that can be read, so that several chunks make few events. */
const sparse = (prefix: string, count: number): string =>
  [HEAD, ...Array.from({ length: count }, (_, index) => `${index % 20 === 0 ? prefix + index : ""},"x\ny",2026-11-27T01:00:00Z`)].join(
    "\n",
  );

describe("a file import", () => {
  it("turns each row into an event of its source, delivers it, and keeps the file with what became of it", async () => {
    await env.FILES.put(`${INBOX}2026-11-27.csv`, `\u{feff}${csv("A-", 130)}\r\n`);
    await runImports(env, deployment);
    expect(await keys(INBOX)).toEqual([]);
    const { last, state } = await view();
    expect(state).toBe("idle");
    expect(last).toMatchObject([{ file: `${INBOX}2026-11-27.csv`, rows: 130, accepted: 130, refused: 0, stopped: null, report: null }]);
    expect(await text(last[0]?.keptAt)).toContain("A-129");
    expect(JSON.parse(await text(`${last[0]?.keptAt}.report.json`))).toMatchObject({ import: "legacy-customers", accepted: 130 });
    const events = await settled("A-", 130);
    expect(events).toHaveLength(130);
    expect(await (await ops(`/events/${events[0]?.id}`)).json()).toMatchObject({
      status: "delivered",
      source: "custom",
      type: "legacy-customers.row",
      verdict: "authenticated",
      order: { kind: "time", value: String(Date.parse("2026-11-27T01:00:00Z")) },
    });
    expect(delivered("A-").toSorted()).toEqual(Array.from({ length: 130 }, (_, index) => `A-${index}`).toSorted());
  });

  it("sets refused rows aside in a report and as one dead letter a chunk, from which they go in once mended", async () => {
    const rows = [
      "id,name,updatedAt",
      "B-1,One,2026-11-27T01:00:00Z",
      ",Nobody,2026-11-27T01:00:00Z",
      "B-2,Two,yesterday",
      "B-3,x",
      "B-4,Four,2026-11-27T01:00:00Z",
    ];
    await env.FILES.put(`${INBOX}b.csv`, rows.join("\n"));
    await runImports(env, deployment);
    const { last } = await view();
    expect(last).toMatchObject([{ rows: 5, accepted: 2, refused: 3 }]);
    const report = (await text(last[0]?.report))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(report).toEqual([
      { row: 2, why: 'customer of legacy-customers.row: the record has no id at "id"', raw: rows[2] },
      { row: 3, why: 'legacy-customers.row: the order at "record.updatedAt" is not an ISO 8601 time with its zone', raw: rows[3] },
      { row: 4, why: "it has 2 fields, and the first row names 3", raw: rows[4] },
    ]);
    await settled("B-", 2);
    const letter = await vi.waitUntil(
      async () => {
        const { items } = await (await ops("/dead-letters?list=platform")).json<{ items: readonly { id: string; reason: string }[] }>();
        const all = [...items, ...(await (await ops("/dead-letters")).json<{ items: readonly { id: string; reason: string }[] }>()).items];
        return all.find(({ reason }) => reason.includes("b.csv: 3 rows refused; row 2:")) ?? false;
      },
      { timeout: 10_000 },
    );
    const mended = ["B-2", "B-3"].map((id, index) =>
      JSON.stringify({ type: "legacy-customers.row", file: "b.csv", version: "1", row: 3 + index, record: { id, name: "Mended" } }),
    );
    const edited = await ops(`/dead-letters/${encodeURIComponent(letter.id)}/edit`, "operator", {
      reason: "by hand",
      body: mended.join("\n"),
    });
    expect(await edited.json()).toMatchObject({ status: "pending", eventIds: [expect.any(String), expect.any(String)] });
    await settled("B-", 4);
    expect(delivered("B-").toSorted()).toEqual(["B-1", "B-2", "B-3", "B-4"]);
  });

  it("delivers nothing twice and loses nothing, wherever a run crashes", async () => {
    const bindings = ["FILES", "DB", "BODIES", "QUEUE_STANDARD", "ENTITY"] as const;
    const whole = crashing(bindings, { at: Number.POSITIVE_INFINITY, when: "before" });
    await env.FILES.put(`${INBOX}c-0.csv`, sparse("C0-", 130));
    await runImports(whole.bindings, deployment);
    const crashes = Array.from({ length: whole.calls() }, (_, index) => index + 1);
    expect(crashes.length).toBeGreaterThan(20);
    for (const [at, when] of crashes.flatMap((each) => [[each, "before"] as const, [each, "after"] as const])) {
      const prefix = `C${at}${when}-`;
      const name = `c-${prefix}.csv`;
      await env.FILES.put(INBOX + name, sparse(prefix, 130));
      await runImports(crashing(bindings, { at, when }).bindings, deployment);
      // The lease of the one that crashed ends.
      await env.DB.exec("UPDATE file_work SET lease_until_ms = 0");
      await runImports(env, deployment);
      const { last } = await view();
      expect(last[0], `crashed ${when} call ${at}`).toMatchObject({
        file: INBOX + name,
        rows: 130,
        accepted: 7,
        refused: 123,
        stopped: null,
      });
      expect((await text(last[0]?.report)).trim().split("\n")).toHaveLength(123);
      expect([...(await keys("inbox/")), ...(await keys("work/"))]).toEqual([]);
      expect(await text(last[0]?.keptAt)).toBe(sparse(prefix, 130));
      const events = await settled(prefix, 7);
      expect(events.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => "delivered"));
      expect(delivered(prefix).toSorted()).toEqual([0, 100, 120, 20, 40, 60, 80].map((index) => prefix + index));
    }
    // Two chunks of each file had refused rows: a letter for each, however often it was taken.
    const letters = "SELECT count(*) AS n FROM dead_letters WHERE reason LIKE 'c-%.csv: % rows refused%'";
    const expected = 2 * (2 * crashes.length + 1);
    await vi.waitFor(async () => expect(await env.DB.prepare(letters).first("n")).toBe(expected), { timeout: 10_000 });
  }, 180_000);

  it("goes on at the last stored chunk when its time is up", async () => {
    await env.FILES.put(`${INBOX}d.csv`, sparse("D-", 350));
    const start = Date.now();
    let sent = 0;
    const queue: Pick<Queue, "send" | "sendBatch"> = {
      sendBatch: (...batch) => {
        sent += 1;
        return env.QUEUE_STANDARD.sendBatch(...batch);
      },
      send: (...message) => {
        sent += 1;
        return env.QUEUE_STANDARD.send(...message);
      },
    };
    const clock = vi.spyOn(Date, "now").mockImplementation(() => start + (sent > 1 ? LIMITS.importRunMs : 0));
    await runImports({ ...env, QUEUE_STANDARD: queue as Queue }, deployment);
    clock.mockRestore();
    const { current, state } = await view();
    expect(state).toBe("reading");
    expect(current?.rows).toBeGreaterThan(0);
    expect(current?.rows).toBeLessThan(350);
    await runImports(env, deployment);
    expect((await view()).last).toMatchObject([{ rows: 350, accepted: 18 }]);
    expect(await settled("D-", 18)).toHaveLength(18);
    expect(delivered("D-")).toHaveLength(18);
  });

  it("is read by one of two crons that come at once", async () => {
    await env.FILES.put(`${INBOX}e.csv`, csv("E-", 20));
    await Promise.all([runImports(env, deployment), runImports(env, deployment), runImports(env, deployment)]);
    expect((await view()).last).toMatchObject([{ rows: 20, accepted: 20 }]);
    await settled("E-", 20);
    expect(delivered("E-")).toHaveLength(20);
  });

  it("gives way to another that has taken it over, and its rows have one effect all the same", async () => {
    await env.FILES.put(`${INBOX}f.csv`, sparse("F-", 300));
    const slow = new Proxy(env.FILES, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name !== "get" || typeof member !== "function") return typeof member === "function" ? member.bind(target) : member;
        return async (...args: unknown[]) => {
          // Meanwhile its lease ends, and another one reads the whole file.
          await env.DB.exec("UPDATE file_work SET lease_until_ms = 0");
          await runImports(env, deployment);
          return Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
        };
      },
    });
    await runImports({ ...env, FILES: slow }, deployment);
    await env.DB.exec("UPDATE file_work SET lease_until_ms = 0");
    await runImports(env, deployment);
    const events = await settled("F-", 15);
    expect(events).toHaveLength(15);
    expect(delivered("F-")).toHaveLength(15);
    expect((await view()).last).toMatchObject([{ rows: 300, accepted: 15 }]);
  });

  it("knows a file that is put there again with the same bytes: its rows have no second effect", async () => {
    for (const _time of [1, 2]) {
      await env.FILES.put(`${INBOX}g.csv`, csv("G-", 5));
      await runImports(env, deployment);
    }
    expect((await view()).last).toMatchObject([{ accepted: 5 }, { accepted: 5 }]);
    await settled("G-", 5);
    expect(delivered("G-")).toHaveLength(5);
  });

  it.each([
    ["a first row that names no columns", "id,,name\n1,2,3", "the first row does not name the columns: column 2 has no usable name", 0],
    [
      "a quote that is never closed",
      `id,name\nH-1,"x\n${"y".repeat(1_100_000)}`,
      "row 1 is longer than 1048576 bytes; a quote may not be closed",
      0,
    ],
  ])("stops at %s, keeps the file, and tells a person", async (_what, body, stopped, rows) => {
    await env.FILES.put(`${INBOX}h.csv`, body);
    await runImports(env, deployment);
    const { last } = await view();
    expect(last).toMatchObject([{ rows, stopped, keptAt: expect.stringMatching(/^stopped\/legacy-customers\//) }]);
    expect(await text(last[0]?.keptAt)).toBe(body);
    await vi.waitUntil(async () => {
      const { items } = await (await ops("/events?status=quarantined")).json<{ items: readonly { reason: string | null }[] }>();
      return items.some(({ reason }) => reason === `h.csv: ${stopped}`);
    });
  });

  it("reads other files on when one is taken away while it is read", async () => {
    await env.FILES.put(`${INBOX}i.csv`, csv("I-", 3));
    const gone = new Proxy(env.FILES, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          if (name === "get") await target.delete(`${INBOX}i.csv`);
          return Reflect.apply(member as (...given: unknown[]) => unknown, target, args);
        };
      },
    });
    await runImports({ ...env, FILES: gone }, deployment);
    expect((await view()).last).toMatchObject([{ rows: 0, stopped: "the file was taken away while it was read", keptAt: null }]);
  });

  it("says of a row what cannot be stored, stays where it was, and logs nothing of it", async () => {
    const logged: string[] = [];
    for (const level of ["log", "warn", "error"] as const)
      vi.spyOn(console, level).mockImplementation((line: unknown) => void logged.push(String(line)));
    await env.FILES.put(`${INBOX}j.csv`, csv("J-SECRET-", 3));
    const refuses = { send: () => Promise.reject(new Error("no")), sendBatch: () => Promise.reject(new Error("no")) };
    const down = {
      ...env,
      QUEUE_STANDARD: refuses,
      ENTITY: { getByName: () => ({ spill: () => Promise.reject(new Error("no")) }) },
    } as unknown as Env;
    await runImports(down, deployment);
    expect(await view()).toMatchObject({ state: "held", problem: expect.stringContaining("could not be stored"), current: { rows: 0 } });
    await runImports(env, deployment);
    expect((await view()).last).toMatchObject([{ accepted: 3 }]);
    await settled("J-SECRET-", 3);
    expect(logged.join("\n")).not.toContain("J-SECRET-");
  });
});
