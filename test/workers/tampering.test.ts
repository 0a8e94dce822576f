import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { GENESIS } from "../../src/domain/timeline.ts";
import { auditLedger } from "../../src/adapters/ledger-audit.ts";
import { deliver, queued } from "../support/queued.ts";
import { destinations, ops } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const KEY = "TAMPER-1";
const object = () => env.ENTITY.getByName(`order/${KEY}`);

interface Verdict {
  readonly intact: boolean;
  readonly brokenAtSeq?: number;
  readonly reason?: string;
}

const verdict = async (key = KEY): Promise<Verdict> => (await ops(`/entities/order/${key}/verify`)).json<Verdict>();

/** Changes what an object has stored, asks the chain, and puts it back as it was. */
async function tampered(change: (sql: SqlStorage) => void, key = KEY): Promise<Verdict> {
  const stub = env.ENTITY.getByName(`order/${key}`);
  let found: Verdict | null = null;
  await runInDurableObject(stub, async (_instance, state) => {
    state.storage.sql.exec("DROP TABLE IF EXISTS kept");
    const rows = state.storage.sql.exec("SELECT * FROM entries").toArray();
    state.storage.sql.exec("CREATE TABLE kept AS SELECT * FROM entries");
    change(state.storage.sql);
    const changed = state.storage.sql.exec("SELECT * FROM entries").toArray();
    expect(changed).not.toEqual(rows);
  });
  found = await verdict(key);
  await runInDurableObject(stub, async (_instance, state) => {
    state.storage.sql.exec("DELETE FROM entries");
    state.storage.sql.exec("INSERT INTO entries SELECT * FROM kept");
    state.storage.sql.exec("DROP TABLE kept");
  });
  return found;
}

beforeAll(async () => {
  let calls = 0;
  // The second order fails at first, so that it has lines and an outcome that came later.
  destinations(() => (++calls === 3 ? new Response("busy", { status: 503 }) : Response.json({ id: "R-7", number: "N-7", version: calls })));
  await deliver([queued(KEY, 1)]);
  await deliver([queued(KEY, 2)]);
  await deliver([queued(KEY, 3)]);
  await deliver([queued(KEY, 1)]);
  await vi.waitUntil(async () => (await object().state()).work.length === 0, { timeout: 20_000, interval: 100 });
  vi.restoreAllMocks();
  const { length } = await object().timeline(0, 100);
  expect(length).toBeGreaterThanOrEqual(4);
  expect(await verdict()).toMatchObject({ intact: true, entries: length });
}, 30_000);

/** Every column of a line with another value than it can have. */
const COLUMNS: Readonly<Record<string, string>> = {
  bucket: "bucket + 100000",
  key: "key || 'x'",
  seq: "seq + 100",
  at_ms: "at_ms + 1",
  event_id: "event_id || 'x'",
  body: "replace(body, '\"type\"', '\"Type\"')",
  prev: "'zz' || substr(prev, 3)",
  hash: "'zz' || substr(hash, 3)",
  content_hash: "CASE WHEN content_hash IS NULL THEN 'x' ELSE 'zz' || substr(content_hash, 3) END",
  outcome: "CASE WHEN outcome IS NULL THEN '{}' ELSE replace(outcome, 'delivered', 'cancelled') || ' ' END",
};

