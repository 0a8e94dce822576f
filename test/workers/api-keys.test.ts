import { env } from "cloudflare:workers";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KEY_RANDOM_BYTES, makeKey, readKey } from "../../src/domain/api-key.ts";
import { sha256Hex } from "../../src/adapters/sha256.ts";
import type { Role } from "../../src/domain/roles.ts";
import worker from "../../src/index.ts";
import { ops, token } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const ORIGIN = "http://router.test";
const DAY_MS = 86_400_000;

interface Made {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly actor: string;
}

let serial = 0;
async function made(fields: object = {}): Promise<Made> {
  const body = { name: `test-${++serial}`, owner: "platform", role: "operator", reason: "for a test", ...fields };
  const answer = await ops("/keys", "admin", body);
  expect(answer.status).toBe(200);
  return answer.json<Made>();
}

interface With {
  readonly bindings?: Env;
  readonly body?: object;
  readonly address?: string;
}

/** Calls with a credential, and waits for what the Worker does beside its answer. */
async function as(credential: string, path: string, { bindings = env, body, address = "192.0.2.1" }: With = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${credential}`, "content-type": "application/json", "cf-connecting-ip": address };
  const request = new Request(`${ORIGIN}${path}`, {
    headers,
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  const context = createExecutionContext();
  const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], bindings, context);
  await waitOnExecutionContext(context);
  return answer;
}

const rowOf = (id: string): Promise<Record<string, unknown> | null> =>
  env.DB.prepare("SELECT * FROM api_keys WHERE id = ?1").bind(id).first();

const counting = (limit: number): RateLimit => {
  const seen = new Map<string, number>();
  return {
    limit: async ({ key }) => {
      seen.set(key, (seen.get(key) ?? 0) + 1);
      return { success: (seen.get(key) ?? 0) <= limit };
    },
  };
};

describe("an API key", () => {
  it("is shown once, found by scanners, and kept only as a proof", async () => {
    const { id, key } = await made();
    expect(key).toMatch(/^sbkey_[0-9a-f]{16}_[0-9a-f]{72}$/);
    const row = JSON.stringify(await rowOf(id));
    expect(row).not.toContain(key.slice(-72, -8));
    expect(row).not.toContain(sha256Hex(key));
    const listed = await (await ops("/keys")).text();
    expect(listed).toContain(id);
    expect(listed).not.toContain(key.slice(-72, -8));
  });

  it("opens what a token of its role opens: ops API, metrics and dashboard", async () => {
    const { key } = await made({ role: "viewer" });
    expect((await as(key, "/ops/v1/events")).status).toBe(200);
    expect((await as(key, "/metrics")).status).toBe(200);
    const page = await worker.fetch(
      new Request(`${ORIGIN}/ops/ownership`, { headers: { cookie: `signalbox_session=${key}` } }) as Parameters<typeof worker.fetch>[0],
      env,
      createExecutionContext(),
    );
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("key:test-");
    expect((await as(key, "/ops/v1/destinations/erp/pause", { body: { reason: "not mine" } })).status).toBe(403);
  });

  it("of some operations makes those calls and no other, wherever they are asked", async () => {
    const { key } = await made({ operations: ["listEvents", "getMetrics"] });
    expect((await as(key, "/ops/v1/events")).status).toBe(200);
    expect((await as(key, "/metrics")).status).toBe(200);
    const refused = await as(key, "/ops/v1/slas");
    expect([refused.status, (await refused.json<{ detail: string }>()).detail]).toEqual([
      403,
      "this key may only call listEvents, getMetrics",
    ]);
    const narrow = await made({ operations: ["listEvents"] });
    expect((await as(narrow.key, "/metrics")).status).toBe(403);
  });

  it("is in the audit trail by its name, and its making and its end by the person's", async () => {
    const { id, key, name, actor } = await made();
    expect(actor).toBe(`key:${name}`);
    expect((await as(key, "/ops/v1/destinations/crm/pause", { body: { reason: "nightly window" } })).status).toBe(200);
    expect((await as(key, "/ops/v1/destinations/crm/resume", { body: { reason: "window is over" } })).status).toBe(200);
    await ops(`/keys/${id}/revoke`, "admin", { reason: "window moved" });
    const { items } = await (await ops(`/operator-actions?actor=${actor}`)).json<{ items: object[] }>();
    expect(items).toMatchObject([
      { action: "resume", subject: "crm", reason: "window is over" },
      { action: "pause", subject: "crm", reason: "nightly window" },
    ]);
    const people = await (
      await ops("/operator-actions?actor=test-admin&limit=200")
    ).json<{ items: { subject: string; action: string }[] }>();
    expect(people.items.filter(({ subject }) => subject === name).map(({ action }) => action)).toEqual([
      "revoke key",
      "create key as operator",
    ]);
  });

  it("is refused with the very next call once it is revoked, and for good", async () => {
    const { id, key } = await made();
    const before = await rowOf(id);
    expect((await as(key, "/ops/v1/events")).status).toBe(200);
    expect(await (await ops(`/keys/${id}/revoke`, "admin", { reason: "leaked" })).json()).toMatchObject({
      state: "revoked",
      revokedBy: "test-admin",
    });
    const refused = await as(key, "/ops/v1/events");
    expect([refused.status, (await refused.json<{ detail: string }>()).detail]).toEqual([401, "the key is revoked"]);
    await env.DB.prepare("UPDATE api_keys SET revoked_at_ms = NULL WHERE id = ?1").bind(id).run();
    expect((await as(key, "/ops/v1/events")).status).toBe(401);
    expect(before?.["proof"]).not.toBe("");
  });

  it("ends with its last day", async () => {
    const { key } = await made({ expiresInDays: 1 });
    const nowMs = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(nowMs + DAY_MS - 5_000);
    expect((await as(key, "/ops/v1/events")).status).toBe(200);
    vi.spyOn(Date, "now").mockReturnValue(nowMs + DAY_MS + 5_000);
    const refused = await as(key, "/ops/v1/events");
    expect([refused.status, (await refused.json<{ detail: string }>()).detail]).toEqual([401, "the key has expired"]);
  });

  it.each([
    ["role", "admin"],
    ["operations", null],
    ["expires_at_ms", 9_999_999_999_999],
    ["name", "somebody-else"],
    ["owner", "finance"],
    ["created_by", "nobody"],
    ["created_at_ms", 1],
    ["proof", "00".repeat(32)],
    ["proof", ""],
  ])("does not open once somebody has changed %s in its row", async (column, value) => {
    const { id, key } = await made({ role: "viewer", operations: ["listEvents"] });
    expect((await as(key, "/ops/v1/events")).status).toBe(200);
    await env.DB.prepare(`UPDATE api_keys SET ${column} = ?2 WHERE id = ?1`).bind(id, value).run();
    expect((await as(key, "/ops/v1/events")).status).toBe(401);
  });

  it("cannot be made by writing a row, nor by giving a row the proof of another", async () => {
    const other = await made({ role: "admin" });
    const { proof } = (await rowOf(other.id)) as { proof: string };
    const { id, text } = makeKey(crypto.getRandomValues(new Uint8Array(KEY_RANDOM_BYTES)), sha256Hex);
    const insert =
      "INSERT INTO api_keys (id, name, owner, role, created_by, created_at_ms, expires_at_ms, proof) VALUES (?1, 'planted', 'platform', 'admin', 'x', 1, 9999999999999, ?2)";
    for (const planted of [sha256Hex(text), proof]) {
      await env.DB.prepare(insert).bind(id, planted).run();
      expect((await as(text, "/ops/v1/events")).status).toBe(401);
      await env.DB.prepare("DELETE FROM api_keys WHERE id = ?1").bind(id).run();
    }
  });

  it("outlives a change of the secret that proves it, and is proven by the new one from its next noted use on", async () => {
    const { key } = await made();
    const fresh = Buffer.alloc(32, 9).toString("base64");
    const both = { ...env, ACCOUNT_KEY: fresh, ACCOUNT_KEY_PREVIOUS: env.ACCOUNT_KEY } as Env;
    const newOnly = { ...env, ACCOUNT_KEY: fresh } as Env;
    expect((await as(key, "/ops/v1/events", { bindings: newOnly })).status).toBe(401);
    expect((await as(key, "/ops/v1/events", { bindings: both })).status).toBe(200);
    expect((await as(key, "/ops/v1/events", { bindings: newOnly })).status).toBe(200);
  });

  it("has its last use kept with one write an hour", async () => {
    const { id, key } = await made();
    const times: unknown[] = [];
    const prepare = vi.fn(env.DB.prepare.bind(env.DB));
    const bindings = { ...env, DB: { prepare, batch: env.DB.batch.bind(env.DB) } as unknown as D1Database } as Env;
    for (let i = 0; i < 5; i++) {
      await as(key, "/ops/v1/events", { bindings });
      times.push((await rowOf(id))?.["last_used_at_ms"]);
    }
    expect(times[0]).toEqual(expect.any(Number));
    expect(new Set(times).size).toBe(1);
    expect(prepare.mock.calls.filter(([query]) => /^update/i.test(query))).toHaveLength(1);
    const later = Date.now() + 3_700_000;
    vi.spyOn(Date, "now").mockReturnValue(later);
    await as(key, "/ops/v1/events");
    expect((await rowOf(id))?.["last_used_at_ms"]).toBe(later);
  });

  it("is not made by a key, beyond its role, for nobody, twice by one name, or for longer than a year", async () => {
    const admin = await made({ role: "admin" });
    const body = { name: "from-a-key", owner: "platform", role: "viewer", reason: "a copy" };
    expect((await as(admin.key, "/ops/v1/keys", { body })).status).toBe(403);
    const refusals: [object, number][] = [
      [{ role: "viewer", operations: ["pauseDestination"] }, 400],
      [{ role: "admin", operations: ["createKey"] }, 400],
      [{ operations: ["noSuchCall"] }, 400],
      [{ owner: "nobody" }, 400],
      [{ name: admin.name }, 409],
      [{ name: "Has Spaces" }, 400],
      [{ expiresInDays: 400 }, 400],
      [{ role: "king" }, 400],
    ];
    for (const [fields, status] of refusals)
      expect([fields, (await ops("/keys", "admin", { ...body, name: `refused-${++serial}`, ...fields })).status]).toEqual([fields, status]);
    expect((await ops("/keys/none/revoke", "admin", { reason: "a test" })).status).toBe(404);
  });

  it("is read from its text alone: any other text is none, without asking anybody", () => {
    const { text } = makeKey(new Uint8Array(KEY_RANDOM_BYTES).fill(7), sha256Hex);
    expect(readKey(text, sha256Hex)).not.toBeNull();
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === "a" ? "b" : "a"}${text.slice(at + 1)}`;
      expect(readKey(changed, sha256Hex), `digit ${at}`).toBeNull();
    }
  });
});

