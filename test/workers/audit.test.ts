import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { verifyExport } from "../../docs/verify-audit-export.mjs";
import type { AnswerOf } from "../../src/http/operations.ts";
import { deliver, queued } from "../support/queued.ts";
import { call, destinations, ops } from "../support/router.ts";
import { twoDatabases } from "../support/second-database.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

type Verified = AnswerOf<"verifyAudit">;
type Scope = { readonly entity?: string; readonly from?: string; readonly to?: string };

/** Every part of a verification, as one. */
async function verified(scope: Scope = {}, bindings: Env = env): Promise<Verified> {
  const whole = {
    intact: true,
    checked: { entities: 0, lines: 0, rows: 0, actions: 0 },
    broken: [] as Verified["broken"],
    nextCursor: null,
  };
  for (let cursor: string | null | undefined; cursor !== null;) {
    const answer = await ops("/audit/verify", "viewer", { ...scope, ...(cursor === undefined ? {} : { cursor }) }, bindings);
    expect(answer.status).toBe(200);
    const part: Verified = await answer.json();
    for (const name of ["entities", "lines", "rows", "actions"] as const) whole.checked[name] += part.checked[name];
    whole.broken.push(...part.broken);
    cursor = part.nextCursor;
  }
  return { ...whole, intact: whole.broken.length === 0 };
}

const HOUR_MS = 3_600_000;
const KEY = "AU-1";
let eventIds: string[] = [];

beforeAll(async () => {
  let calls = 0;
  destinations(() =>
    ++calls === 2
      ? Response.json({ errors: [{ field: "status", message: "no" }] }, { status: 422 })
      : Response.json({ id: "R1", version: calls }),
  );
  // An hour ago, so that what is missing counts as missing, not as late.
  const nowMs = Date.now();
  vi.spyOn(Date, "now").mockReturnValue(nowMs - HOUR_MS);
  const events = [queued(KEY, 1), queued(KEY, 2), queued("AU-2", 1), queued("AU-3", 1)];
  eventIds = events.map(({ id }) => id);
  for (const event of events) await deliver([event]);
  await deliver([{ ...queued(KEY, 1), id: queued(KEY, 1).id }]);
  for (const verb of ["pause", "resume"]) await ops(`/destinations/crm/${verb}`, "operator", { reason: "a window" });
  vi.restoreAllMocks();
}, 30_000);

describe("the whole audit trail", () => {
  it("is walked part by part, counted, and found whole: records, index rows and operators' actions", async () => {
    const found = await verified();
    expect(found.broken).toEqual([]);
    expect(found.checked.entities).toBeGreaterThanOrEqual(3);
    expect(found.checked.rows).toBeGreaterThanOrEqual(5);
    expect(found.checked.actions).toBeGreaterThanOrEqual(2);
    expect(await verified({ entity: `order/${KEY}` })).toMatchObject({ intact: true, checked: { entities: 1, rows: 2 } });
    const day = { from: new Date(Date.now() - 2 * HOUR_MS).toISOString(), to: new Date(Date.now() + HOUR_MS).toISOString() };
    expect((await verified(day)).checked.rows).toBeGreaterThanOrEqual(5);
    const before = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
    expect((await verified(before)).checked.rows).toBe(0);
  });

  it("takes no cursor that it did not give, and no record of an unknown kind", async () => {
    for (const body of [{ cursor: "nonsense" }, { cursor: btoa('{"at":"elsewhere"}') }, { entity: "planet/earth" }])
      expect((await ops("/audit/verify", "viewer", body)).status).toBe(400);
  });
});

interface Place {
  readonly table: "events" | "operator_actions";
  readonly column: string;
  readonly value: string;
}