describe("a line of a record's history is found changed", () => {
  it("in the table's every column, and there are no others", async () => {
    const names = await runInDurableObject(object(), async (_instance, state) =>
      state.storage.sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('entries')").toArray(),
    );
    expect(names.map(({ name }) => name).toSorted()).toEqual(Object.keys(COLUMNS).toSorted());
  });

  it.each(Object.entries(COLUMNS).flatMap(([column, value]) => [1, 2, 3].map((seq) => ({ column, value, seq }))))(
    "$column of line $seq",
    async ({ column, value, seq }) => {
      // What a line does not have is not there to be changed.
      const found = await tampered((sql) => {
        const has = sql
          .exec<{ known: number; outcome: string | null }>(
            "SELECT content_hash IS NOT NULL AS known, outcome FROM entries WHERE bucket >= 0 AND seq = ?",
            seq,
          )
          .one();
        const row = column === "outcome" && !(has.outcome ?? "").includes("delivered") ? 1 : seq;
        sql.exec(`UPDATE entries SET ${column} = ${value} WHERE bucket >= 0 AND seq = ?`, row);
      });
      expect(found.intact).toBe(false);
      expect(found.brokenAtSeq).toBeGreaterThan(0);
    },
  );

  const SHAPES: Readonly<Record<string, (sql: SqlStorage) => void>> = {
    "the first line gone": (sql) => void sql.exec("DELETE FROM entries WHERE bucket >= 0 AND seq = 1"),
    "a line in between gone": (sql) => void sql.exec("DELETE FROM entries WHERE bucket >= 0 AND seq = 3"),
    "the last line gone": (sql) =>
      void sql.exec("DELETE FROM entries WHERE bucket >= 0 AND seq = (SELECT max(seq) FROM entries WHERE bucket >= 0)"),
    "the last line in a later day's bucket": (sql) =>
      void sql.exec("UPDATE entries SET bucket = bucket + 100000 WHERE seq = (SELECT max(seq) FROM entries)"),
    "every line gone": (sql) => void sql.exec("DELETE FROM entries WHERE bucket >= 0"),
    "two lines in each other's place": (sql) => {
      sql.exec("UPDATE entries SET seq = 999 WHERE bucket >= 0 AND seq = 2");
      sql.exec("UPDATE entries SET seq = 2 WHERE bucket >= 0 AND seq = 3");
      sql.exec("UPDATE entries SET seq = 3 WHERE seq = 999");
    },
    "a line too many at the end": (sql) =>
      void sql.exec(
        "INSERT INTO entries SELECT bucket, '#99', (SELECT max(seq) + 1 FROM entries), at_ms, event_id, body, hash, hash, NULL, NULL FROM entries WHERE bucket >= 0 ORDER BY seq DESC LIMIT 1",
      ),
    "a line too many in between": (sql) =>
      void sql.exec(
        "INSERT INTO entries SELECT bucket, '#99', 2, at_ms, event_id, body, prev, hash, NULL, NULL FROM entries WHERE bucket >= 0 AND seq = 2",
      ),
    "a line that claims to be erased and is not": (sql) =>
      void sql.exec(`UPDATE entries SET body = '{"type":"lane","erased":"era_1"}' WHERE bucket >= 0 AND seq = 2`),
    "a base that was never there": (sql) =>
      void sql.exec("INSERT OR REPLACE INTO entries VALUES (-1, 'base', 1, 0, '', '', '', 'ff', NULL, NULL)"),
    "an outcome that another attempt is said to have had": (sql) =>
      void sql.exec(
        `UPDATE entries SET outcome = replace(outcome, '"httpStatus":200', '"httpStatus":201') WHERE outcome LIKE '%"httpStatus":200%'`,
      ),
  };
  it.each(Object.entries(SHAPES))("%s", async (_what, change) => {
    expect((await tampered(change)).intact).toBe(false);
  });

  it("also where a whole outcome is left out, or is of another result", async () => {
    expect((await tampered((sql) => void sql.exec("UPDATE entries SET outcome = NULL WHERE outcome IS NOT NULL"))).intact).toBe(false);
    expect(
      (await tampered((sql) => void sql.exec('UPDATE entries SET outcome = replace(outcome, \'"result":"\', \'"result":"x\')'))).intact,
    ).toBe(false);
  });

  it("and is whole again once it is back", async () => {
    expect(await verdict()).toMatchObject({ intact: true });
  });
});

describe("a history of which older buckets were let go", () => {
  const OLD = "TAMPER-OLD";
  beforeAll(async () => {
    destinations();
    const nowMs = Date.now();
    const day = (days: number) => vi.spyOn(Date, "now").mockReturnValue(nowMs + days * 86_400_000);
    day(0);
    await deliver([queued(OLD, 1)]);
    day(1);
    await deliver([queued(OLD, 2)]);
    day(40);
    await deliver([queued(OLD, 3)]);
    await deliver([queued(OLD, 4)]);
    vi.restoreAllMocks();
    const lines = await env.ENTITY.getByName(`order/${OLD}`).timeline(0, 100);
    expect(lines[0]?.seq).toBeGreaterThan(1);
  }, 30_000);

  it("is whole from its base on, and not with another base, another number there, or none", async () => {
    expect(await verdict(OLD)).toMatchObject({ intact: true, entries: 3 });
    for (const change of [
      "UPDATE entries SET hash = 'zz' || substr(hash, 3) WHERE key = 'base'",
      "UPDATE entries SET seq = seq + 1 WHERE key = 'base'",
      "DELETE FROM entries WHERE key = 'base'",
    ])
      expect((await tampered((sql) => void sql.exec(change), OLD)).intact, change).toBe(false);
  });
});

describe("an object without history", () => {
  it("is whole, and looking at it makes nothing", async () => {
    const stub = env.ENTITY.getByName("order/TAMPER-NONE");
    expect(await verdict("TAMPER-NONE")).toMatchObject({ intact: true, entries: 0 });
    await runInDurableObject(stub, async (_instance, state) => {
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'entries'").toArray()).toEqual([]);
      expect(auditLedger(state.storage.sql, GENESIS, GENESIS)).toMatchObject({ intact: true });
    });
  });
});
