import { expect } from "vitest";
import type { Delivery } from "../../../src/destinations/define.ts";
import type { EntityKind } from "../../../src/domain/entities/index.ts";
import { Bench } from "./bench.ts";
import type { Fault, Trial } from "./fakes/define.ts";

const first = (trial: Trial): Delivery => {
  const delivery = Object.values(trial.deliveries).find(({ deleted }) => !deleted);
  if (delivery === undefined) throw new Error("a trial needs a delivery that deletes nothing");
  return delivery;
};

const other = (delivery: Delivery, key: string): Delivery => ({
  ...delivery,
  idempotencyKey: `${delivery.idempotencyKey}-${key}`,
  entity: { ...delivery.entity, key },
});

/** A trick that the fake must have, since the trial does not say that the fault cannot happen. */
function need<T>(trick: T | undefined, name: string): T {
  if (trick === undefined) throw new Error(`the fake needs the trick "${name}", or the trial says why this cannot happen`);
  return trick;
}

const changedKind = (trial: Trial): EntityKind => {
  const kinds = trial.definition.changes?.kinds ?? [];
  const delivery = Object.values(trial.deliveries).find(({ deleted, entity }) => !deleted && kinds.includes(entity.kind));
  return need(delivery, "a delivery of a kind that is read").entity.kind;
};

const keysOf = (records: readonly { readonly key: string | null }[]): readonly (string | null)[] =>
  [...new Set(records.map(({ key }) => key))].toSorted();