/** Columns of the index that the histories tell too; what is changed there is found by holding one against the other. */
const PLACES: readonly Place[] = [
  { table: "events", column: "id", value: "'evt_' || substr(id, 5, 20) || '00000000'" },
  { table: "events", column: "rev", value: "rev + 1" },
  { table: "events", column: "source", value: "'stripe'" },
  { table: "events", column: "type", value: "type || 'x'" },
  { table: "events", column: "kind", value: "'invoice'" },
  { table: "events", column: "entity_key", value: "'AU-3'" },
  { table: "events", column: "status", value: "'cancelled'" },
  { table: "events", column: "class", value: "'poison'" },
  { table: "events", column: "delivery_id", value: "delivery_id || 'x'" },
  { table: "events", column: "correlation_id", value: "'cor_other'" },
  { table: "events", column: "detail", value: "json_set(detail, '$.contentHash', 'x')" },
  { table: "events", column: "detail", value: "json_set(detail, '$.order', json('{\"kind\":\"none\"}'))" },
  { table: "events", column: "detail", value: "json_set(detail, '$.of', 'evt_x')" },
  { table: "events", column: "detail", value: "json_set(detail, '$.lanes[0].status', 'held')" },
  { table: "events", column: "detail", value: "json_set(detail, '$.lanes[0].attempts[0].startedAtMs', 1)" },
  { table: "events", column: "detail", value: "json_set(detail, '$.lanes', json('[]'))" },
  { table: "events", column: "detail", value: "'{'" },
  { table: "operator_actions", column: "id", value: "'act_00000000000000000000000000'" },
  { table: "operator_actions", column: "at_ms", value: "at_ms + 1" },
  { table: "operator_actions", column: "actor", value: "'somebody'" },
  { table: "operator_actions", column: "action", value: "'resume'" },
  { table: "operator_actions", column: "subject", value: "'erp'" },
  { table: "operator_actions", column: "reason", value: "'none'" },
  { table: "operator_actions", column: "seq", value: "seq + 100" },
  { table: "operator_actions", column: "hash", value: "'00'" },
];

/** Of the index's columns these are not told by any history: they show, they prove nothing. */
const NOT_EVIDENCE = { events: ["received_at_ms", "updated_at_ms", "priority", "raw_ref"], operator_actions: [] as string[] };

const db = env.DB;
const rowOf = (table: Place["table"]): string => (table === "events" ? `id = '${eventIds[1]}'` : "action = 'pause' AND subject = 'crm'");

