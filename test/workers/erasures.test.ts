import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { eventId } from "../../src/domain/event-id.ts";
import type { AnswerOf } from "../../src/http/operations.ts";
import { call, customer, destinations, eventually, ops, signed, token } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const PERSON = { name: "Wilhelmina Quastenflosser", email: "wilhelmina@quastenflosser.example", phone: "+49 30 5550123" };
const VALUES = [...Object.values(PERSON), "quastenflosser"];
const OTHER = { name: "Bartholomew Untouched", email: "bartholomew@untouched.example", phone: "+49 30 5559876" };

const NAMESPACES = ["ENTITY", "AUDIT", "GOVERNOR", "SOURCE_RATE", "BACKLOG", "REPLAY", "CREDENTIALS"] as const;

/** Everything that any storage of the router holds, as text, by where it is. */
async function everything(): Promise<ReadonlyMap<string, string>> {
  const held = new Map<string, string>();
  for (const [name, db] of [["DB", env.DB]] as const) {
    const { results: tables } = await db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'")
      .all<{ name: string }>();
    for (const table of tables)
      held.set(`${name} ${table.name}`, JSON.stringify((await db.prepare(`SELECT * FROM ${table.name}`).all()).results));
  }
  for (const [name, bucket] of [
    ["BODIES", env.BODIES],
    ["FILES", env.FILES],
  ] as const)
    for (const { key } of (await bucket.list()).objects)
      held.set(`${name} ${key}`, `${key} ${(await (await bucket.get(key))?.text()) ?? ""}`);
  for (const name of NAMESPACES) {
    const namespace = env[name] as unknown as DurableObjectNamespace;
    for (const id of await listDurableObjectIds(namespace)) {
      const text = await runInDurableObject(namespace.get(id), async (_instance, state) => {
        const { sql } = state.storage;
        const tables = sql
          .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .toArray();
        return JSON.stringify([
          ...tables.map((table) => sql.exec(`SELECT * FROM ${table.name}`).toArray()),
          [...(await state.storage.list())],
        ]);
      });
      held.set(`${name} ${id.name ?? id.toString()}`, text);
    }
  }
  return held;
}

async function placesOf(values: readonly string[]): Promise<readonly string[]> {
  return [...(await everything())]
    .filter(([, text]) => values.some((value) => text.toLowerCase().includes(value.toLowerCase())))
    .map(([place]) => place);
}

/** Where a value is still found, with what is around it. */
async function leftOf(values: readonly string[]): Promise<readonly string[]> {
  return [...(await everything())].flatMap(([place, text]) =>
    values.flatMap((value) => {
      const at = text.toLowerCase().indexOf(value.toLowerCase());
      return at === -1 ? [] : [`${place}: ${text.slice(Math.max(0, at - 120), at + 60)}`];
    }),
  );
}

type Erasure = AnswerOf<"getErasure">;
const subjectOf = (subject: object) => ({ subject, reason: "asked by the person" });

async function erased(subject: object): Promise<Erasure> {
  let erasure: Erasure = await (await ops("/erasures", "approver", { ...subjectOf(subject), dryRun: false })).json();
  for (let step = 0; !erasure.complete && step < 100; step++)
    erasure = await (await ops(`/erasures/${erasure.id}/continue`, "approver", { subject })).json();
  return erasure;
}

async function looked(subject: object): Promise<Erasure> {
  let erasure: Erasure = await (await ops("/erasures", "approver", subjectOf(subject))).json();
  for (let step = 0; erasure.nextCursor !== null && step < 100; step++)
    erasure = await (await ops("/erasures", "approver", { ...subjectOf(subject), cursor: erasure.nextCursor })).json();
  return erasure;
}

async function posted(outgoing: Parameters<typeof signed>[1]): Promise<string> {
  return (await (await call(signed("custom", outgoing))).json<{ id: string }>()).id;
}