/** What each fault must lead to, for every module alike. */
export const SCENARIOS: Readonly<Record<Fault, (trial: Trial) => Promise<void>>> = {
  "told to wait": async (trial) => {
    const wait = async (headers: Record<string, string>) => {
      const bench = new Bench(trial);
      const until = new Date(bench.fake.time.nowMs + 90_000).toUTCString();
      bench.interfere({
        do: "answer",
        status: 429,
        headers: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, v === "date" ? until : v])),
      });
      return bench.deliver(first(trial));
    };
    expect(await wait({ "retry-after": "17" })).toMatchObject({ kind: "failed", class: "throttled", retryAfterMs: 17_000 });
    const dated = await wait({ "retry-after": "date" });
    if (dated.kind !== "failed") throw new Error("a refusal was taken as applied");
    expect(Math.abs((dated.retryAfterMs ?? 0) - 90_000)).toBeLessThan(2_000);
    expect(await wait({})).toMatchObject({ kind: "failed", class: "throttled" });
  },

  "answer lost after commit": async (trial) => {
    const bench = new Bench(trial);
    bench.interfere({ do: "loseAnswer" });
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await bench.deliver(first(trial), true)).toMatchObject({ kind: "applied" });
    expect(bench.held(first(trial))).toHaveLength(1);
  },

  "request lost": async (trial) => {
    const bench = new Bench(trial);
    bench.interfere({ do: "loseRequest" });
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed", class: "ambiguous" });
    expect(await bench.deliver(first(trial), true)).toMatchObject({ kind: "applied" });
    expect(bench.held(first(trial))).toHaveLength(1);
  },

  "server error page": async (trial) => {
    const bench = new Bench(trial);
    bench.interfere({ do: "answer", status: 502, headers: { "content-type": "text/html" }, body: "<html><h1>Bad Gateway</h1></html>" });
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed", class: "transient" });
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "applied" });
  },

  "unknown status": async (trial) => {
    const bench = new Bench(trial);
    bench.interfere({ do: "answer", status: 599 });
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed", class: "transient" });
  },

  "credential expires under parallel callers": async (trial) => {
    const bench = new Bench(trial);
    const issued = need(bench.fake.tricks.credentialsIssued, "credentialsIssued");
    await bench.deliver(first(trial));
    expect(issued()).toBe(1);
    need(bench.fake.tricks.expireCredentials, "expireCredentials")();
    const deliveries = Array.from({ length: 6 }, (_, index) => other(first(trial), `K${index}`));
    const outcomes = await Promise.all(deliveries.map((delivery) => bench.deliver(delivery)));
    expect(outcomes.map(({ kind }) => kind)).toEqual(deliveries.map(() => "applied"));
    expect(issued()).toBe(2);
  },

  "credential cannot be had": async (trial) => {
    const bench = new Bench(trial, {
      ...trial.connection,
      secrets: Object.fromEntries(Object.keys(trial.connection.secrets).map((name) => [name, "wrong"])),
    });
    const outcome = await bench.deliver(first(trial));
    if (outcome.kind !== "failed") throw new Error("wrong secrets were taken");
    expect(["config", "auth"]).toContain(outcome.class);
    expect(bench.held(first(trial))).toHaveLength(0);
  },

  "key of the wrong form": async (trial) => {
    for (const { connection, says } of need(trial.wrongKeys, "wrongKeys")) {
      const outcome = await new Bench(trial, connection).deliver(first(trial));
      expect(outcome).toMatchObject({ kind: "failed", class: "config", detail: expect.stringMatching(says) as string });
      for (const secret of Object.values(connection.secrets)) expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  },

  "two creates of one key at once": async (trial) => {
    const bench = new Bench(trial);
    const deliveries = [first(trial), first(trial)];
    const outcomes = await Promise.all(deliveries.map((delivery) => bench.deliver(delivery)));
    // One may be told to try again; none may make a second record.
    for (const outcome of outcomes.filter(({ kind }) => kind === "failed"))
      expect(["transient", "conflict"]).toContain(outcome.kind === "failed" ? outcome.class : "");
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "applied" });
    expect(bench.held(first(trial))).toHaveLength(1);
  },

  "refused data": async (trial) => {
    const { delivery, fields } = need(trial.refused, "refused");
    const outcome = await new Bench(trial).deliver(delivery);
    expect(outcome, JSON.stringify(outcome)).toMatchObject({ kind: "failed", class: "business" });
    if (outcome.kind === "failed") expect((outcome.fields ?? []).map(({ field }) => field)).toEqual(expect.arrayContaining([...fields]));
  },

  "row locked": async (trial) => {
    const bench = new Bench(trial);
    need(bench.fake.tricks.lockNext, "lockNext")();
    const outcome = await bench.deliver(first(trial));
    expect(outcome).toMatchObject({ kind: "failed" });
    expect(["transient", "conflict", "throttled"]).toContain(outcome.kind === "failed" ? outcome.class : "");
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "applied" });
    expect(bench.held(first(trial))).toHaveLength(1);
  },

  "record changed before our write": async (trial) => {
    const bench = new Bench(trial);
    const delivery = first(trial);
    await bench.deliver(delivery);
    need(bench.fake.tricks.touchBeforeNextWrite, "touchBeforeNextWrite")(delivery.entity.kind, delivery.entity.key);
    const outcome = await bench.deliver({ ...delivery, idempotencyKey: "again" });
    // Read again and merged at once, or handed back as a conflict that goes through next time.
    if (outcome.kind === "failed") {
      expect(outcome.class).toBe("conflict");
      expect(await bench.deliver({ ...delivery, idempotencyKey: "again" })).toMatchObject({ kind: "applied" });
    }
    expect(bench.held(delivery)).toHaveLength(1);
    expect(await bench.deliver(delivery, true)).toMatchObject({ kind: "applied" });
  },

  "key held by two records": async (trial) => {
    const bench = new Bench(trial);
    const { kind, key } = first(trial).entity;
    need(bench.fake.tricks.doubleKey, "doubleKey")(kind, key);
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed", class: "business" });
    expect(bench.fake.held(kind, key)).toHaveLength(2);
  },

  "failure inside a success": async (trial) => {
    const bench = new Bench(trial);
    need(bench.fake.tricks.failInsideSuccess, "failInsideSuccess")();
    expect(await bench.deliver(first(trial))).toMatchObject({ kind: "failed" });
    expect(await bench.deliver(first(trial), true)).toMatchObject({ kind: "applied" });
    expect(bench.held(first(trial))).toHaveLength(1);
  },

  "silent no-op": async (trial) => {
    const bench = new Bench(trial);
    need(bench.fake.tricks.ignoreNextWrite, "ignoreNextWrite")();
    const outcome = await bench.deliver(first(trial));
    expect(outcome, "a write that changed nothing was taken as applied").toMatchObject({ kind: "failed" });
  },

  "CSRF token expires": async (trial) => {
    const bench = new Bench(trial);
    await bench.deliver(first(trial));
    need(bench.fake.tricks.expireCsrf, "expireCsrf")();
    expect(await bench.deliver(other(first(trial), "K2"))).toMatchObject({ kind: "applied" });
  },

  "row changed between pages": async (trial) => {
    const bench = new Bench(trial);
    const kind = changedKind(trial);
    const { add, touch } = bench.fake.tricks;
    const keys = ["K1", "K2", "K3", "K4", "K5"];
    for (const key of keys) {
      need(add, "add")(kind, key);
      bench.fake.time.nowMs += 5_000;
    }
    // Nobody reads what is younger than the system's lag.
    const lagMs = trial.definition.changes?.lagMs ?? 0;
    bench.fake.time.nowMs += lagMs;
    const untilMs = bench.fake.time.nowMs + 3_600_000;
    const run = await bench.changes({ kind, untilMs }, () => {
      bench.fake.time.nowMs += 60_000;
      need(touch, "touch")(kind, "K1");
    });
    // What changed meanwhile may come again or in the next run; nothing may be missed.
    expect(keysOf(run.records)).toEqual(keys);
    bench.fake.time.nowMs += lagMs;
    const next = await bench.changes({
      kind,
      fromMs: untilMs - 3_600_000 - lagMs - 60_000,
      untilMs: bench.fake.time.nowMs + 3_600_000,
      token: run.token,
    });
    expect(keysOf([...run.records.filter(({ key }) => key === "K1").slice(1), ...next.records])).toContain("K1");
  },

  "row committed late": async (trial) => {
    const bench = new Bench(trial);
    const kind = changedKind(trial);
    const { changes } = trial.definition;
    const add = need(bench.fake.tricks.add, "add");
    add(kind, "K1");
    bench.fake.time.nowMs += 600_000;
    const untilMs = bench.fake.time.nowMs - (changes?.lagMs ?? 0);
    const run = await bench.changes({ kind, untilMs });
    expect(keysOf(run.records)).toEqual(["K1"]);
    // Stamped before the watermark, visible only now.
    add(kind, "K2", untilMs - Math.floor((changes?.overlapMs ?? 0) / 2));
    bench.fake.time.nowMs += 600_000;
    const next = await bench.changes({
      kind,
      fromMs: untilMs - (changes?.overlapMs ?? 0),
      untilMs: bench.fake.time.nowMs,
      token: run.token,
    });
    expect(keysOf(next.records)).toContain("K2");
  },

  "change token refused": async (trial) => {
    const bench = new Bench(trial);
    const kind = changedKind(trial);
    need(bench.fake.tricks.add, "add")(kind, "K1");
    bench.fake.time.nowMs += 600_000;
    const run = await bench.changes({ kind });
    need(bench.fake.tricks.expireChangeToken, "expireChangeToken")();
    const next = await bench.changes({ kind, token: run.token });
    expect(next.restart).toBe(true);
    expect(keysOf((await bench.changes({ kind })).records)).toEqual(["K1"]);
  },
};
