import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import { DESTINATIONS } from "../../../src/destinations/index.ts";
import { STATUS_TABLE, classOfStatus } from "../../../src/destinations/outcome-of-status.ts";
import { ENTITY_KINDS, type EntityKind } from "../../../src/domain/entities/index.ts";
import { FAILURE_CLASSES } from "../../../src/domain/failure.ts";
import { onlyReads } from "../../../src/domain/http.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import { Bench } from "./bench.ts";
import { FAULTS, type Fault, type Trial } from "./fakes/define.ts";
import { REFUSALS } from "./refusals.ts";
import { NOW_MS } from "./samples.ts";
import { SCENARIOS } from "./scenarios.ts";
import { TRIALS } from "./trials.ts";

const sample = (trial: Trial) => {
  const [first] = Object.values(trial.deliveries);
  if (first === undefined) throw new Error("a trial without deliveries");
  return first;
};

/** What says nothing of a record: the system's trouble, a lack of rights, and a page of somebody before it. */
const REFUSED_READS = [
  [500, ""],
  [503, "<html>down for maintenance</html>"],
  [403, "{}"],
  [400, "{}"],
  [200, "<html>please sign in</html>"],
  [200, "{}"],
] as const;

/** What a module reads of a delivery's record, apart from the system's own numbers and stamps. */
async function dataIn(bench: Bench, { entity: { kind, key } }: Delivery): Promise<JsonObject | null> {
  if (bench.trial.definition.read === undefined) return null;
  const read = await bench.read(kind, key);
  return read.ok && read.value !== "absent" ? read.value.data : null;
}

it("every module is tried with every fault that can happen to it, or says why it cannot", () => {
  const tried = new Set(Object.values(TRIALS).map(({ definition }) => definition.module));
  expect(Object.keys(DESTINATIONS).filter((module) => !tried.has(module))).toEqual([]);
});