/** A customer whose data reached every place where data is kept. */
async function known(id: string, person: typeof PERSON): Promise<void> {
  destinations();
  await eventually(
    await posted(customer({ id, name: person.name, extra: { email: person.email, phone: person.phone, note: `call ${person.phone}` } })),
  );
  // Refused with words that quote it: a dead letter, which is then mended by hand, and another that stays.
  const refused = { errors: [{ field: "email", message: `${person.email} is taken by ${person.name}` }] };
  destinations(() => Response.json(refused, { status: 422 }));
  const dead = await posted(customer({ id, name: person.name, extra: { email: person.email }, atMs: Date.now() + 10 }));
  await eventually(dead, ({ status }) => status === "dead");
  await ops(`/dead-letters/${dead}:erp/edit`, "operator", { patch: { name: person.name }, reason: `${person.name} said so` });
  // Too large for a message: body and data lie in objects of their own.
  const large = await posted(
    customer({ id, name: person.name, extra: { email: person.email, padding: "x".repeat(60_000) }, atMs: Date.now() + 20 }),
  );
  await eventually(large, ({ status }) => status === "dead" || status === "held");
  const at = [id, Date.now()] as const;
  const data = JSON.stringify({ name: person.name, email: person.email, region: "DE" });
  await env.DB.prepare(
    "INSERT INTO flow_facts (kind, record_key, event_id, at_ms, deleted, data) VALUES ('customer', ?1, 'evt', ?2, 0, ?3)",
  )
    .bind(...at, data)
    .run();
  await env.DB.prepare(
    "INSERT OR REPLACE INTO projections (system, kind, entity_key, data, deleted, event_id, at_ms) VALUES ('erp', 'customer', ?1, ?3, 0, 'evt', ?2)",
  )
    .bind(...at, data)
    .run();
  const finding = JSON.stringify({
    id: `f-${id}`,
    differences: [
      { field: "name", expected: person.name, found: "?" },
      { field: "region", expected: "DE", found: "FR" },
    ],
  });
  await env.DB.prepare(
    "INSERT INTO findings (id, reconciliation, type, kind, entity_key, state, owner, finding) VALUES (?1, 'r', 'mismatch', 'customer', ?2, 'repaired', 'it', ?3)",
  )
    .bind(`f-${id}`, id, finding)
    .run();
  const run = JSON.stringify({
    id: `run-${id}`,
    subject: { name: person.name, region: "DE" },
    timeline: [{ text: `order of ${person.name}` }],
  });
  await env.DB.prepare(
    "INSERT INTO flow_runs (id, flow, entity_key, state, rev, started_at_ms, updated_at_ms, workflow, run) VALUES (?1, 'f', 'x', 'done', 1, 1, 1, 'w', ?2)",
  )
    .bind(`run-${id}`, run)
    .run();
  await env.DB.prepare("INSERT INTO flow_run_ties (tie, run_id) VALUES (?1, ?2)").bind(`customer/${id}`, `run-${id}`).run();
  await env.DB.prepare("INSERT INTO links (term, kind, entity_key, system, at_ms) VALUES (?1, 'customer', ?2, 'crm', 1)")
    .bind(person.email, id)
    .run();
  vi.restoreAllMocks();
}

beforeAll(async () => {
  await known("ER-1", PERSON);
  await known("ER-2", OTHER);
}, 60_000);

const intact = async (id: string): Promise<unknown> => (await ops(`/entities/customer/${id}/verify`)).json();