async function tampered(table: Place["table"], statement: string): Promise<Verified> {
  const { results } = await db.prepare(`SELECT * FROM ${table}`).all();
  await db.prepare(statement).run();
  expect((await db.prepare(`SELECT * FROM ${table}`).all()).results).not.toEqual(results);
  const found = await verified();
  await db.prepare(`DELETE FROM ${table}`).run();
  for (const row of results) {
    const columns = Object.keys(row);
    await db
      .prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((_, index) => `?${index + 1}`).join(", ")})`)
      .bind(...Object.values(row))
      .run();
  }
  return found;
}

describe("a row of the index is found changed", () => {
  it("in every column but those that prove nothing, which are these", async () => {
    for (const table of ["events", "operator_actions"] as const) {
      const { results } = await db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all<{ name: string }>();
      const tried = [...new Set(PLACES.filter((place) => place.table === table).map(({ column }) => column))];
      expect([...tried, ...NOT_EVIDENCE[table]].toSorted()).toEqual(results.map(({ name }) => name).toSorted());
    }
  });

  it.each(PLACES)("$table.$column set to $value", async ({ table, column, value }) => {
    const found = await tampered(table, `UPDATE ${table} SET ${column} = ${value} WHERE ${rowOf(table)}`);
    expect(found.intact).toBe(false);
    expect(JSON.stringify(found.broken)).toMatch(table === "events" ? /"where":"index"/ : /"where":"actions"/);
  });

  it.each(["events", "operator_actions"] as const)("%s: when one is gone", async (table) => {
    expect((await tampered(table, `DELETE FROM ${table} WHERE ${rowOf(table)}`)).intact).toBe(false);
  });

  it("events: when all of a record's are gone, since an earlier walk knew the record", async () => {
    await verified();
    const found = await tampered("events", `DELETE FROM events WHERE entity_key = '${KEY}'`);
    expect(found.broken.filter(({ entity }) => entity === `order/${KEY}`).map(({ reason }) => reason)).toContain(
      "its row is gone from the index",
    );
  });

  it("events: when there is one that never was", async () => {
    const found = await tampered(
      "events",
      `INSERT INTO events SELECT substr(id, 1, 28) || '0A', rev, received_at_ms, updated_at_ms, source, type, kind, entity_key, status, class, priority, delivery_id, correlation_id, raw_ref, detail FROM events WHERE id = '${eventIds[2]}'`,
    );
    expect(found.broken.map(({ reason }) => reason)).toEqual(["no line of the record's history tells of it"]);
  });

  it("operator_actions: when there is one that never was, even without a number", async () => {
    const found = await tampered(
      "operator_actions",
      `INSERT INTO operator_actions SELECT 'act_7ZZZZZZZZZZZZZZZZZZZZZZZZZ', at_ms, 'mallory', action, subject, reason, NULL, NULL FROM operator_actions WHERE ${rowOf("operator_actions")}`,
    );
    expect(found.broken.map(({ reason }) => reason)).toEqual(["the chain does not have it"]);
  });
});

describe("the chain of operators' actions is found changed", () => {
  const log = () => env.AUDIT.getByName("operators");
  async function changed(statement: string): Promise<Verified> {
    await runInDurableObject(log(), async (_instance, state) => {
      state.storage.sql.exec("CREATE TABLE kept AS SELECT * FROM actions");
      state.storage.sql.exec(statement);
    });
    const found = await verified();
    await runInDurableObject(log(), async (_instance, state) => {
      state.storage.sql.exec("DELETE FROM actions");
      state.storage.sql.exec("INSERT INTO actions SELECT * FROM kept");
      state.storage.sql.exec("DROP TABLE kept");
    });
    return found;
  }

  it.each([
    "UPDATE actions SET at_ms = at_ms + 1 WHERE seq = 1",
    "UPDATE actions SET id = 'act_x' WHERE seq = 1",
    "UPDATE actions SET body = replace(body, 'crm', 'erp') WHERE seq = 1",
    "UPDATE actions SET prev = 'x' WHERE seq = 1",
    "UPDATE actions SET hash = 'x' WHERE seq = 1",
    "UPDATE actions SET seq = 99 WHERE seq = 1",
    "DELETE FROM actions WHERE seq = 1",
    "DELETE FROM actions WHERE seq = (SELECT max(seq) FROM actions)",
    "DELETE FROM actions",
    "INSERT INTO actions SELECT (SELECT max(seq) + 1 FROM actions), at_ms, 'act_y', body, hash, hash, 1 FROM actions ORDER BY seq DESC LIMIT 1",
  ])("%s", async (statement) => {
    const found = await changed(statement);
    expect(found.intact).toBe(false);
    expect(JSON.stringify(found.broken)).toContain('"where":"actions"');
  });
});

describe("a history that was written anew as a whole", () => {
  it("is found by its length when its object starts again shorter than it was walked", async () => {
    expect((await verified()).intact).toBe(true);
    const stub = env.ENTITY.getByName(`order/${KEY}`);
    const kept = await runInDurableObject(stub, async (_instance, state) => {
      const rows = state.storage.sql.exec("SELECT * FROM entries").toArray();
      state.storage.sql.exec("DELETE FROM entries WHERE bucket >= 0 AND seq = (SELECT max(seq) FROM entries)");
      return rows;
    });
    await runInDurableObject(stub, async (_instance, state) => state.abort("read storage again")).catch(() => undefined);
    const fresh = env.ENTITY.getByName(`order/${KEY}`);
    // By itself the chain looks whole: its end is where its last line is.
    expect(await fresh.verify()).toMatchObject({ intact: true });
    const found = await verified({ entity: `order/${KEY}` });
    expect(found.broken.map(({ reason }) => reason)).toContain("the history is not the one that was walked before");
    await runInDurableObject(env.ENTITY.getByName(`order/${KEY}`), async (_instance, state) => {
      state.storage.sql.exec("DELETE FROM entries");
      for (const row of kept) state.storage.sql.exec(`INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?,?)`, ...Object.values(row));
    });
    await runInDurableObject(env.ENTITY.getByName(`order/${KEY}`), async (_instance, state) => state.abort("read storage again")).catch(
      () => undefined,
    );
    expect((await verified()).intact).toBe(true);
  });
});

describe("an action whose listing failed", () => {
  it("is in the chain all the same, and is listed with the next", async () => {
    const log = env.AUDIT.getByName("operators");
    const action = { atMs: Date.now(), actor: "test", action: "try", subject: "s", reason: "because" };
    await env.DB.prepare("ALTER TABLE operator_actions RENAME TO away").run();
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await log.append({ ...action, id: "act_7AAAAAAAAAAAAAAAAAAAAAAAAA" });
    await env.DB.prepare("ALTER TABLE away RENAME TO operator_actions").run();
    await log.append({ ...action, id: "act_7AAAAAAAAAAAAAAAAAAAAAAAAA" });
    const listed = await env.DB.prepare("SELECT seq FROM operator_actions WHERE action = 'try'").all();
    expect(listed.results).toHaveLength(1);
    expect((await verified()).broken).toEqual([]);
  });
});

describe("an export", () => {
  const period = { from: new Date(Date.now() - 2 * HOUR_MS).toISOString(), to: new Date(Date.now() + HOUR_MS).toISOString() };
  let signing: Env = env;
  beforeAll(async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    signing = { ...env, AUDIT_SIGNING_KEY: JSON.stringify(await exportJWK(privateKey)) } as unknown as Env;
  });

  async function exported(): Promise<string> {
    let text = "";
    for (let cursor: string | null = ""; cursor !== null;) {
      const query = new URLSearchParams({ ...period, ...(cursor === "" ? {} : { cursor }) });
      const answer = await ops(`/audit/export?${query.toString()}`, "operator", undefined, signing);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/x-ndjson"]);
      const part = await answer.text();
      text += part;
      const { next } = JSON.parse(part.trimEnd().split("\n").at(-1) ?? "") as { next: object | null };
      cursor = next === null ? null : btoa(JSON.stringify(next));
    }
    return text;
  }

  const keys = async (): Promise<{ keys: Record<string, string>[] }> =>
    (await call(new Request("http://router.test/.well-known/signalbox-audit-keys.json"), signing)).json();

  it("is signed by a key whose public half anybody may read, and holds all of the period", async () => {
    const text = await exported();
    const found = await verifyExport(text, await keys());
    expect(found.chains).toBeGreaterThanOrEqual(4);
    expect(text).toContain(`"chain":"order/${KEY}"`);
    expect(text).toContain('"chain":"operators"');
    expect(JSON.stringify(await keys())).not.toContain('"d"');
  });

  it("goes over several parts, each record in one of them", async () => {
    destinations();
    await deliver(Array.from({ length: 100 }, (_, index) => queued(`AU-P-${index}`, 1)));
    await deliver(Array.from({ length: 100 }, (_, index) => queued(`AU-P-${index % 50}`, 2)));
    await deliver(Array.from({ length: 60 }, (_, index) => queued(`AU-P-${index}`, 3)));
    const found = await verifyExport(await exported(), await keys());
    expect(found.parts).toBeGreaterThanOrEqual(2);
    expect(found.entries).toBeGreaterThanOrEqual(210);
  });

  it("is refused where there is no key, and to a viewer", async () => {
    const query = new URLSearchParams(period).toString();
    expect((await ops(`/audit/export?${query}`, "operator")).status).toBe(503);
    expect((await ops(`/audit/export?${query}`, "viewer", undefined, signing)).status).toBe(403);
    expect((await ops(`/audit/export?from=${period.to}&to=${period.from}`, "operator", undefined, signing)).status).toBe(400);
  });
});

describe("with the index in two databases", () => {
  it("is walked over both, and a row that is gone from the second is missed", async () => {
    destinations();
    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(nowMs - HOUR_MS);
    const events = Array.from({ length: 12 }, (_, index) => queued(`AU-T-${index}`, 1));
    await deliver(events, twoDatabases);
    vi.restoreAllMocks();
    expect((await verified({}, twoDatabases)).broken).toEqual([]);
    const { results } = await env.SECOND_DB.prepare("SELECT id, entity_key AS key FROM events WHERE entity_key LIKE 'AU-T-%' LIMIT 1").all<{
      id: string;
      key: string;
    }>();
    await env.SECOND_DB.prepare("DELETE FROM events WHERE id = ?1").bind(results[0]?.id).run();
    const found = await verified({}, twoDatabases);
    expect(found.broken).toEqual([
      { where: "index", entity: `order/${results[0]?.key}`, eventId: results[0]?.id, reason: "its row is gone from the index" },
    ]);
  });
});