describe.each(Object.entries(TRIALS))("destination %s", (name, trial) => {
  const { definition, connection, deliveries } = trial;
  const secrets = Object.values(connection.secrets);
  const base = new URL(connection.baseUrl);
  const allowed = new Set([base.origin, ...(definition.origins?.(connection.settings) ?? []).map((url) => new URL(url).origin)]);

  it("is registered under its own name", () => expect(DESTINATIONS[definition.module]).toBe(definition));

  it("accepts its sample settings and refuses unknown ones", () => {
    expect(definition.settings.safeParse(connection.settings).success).toBe(true);
    expect(definition.settings.safeParse({ ...(connection.settings as object), noSuchSetting: 1 }).success).toBe(false);
  });

  it("has samples of every kind it names, and their secrets", () => {
    const kinds = Object.values(deliveries).map(({ entity }) => entity.kind);
    expect(kinds).toEqual(expect.arrayContaining([...(definition.kinds ?? [])]));
    expect(Object.keys(connection.secrets)).toEqual(expect.arrayContaining([...definition.secretNames(connection.settings)]));
  });

  it.each(Object.entries(deliveries))("brings %s about once, however often it is delivered", async (_sample, delivery) => {
    const bench = new Bench(trial);
    const first = await bench.deliver(delivery);
    expect(first, JSON.stringify(first)).toMatchObject({ kind: "applied" });
    expect(await bench.deliver({ ...delivery, attempt: 2 })).toMatchObject({ kind: "applied" });
    expect(bench.held(delivery)).toHaveLength(delivery.deleted && definition.read !== undefined ? 0 : 1);
  });

  it.each(Object.entries(deliveries))(
    "sends %s traceably, only where it may, and shows no secret in address or body",
    async (_sample, delivery) => {
      const bench = new Bench(trial);
      const { kind } = delivery.entity;
      const before = Object.values(deliveries).find((other) => !other.deleted && other.entity.kind === kind);
      // Only what is there can be deleted.
      if (delivery.deleted && before !== undefined) await bench.deliver({ ...before, entity: delivery.entity });
      await bench.deliver(delivery);
      for (const request of bench.requests) {
        const url = new URL(request.url);
        expect(allowed).toContain(url.origin);
        expect([url.username, url.password, url.hash]).toEqual(["", "", ""]);
        const names = Object.keys(request.headers).map((name) => name.toLowerCase());
        expect(new Set(names).size).toBe(names.length);
        // Where a credential is asked for, the secret is what is shown.
        if (bench.credentialRequests.has(request)) continue;
        const shown = trial.secretsInBody === undefined ? `${request.url} ${request.body}` : request.url;
        for (const secret of secrets) expect(shown).not.toContain(secret);
      }
      const writes = bench.requests.filter((request) => !onlyReads(request) && !bench.credentialRequests.has(request));
      // What is not there need not be deleted.
      if (delivery.deleted && writes.length === 0) return;
      const last = new Headers(writes.at(-1)?.headers);
      expect(last.get("x-correlation-id")).toBe(delivery.correlationId);
      expect(last.get("traceparent")).toBe(delivery.traceparent);
    },
  );

  it
    .runIf(definition.read !== undefined && definition.written !== undefined)
    .each(Object.entries(deliveries).filter(([, delivery]) => !delivery.deleted))(
    "reads %s back as it wrote it",
    async (_sample, delivery) => {
      const bench = new Bench(trial);
      await bench.deliver(delivery);
      const read = await bench.read(delivery.entity.kind, delivery.entity.key);
      expect(read).toMatchObject({ ok: true, value: { key: delivery.entity.key, deleted: false } });
      expect(await bench.deliver(delivery, true)).toMatchObject({ kind: "applied" });
    },
  );

  it.each(Object.entries(deliveries))(
    "comes to the same end with %s, whichever of its writes it was broken off at",
    async (_sample, delivery) => {
      const whole = new Bench(trial);
      await whole.deliver(delivery);
      const { writes } = whole;
      await whole.deliver(delivery);
      const again = whole.writes - writes;
      for (let passing = 0; passing < writes; passing++)
        for (const how of ["loseAnswer", "loseRequest"] as const) {
          const bench = new Bench(trial);
          bench.interfere({ do: how }, { passing });
          const at = `${how} of write ${passing + 1} of ${writes}`;
          expect(await bench.deliver(delivery), at).toMatchObject({ kind: "failed" });
          expect(await bench.deliver(delivery, true), at).toMatchObject({ kind: "applied" });
          expect(bench.held(delivery), at).toHaveLength(whole.held(delivery).length);
          expect(await dataIn(bench, delivery), at).toEqual(await dataIn(whole, delivery));
          // Nothing is left to do that would not be done to the whole one too.
          const before = bench.writes;
          expect(await bench.deliver(delivery), at).toMatchObject({ kind: "applied" });
          expect(bench.writes - before, at).toBe(again);
        }
    },
  );

  it.runIf(definition.read !== undefined)("reads a record by the system's own id as it does by our key", async () => {
    const { kind, key } = sample(trial).entity;
    const bench = new Bench(trial);
    await bench.deliver(sample(trial));
    const byKey = await bench.read(kind, key);
    if (!byKey.ok || byKey.value === "absent") throw new Error("what was delivered is not there");
    const { remote, data } = byKey.value;
    expect(await bench.read(kind, remote.id, "id")).toMatchObject({ ok: true, value: { remote: { id: remote.id }, data } });
    // An id of the same form, since a system may refuse any other.
    const other = remote.id.replace(/[0-8](?=\D*$)/, "9");
    if (other !== remote.id) expect(await bench.read(kind, other, "id")).toEqual({ ok: true, value: "absent" });
    bench.refuseReads({ status: 500, body: "{}" });
    expect(await bench.read(kind, remote.id, "id")).toMatchObject({ ok: false });
  });

  it.runIf(definition.read !== undefined)("reads no kind that it does not keep, and says so", async () => {
    const kept: ReadonlySet<EntityKind> = new Set([...(definition.kinds ?? ENTITY_KINDS), ...(definition.changes?.kinds ?? [])]);
    for (const kind of ENTITY_KINDS.filter((each) => !kept.has(each))) {
      const read = await new Bench(trial).read(kind, "K1");
      expect(["business", "config"], kind).toContain(read.ok ? "read" : read.failure.class);
    }
  });

  it("never throws for a word that the system does not have, and names its field", async () => {
    for (const delivery of Object.values(deliveries).filter(({ deleted }) => !deleted)) {
      const outcome = await new Bench(trial).deliver({
        ...delivery,
        data: { ...delivery.data, status: "no such word", stage: "no such word" },
      });
      if (outcome.kind === "applied") continue;
      expect(outcome.class).toBe("business");
      expect(outcome.fields?.map(({ field }) => field)).toEqual(expect.arrayContaining([expect.stringMatching(/^(status|stage)$/)]));
    }
  });

  it.runIf(definition.changes !== undefined)("takes no cursor that is none of its own: it begins anew, or says why not", async () => {
    for (const kind of definition.changes?.kinds ?? []) {
      const query = { kind, fromMs: 0, untilMs: NOW_MS, cursor: "none of ours' or 1 eq 1", token: null, limit: 5 };
      const page = await definition.changes?.page(query, new Bench(trial).session());
      if (page?.ok === false) expect(page.failure.class, kind).toBe("config");
    }
  });

  it("says of a record that it does not have that it is absent", async () => {
    if (definition.read === undefined) return;
    expect(await new Bench(trial).read(sample(trial).entity.kind, "no-such-key")).toEqual({ ok: true, value: "absent" });
  });

  it.runIf(definition.read !== undefined)("does nothing where what is to be deleted is not there, and says so", async () => {
    const kinds = new Set(Object.values(deliveries).map(({ entity }) => entity.kind));
    for (const kind of kinds) {
      const gone = { ...sample(trial), entity: { ...sample(trial).entity, kind, key: "NEVER-MADE" }, deleted: true, data: {} };
      expect(await new Bench(trial).deliver(gone), kind).toMatchObject({ kind: "applied", duplicate: true });
    }
  });

  it.runIf(definition.read !== undefined)("takes no refusal of a read for an absent record, nor for one without changes", async () => {
    const { kind, key } = sample(trial).entity;
    for (const [status, body] of REFUSED_READS) {
      const bench = new Bench(trial);
      await bench.deliver(sample(trial));
      bench.refuseReads({ status, body });
      expect(await bench.read(kind, key), `${status} ${body}`).toMatchObject({ ok: false });
      for (const changed of definition.changes?.kinds ?? [])
        await expect(bench.changes({ kind: changed }), `${changed}: ${status} ${body}`).rejects.toThrow("a page failed");
    }
  });

  it("tries again where nobody answers who is asked for a credential, since nothing can have been done", async () => {
    const bench = new Bench(trial);
    bench.loseCredentials();
    const outcome = await bench.deliver(sample(trial));
    if (bench.credentialRequests.size === 0) expect(outcome).toMatchObject({ kind: "applied" });
    else expect(outcome).toMatchObject({ kind: "failed", class: "transient" });
    expect(bench.held(sample(trial))).toHaveLength(bench.credentialRequests.size === 0 ? 1 : 0);
  });

  it("sends the same idempotency key with every attempt", async () => {
    const keysOf = async (attempt: number): Promise<readonly (string | null)[]> => {
      const bench = new Bench(trial);
      await bench.deliver({ ...sample(trial), attempt });
      return bench.requests.map(({ headers }) => new Headers(headers).get("idempotency-key"));
    };
    expect(await keysOf(2)).toEqual(await keysOf(1));
  });

  it.each(STATUS_TABLE.filter(({ is }) => is !== "applied" && is !== "auth").map(({ from, to }) => [from, to]))(
    "classes plain %i to %i by the table, unless its own says otherwise",
    async (from, to) => {
      for (const status of [from, to]) {
        const bench = new Bench(trial);
        bench.interfere({ do: "answer", status, body: "no more to say" });
        const outcome = await bench.deliver(sample(trial));
        if (outcome.kind !== "failed") {
          // A conflict may be settled at once, by reading again.
          expect(classOfStatus(status), `status ${status} was taken as applied`).toBe("conflict");
          continue;
        }
        expect(FAILURE_CLASSES).toContain(outcome.class);
        if ([429, 502, 503].includes(status)) expect(outcome.class).toBe(classOfStatus(status));
      }
    },
  );

  it.each(REFUSALS[name] ?? [])("takes $status with $body for $is", async ({ status, body, is }) => {
    const bench = new Bench(trial);
    bench.interfere({ do: "answer", status, body });
    const outcome = await bench.deliver(sample(trial));
    // Settled at once: a conflict by reading again, a refused credential by another one.
    if (outcome.kind === "applied") expect(["conflict", "auth"]).toContain(is);
    else expect(outcome).toMatchObject({ class: is });
  });

  it("never throws, and keeps no secret that a body echoes, whatever is answered", async () => {
    const echoes = secrets.map(
      (secret) => `{"error":"refused Authorization: Bearer ${secret}"} ${secret.startsWith("whsec_") ? secret : ""}`,
    );
    const body = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.json().map((text) => `{"id":"x","errors":${text},"error":${text},"version":${text}}`),
      fc.constantFrom(...echoes, "{", "null", "[]", "[".repeat(20_000)),
    );
    const status = fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom(200, 404, 422));
    await fc.assert(
      fc.asyncProperty(status, body, async (code, text) => {
        const bench = new Bench(trial);
        bench.interfere({ do: "answer", status: code, body: text });
        const outcome = await bench.deliver(sample(trial));
        for (const secret of secrets) expect(JSON.stringify(outcome)).not.toContain(secret);
        if (outcome.kind !== "failed") return;
        expect(FAILURE_CLASSES).toContain(outcome.class);
        expect(outcome.detail.length).toBeLessThanOrEqual(500);
      }),
      { numRuns: 40 },
    );
  });

  describe.each(FAULTS)("when this goes wrong: %s", (fault: Fault) => {
    const reason = trial.cannotHappen[fault];
    if (reason === undefined) it("loses nothing, doubles nothing, and says what it is", () => SCENARIOS[fault](trial));
    else it(`it cannot, since ${reason}`, () => expect(reason.length).toBeGreaterThan(10));
  });
});