describe("erasing a record's personal data", () => {
  it("is told beforehand what would go, and changes nothing by that", async () => {
    const before = await everything();
    const plan = await looked({ entity: "customer/ER-1" });
    expect(plan).toMatchObject({ id: null, state: "dryRun", complete: true });
    expect(plan.counts.lines).toBeGreaterThan(0);
    expect(plan.counts.events).toBeGreaterThanOrEqual(3);
    expect(plan.counts.bodies).toBeGreaterThanOrEqual(3);
    expect(plan.counts.letters).toBeGreaterThanOrEqual(1);
    expect(plan.counts.states).toBe(4);
    const after = await everything();
    expect([...after].filter(([place, text]) => !place.startsWith("DB measures") && before.get(place) !== text)).toEqual([]);
  });

  it("leaves none of it in any storage, leaves others' alone, and every history is still whole", async () => {
    const stored = await placesOf(VALUES);
    for (const place of [
      "DB events",
      "DB dead_letters",
      "DB projections",
      "DB flow_facts",
      "DB findings",
      "DB flow_runs",
      "DB links",
      "ENTITY customer/ER-1",
    ])
      expect(stored.map((each) => each.replace(/^ENTITY [0-9a-f]{64}$/, "ENTITY customer/ER-1"))).toContain(place);
    expect(stored.some((place) => place.startsWith("BODIES raw/"))).toBe(true);
    expect(stored.some((place) => place.startsWith("BODIES data/"))).toBe(true);
    const others = await placesOf([OTHER.email]);
    const erasure = await erased({ entity: "customer/ER-1" });
    expect(erasure).toMatchObject({ state: "done", complete: true, askedBy: "test-approver" });
    expect(await leftOf(VALUES)).toEqual([]);
    expect(await placesOf([OTHER.email])).toEqual(others);
    expect(await intact("ER-1")).toMatchObject({ intact: true, erased: expect.any(Number) });
    expect(await intact("ER-2")).toMatchObject({ intact: true });
    const { broken } = await (await ops("/audit/verify", "viewer", { entity: "customer/ER-1" })).json<{ broken: unknown[] }>();
    expect(broken).toEqual([]);
  });

  it("keeps what is nobody's: numbers, states, times, and what is not personal", async () => {
    const fact = await env.DB.prepare("SELECT data FROM flow_facts WHERE record_key = 'ER-1'").first<{ data: string }>();
    expect(JSON.parse(fact?.data ?? "{}")).toEqual({ region: "DE" });
    const finding = await env.DB.prepare("SELECT finding FROM findings WHERE entity_key = 'ER-1'").first<{ finding: string }>();
    expect(finding?.finding).toContain('"expected":"DE"');
    const { timeline } = await (await ops("/entities/customer/ER-1")).json<AnswerOf<"getEntity">>();
    expect(timeline.map(({ body }) => (body as { type: string }).type)).toContain("erasure");
  });

  it("still finds a line that somebody changed after it, also one that claims to be erased", async () => {
    const stub = env.ENTITY.getByName("customer/ER-1");
    for (const change of [
      "UPDATE entries SET body = replace(body, '\"erased\"', '\"erasedX\"') WHERE body LIKE '%\"erased\":%' AND seq = (SELECT min(seq) FROM entries WHERE body LIKE '%\"erased\":%')",
      "UPDATE entries SET body = replace(body, 'custom', 'stripe') WHERE body LIKE '%\"erased\":%'",
      "UPDATE entries SET at_ms = at_ms + 1 WHERE body LIKE '%\"erased\":%'",
      'UPDATE entries SET body = replace(body, \'"digest":"\', \'"digest":"0\') WHERE body LIKE \'{"type":"erasure"%\'',
      'DELETE FROM entries WHERE body LIKE \'{"type":"erasure"%\'',
    ]) {
      await runInDurableObject(stub, async (_instance, state) => {
        state.storage.sql.exec("CREATE TABLE kept AS SELECT * FROM entries");
        state.storage.sql.exec(change);
      });
      expect(await intact("ER-1"), change).toMatchObject({ intact: false });
      await runInDurableObject(stub, async (_instance, state) => {
        state.storage.sql.exec("DELETE FROM entries");
        state.storage.sql.exec("INSERT INTO entries SELECT * FROM kept");
        state.storage.sql.exec("DROP TABLE kept");
      });
    }
    expect(await intact("ER-1")).toMatchObject({ intact: true });
  });

  it("done again finds nothing more, adds no line, and is on record without naming anybody", async () => {
    const before = (await env.ENTITY.getByName("customer/ER-1").timeline(0, 200)).length;
    const again = await erased({ entity: "customer/ER-1" });
    expect(again.counts).toMatchObject({ lines: 0, work: 0, bodies: 0, states: 0 });
    expect((await env.ENTITY.getByName("customer/ER-1").timeline(0, 200)).length).toBe(before);
    const { items } = await (await ops("/operator-actions?limit=200")).json<{ items: { action: string; subject: string }[] }>();
    const own = items.filter(({ action }) => action.includes("erasure"));
    expect(own.map(({ action }) => action)).toContain("begin erasure");
    expect(own.every(({ subject }) => /^[0-9a-f]{64}$/.test(subject))).toBe(true);
  });

  it("goes on with work that was still owed, without the personal data", async () => {
    const posts = destinations();
    const { items } = await (await ops("/dead-letters?limit=200")).json<{ items: { id: string; entity: { key: string } | null }[] }>();
    for (const { id, entity } of items)
      if (entity?.key === "ER-1") await ops(`/dead-letters/${id}/retry`, "operator", { reason: "after the erasure", force: true });
    expect(JSON.stringify(posts)).not.toContain(PERSON.email);
    expect(await placesOf(VALUES)).toEqual([]);
  });
});