describe("a caller", () => {
  it("who calls too often is told to wait, and others are not", async () => {
    const bindings = { ...env, OPS_CALLS: counting(3) } as Env;
    const [one, other] = [await made({ role: "viewer" }), await made({ role: "viewer" })];
    for (let i = 0; i < 3; i++) expect((await as(one.key, "/ops/v1/events", { bindings })).status).toBe(200);
    const limited = await as(one.key, "/ops/v1/events", { bindings });
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "60"]);
    expect((await as(other.key, "/ops/v1/events", { bindings })).status).toBe(200);
    for (let i = 0; i < 3; i++) expect((await as(await token("viewer" as Role), "/ops/v1/events", { bindings })).status).toBe(200);
    expect((await as(await token("viewer"), "/ops/v1/events", { bindings })).status).toBe(429);
  });

  it("whose credentials are not good is not listened to for a while, by address, and costs the index nothing meanwhile", async () => {
    const prepare = vi.fn(env.DB.prepare.bind(env.DB));
    const bindings = {
      ...env,
      OPS_FAILURES: counting(3),
      DB: { prepare, batch: env.DB.batch.bind(env.DB) } as unknown as D1Database,
    } as Env;
    const { key } = await made();
    const guess = (): string => makeKey(crypto.getRandomValues(new Uint8Array(KEY_RANDOM_BYTES)), sha256Hex).text;
    const address = "198.51.100.7";
    for (let i = 0; i < 4; i++) expect((await as(guess(), "/ops/v1/events", { bindings, address })).status).toBe(401);
    const asked = prepare.mock.calls.length;
    expect(asked).toBeGreaterThan(0);
    expect((await as(guess(), "/ops/v1/events", { bindings, address })).status).toBe(429);
    expect((await as(key, "/ops/v1/events", { bindings, address })).status).toBe(429);
    expect(prepare.mock.calls.length).toBe(asked);
    expect((await as(key, "/ops/v1/events", { bindings, address: "198.51.100.8" })).status).toBe(200);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 61_000);
    expect((await as(key, "/ops/v1/events", { bindings, address })).status).toBe(200);
  });
});