describe("a request that held several records", () => {
  it("has its body blanked in every copy, the ones of other records too, and in no other request", async () => {
    const body = JSON.stringify([
      { id: "ER-P1", name: "Ottilie Zweifach" },
      { id: "ER-P2", name: "Firma" },
    ]);
    const atMs = Date.now();
    await env.BODIES.put("raw/batch/parts", body + body + body);
    for (const [index, key] of ["ER-P1", "ER-P2", "ER-P3"].entries()) {
      const receivedAtMs = key === "ER-P3" ? atMs + 1 : atMs;
      const detail = JSON.stringify({ lanes: [], why: [], ...(key === "ER-P3" ? {} : { part: index }) });
      await env.DB.prepare(
        "INSERT INTO events (id, rev, received_at_ms, updated_at_ms, source, type, kind, entity_key, status, priority, delivery_id, raw_ref, detail) VALUES (?1, 1, ?2, ?2, 'custom', 't', 'customer', ?3, 'delivered', 'standard', ?3, ?4, ?5)",
      )
        .bind(
          eventId(receivedAtMs, crypto.getRandomValues(new Uint8Array(16))),
          receivedAtMs,
          key,
          `raw/batch/parts|${index * body.length}|${body.length}`,
          detail,
        )
        .run();
    }
    expect((await erased({ entity: "customer/ER-P1" })).counts).toMatchObject({ events: 1, bodies: 2 });
    const left = (await (await env.BODIES.get("raw/batch/parts"))?.text()) ?? "";
    expect([left.slice(0, 2 * body.length).trim(), left.slice(2 * body.length)]).toEqual(["", body]);
  });
});

describe("erasing by e-mail address", () => {
  const email = "seraphina@nirgendwo.example";

  it("finds the records that name it, whatever their kind, and bodies that nobody could read", async () => {
    destinations();
    await eventually(await posted(customer({ id: "ER-3", name: "Seraphina", extra: { email } })));
    const inOther = await posted({
      body: JSON.stringify({
        eventId: "er-4",
        type: "customer.updated",
        data: { id: "ER-4", name: "Firma", updatedAt: new Date().toISOString(), contact: { mail: "SERAPHINA@nirgendwo.example" } },
      }),
    });
    await eventually(inOther);
    const unread = await posted({
      body: `{"eventId":"er-5","type":"customer.updated","data":{"id":"ER-5","mail":"${email.replace("@", "\\u0040")}"`,
    });
    await eventually(unread, ({ status }) => status === "quarantined");
    expect((await placesOf([email])).length).toBeGreaterThan(0);
    const plan = await looked({ email });
    expect(plan.counts.records).toBe(2);
    const done = await erased({ email });
    expect(done.counts).toMatchObject({ records: 2, events: plan.counts.events, bodies: plan.counts.bodies });
    expect(await placesOf([email, email.replace("@", "\\u0040")])).toEqual([]);
    for (const id of ["ER-3", "ER-4"]) expect(await intact(id)).toMatchObject({ intact: true });
    expect((await (await ops(`/events/${unread}`)).json<{ status: string }>()).status).toBe("quarantined");
  });

  it("is refused to an operator and to keys, without a subject or with two, and goes on for no other subject", async () => {
    const body = subjectOf({ email });
    expect((await ops("/erasures", "operator", body)).status).toBe(403);
    for (const subject of [{}, { email, entity: "customer/ER-3" }, { entity: "planet/earth" }, { email: "nobody" }])
      expect((await ops("/erasures", "approver", subjectOf(subject))).status).toBe(400);
    const { items } = await (await ops("/erasures", "approver")).json<{ items: Erasure[] }>();
    expect(items.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(items)).not.toContain("nirgendwo");
    expect((await ops(`/erasures/${items[0]?.id}/continue`, "approver", { subject: { email: "else@where.example" } })).status).toBe(409);
    expect((await ops("/erasures/none/continue", "approver", { subject: { email } })).status).toBe(404);
    expect(await token("approver")).not.toBe("");
  });
});
