import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RemoteState } from "../../src/destinations/define.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { fail, ok } from "../../src/domain/result.ts";
import type { Known } from "../../src/domain/reconciliation/compare.ts";
import { accept, isOver, type Finding } from "../../src/domain/reconciliation/findings.ts";
import { NO_PROGRESS, type Run, type RunMode } from "../../src/domain/reconciliation/run.ts";
import { sketchBytes, sketchOf } from "../../src/domain/reconciliation/sketch.ts";
import { NO_WATERMARK, windowOf, type Watermark } from "../../src/domain/reconciliation/watermark.ts";
import type { Plan, ReconcilePorts } from "../../src/pipeline/reconcile/ports.ts";
import { stepRun } from "../../src/pipeline/reconcile/reconcile.ts";

const MINUTE = 60_000;
const PLAN: Plan = {
  name: "orders",
  kind: "order",
  system: "erp",
  owner: "finance",
  fields: [{ field: "status" }, { field: "total", tolerance: "0.01" }],
  ownership: { system: "erp", fields: { total: "crm" } },
  stamps: { resolutionMs: 1_000, overlapMs: 5 * MINUTE, lagMs: MINUTE },
  graceMs: 15 * MINUTE,
  pageSize: 3,
  repair: {},
  stormAbove: 1_000,
};

interface Row {
  readonly id: string;
  readonly key: string | null;
  data: JsonObject;
  stampMs: number;
  /** When others begin to see it: its transaction commits later than it is stamped. */
  visibleAtMs: number;
}

/** An ERP as a reader meets it: stamps of a second, a clock of its own, rows that become visible late, pages that shift. */
class Model {
  nowMs = 1_700_000_000_000;
  readonly skewMs: number;
  readonly rows = new Map<string, Row>();
  readonly known = new Map<string, Known>();
  readonly findings = new Map<string, Finding>();
  readonly inFlight = new Map<string, number>();
  /** When the index was told of each event. */
  readonly toldAtMs = new Map<string, number>();
  readonly repaired: string[] = [];
  watermark: Watermark = NO_WATERMARK;
  run: Run | null = null;
  #sketch: Uint8Array | null = null;
  #serial = 0;
  onPage: () => void = () => undefined;
  /** After a record was read by itself, before anything is made of it. */
  onRead: () => void = () => undefined;
  crash: () => boolean = () => false;

  constructor(skewMs = 0) {
    this.skewMs = skewMs;
  }

  get stampMs(): number {
    return Math.floor((this.nowMs + this.skewMs) / 1_000) * 1_000;
  }

  /** Delivered as it should be: both sides agree. */
  deliver(key: string, data: JsonObject, visibleAfterMs = 0): void {
    const id = this.rows.get(key)?.id ?? `R${++this.#serial}`;
    this.rows.set(key, { id, key, data, stampMs: this.stampMs, visibleAtMs: this.nowMs + visibleAfterMs });
    this.known.set(key, { key, remoteId: id, data, deleted: false, atMs: this.nowMs, eventId: "e" });
  }

  /** What was held up since then gets through now: its record agrees with us, and the index is told. */
  getsThrough(key: string, sinceMs: number, data: JsonObject): void {
    const eventId = `e${this.toldAtMs.size}`;
    this.deliver(key, data);
    this.known.set(key, { ...(this.known.get(key) as Known), eventId, atMs: sinceMs });
    this.toldAtMs.set(eventId, this.nowMs);
    this.inFlight.delete(key);
  }

  change(key: string, data: JsonObject, how: { readonly backdatedMs?: number; readonly visibleAfterMs?: number } = {}): void {
    const row = this.rows.get(key);
    if (row === undefined) return;
    row.data = { ...row.data, ...data };
    row.stampMs = how.backdatedMs === undefined ? this.stampMs : row.stampMs - how.backdatedMs;
    row.visibleAtMs = this.nowMs + (how.visibleAfterMs ?? 0);
  }

  /** A record of the system that nobody has told us of. */
  stranger(id: string, data: JsonObject): void {
    this.rows.set(id, { id, key: null, data, stampMs: this.stampMs, visibleAtMs: this.nowMs });
  }

  async reconcile(mode: RunMode, plan: Plan = PLAN): Promise<Run> {
    this.run ??= {
      id: `run${++this.#serial}`,
      reconciliation: plan.name,
      mode,
      phase: "pages",
      startedAtMs: this.nowMs,
      startedBy: "cron",
      window: windowOf(this.watermark, plan.stamps, this.nowMs),
      watermark: this.watermark,
      serverAtStartMs: null,
      cursor: null,
      token: null,
      lastIds: [],
      missing: [],
      differences: 8,
      progress: NO_PROGRESS,
      problem: null,
    };
    for (let step = 0; step < 1_000; step++) {
      try {
        const stepped = await stepRun(this.run, plan, this.#ports(plan));
        if (!stepped.ok) throw new Error(stepped.failure.detail);
      } catch (error) {
        if (String(error) !== "Error: crashed") throw error;
      }
      const { run } = this as { run: Run };
      if (run.phase !== "done") continue;
      this.run = null;
      this.#sketch = null;
      return run;
    }
    throw new Error("the run does not end");
  }

  open(): readonly string[] {
    return [...this.findings.values()]
      .filter(({ state }) => state === "open")
      .map(({ type, key }) => `${type} ${key}`)
      .toSorted();
  }

  #visible(): Row[] {
    return [...this.rows.values()].filter(({ visibleAtMs }) => visibleAtMs <= this.nowMs);
  }

  #ports(plan: Plan): ReconcilePorts {
    const maybeCrash = (): void => {
      if (this.crash()) throw new Error("crashed");
    };
    return {
      clock: () => this.nowMs,
      page: async ({ fromMs, untilMs, cursor, limit }) => {
        maybeCrash();
        const [afterMs, afterId] = cursor === null ? [fromMs ?? 0, ""] : (JSON.parse(cursor) as [number, string]);
        const rows = this.#visible()
          .filter(({ stampMs, id }) => (stampMs > afterMs || (stampMs === afterMs && id > afterId)) && stampMs < untilMs)
          .toSorted((a, b) => a.stampMs - b.stampMs || (a.id < b.id ? -1 : 1));
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        this.onPage();
        return ok({
          records: page.map(stateOf),
          nextCursor: rows.length > limit && last !== undefined ? JSON.stringify([last.stampMs, last.id]) : null,
          serverNowMs: this.nowMs + this.skewMs,
        });
      },
      read: async ({ by, value }) => {
        maybeCrash();
        const rows = this.#visible()
          .filter((row) => (by === "key" ? row.key : row.id) === value)
          .filter((row, _index, all) => all.length === 1 || row.data["status"] !== "cancelled");
        if (rows.length > 1) return fail({ kind: "failed", class: "business", detail: "the key is held by 2 records" });
        const read = rows[0] === undefined ? "absent" : stateOf(rows[0]);
        this.onRead();
        return ok(read);
      },
      known: async (keys) => keys.flatMap((key) => this.known.get(key) ?? []),
      knownAfter: async (key, limit) =>
        [...this.known.values()]
          .filter((each) => key === null || each.key > key)
          .toSorted((a, b) => (a.key < b.key ? -1 : 1))
          .slice(0, limit),
      inFlight: async (keys) => new Map([...this.inFlight].filter(([key]) => keys.includes(key))),
      toldSince: async (eventIds, sinceMs) =>
        new Set([...this.toldAtMs].flatMap(([id, atMs]) => (eventIds.includes(id) && atMs >= sinceMs ? [id] : []))),
      findingsOf: async (keys) => [...this.findings.values()].filter(({ key }) => keys.includes(key)),
      dueFindings: async (after, limit, nowMs) =>
        this.#findings(
          after,
          limit,
          (finding) =>
            finding.state === "open" || finding.state === "repairing" || (!isOver(finding) && (finding.recheckAtMs ?? 0) <= nowMs),
        ),
      openFindings: async (after, limit) => this.#findings(after, limit, ({ state }) => state === "open"),
      countOpen: async () => this.open().length,
      sketch: async () => (this.#sketch === null ? null : sketchOf(this.#sketch)),
      store: async ({ run, put, drop, adopted, watermark, sketch }) => {
        maybeCrash();
        for (const known of adopted) this.known.set(known.key, known);
        maybeCrash();
        this.run = run;
        for (const finding of put) this.findings.set(finding.id, finding);
        for (const id of drop) this.findings.delete(id);
        this.watermark = watermark ?? this.watermark;
        this.#sketch = sketch === null ? this.#sketch : sketchBytes(sketch);
        maybeCrash();
      },
      repair: async (finding) => (this.repaired.push(finding.key), ok(`evt_${finding.key}`)),
      mayRepair: () => Object.keys(plan.repair).length > 0,
      digest: (key) => createHash("sha256").update(key).digest("hex").slice(0, 16),
    };
  }

  #findings(after: string | null, limit: number, wanted: (finding: Finding) => boolean): readonly Finding[] {
    return [...this.findings.values()]
      .filter((finding) => (after === null || finding.id > after) && wanted(finding))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }
}

const stateOf = ({ id, key, data, stampMs }: Row): RemoteState => ({
  remote: { id },
  key,
  data,
  order: { kind: "time", value: String(stampMs) },
  modifiedAtMs: stampMs,
  deleted: false,
});

const order = (status: string, amount = "10.00"): JsonObject => ({ status, total: { amount, currency: "EUR" } });

/** Thirty orders that agree, an hour old, read once. */
async function settled(skewMs = 0): Promise<Model> {
  const model = new Model(skewMs);
  for (let index = 0; index < 30; index++) {
    model.deliver(`SO-${String(index).padStart(2, "0")}`, order("confirmed"));
    model.nowMs += 700;
  }
  model.nowMs += 60 * MINUTE;
  await model.reconcile("full");
  expect(model.findings.size).toBe(0);
  model.nowMs += 10 * MINUTE;
  return model;
}

describe("a reconciliation", () => {
  it("names each kind of drift, once it is older than the grace, and nothing else", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    model.change("SO-02", { total: { amount: "99.00", currency: "EUR" } });
    model.change("SO-03", { total: { amount: "10.01", currency: "EUR" } });
    model.rows.delete("SO-04");
    model.rows.set("new", { id: "R-new", key: null, data: order("draft"), stampMs: model.stampMs, visibleAtMs: model.nowMs });
    model.rows.set("twin", { id: "R-twin", key: "SO-05", data: order("confirmed"), stampMs: model.stampMs, visibleAtMs: model.nowMs });
    model.change("SO-06", { status: "draft" }, { backdatedMs: 3_600_000 });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["duplicateInErp SO-05", "mismatch SO-01", "missingHere R-new", "ownershipViolation SO-02"]);
    await model.reconcile("full");
    // Deletions and backdated rows escape every watermark.
    expect(model.open()).toEqual([
      "duplicateInErp SO-05",
      "mismatch SO-01",
      "mismatch SO-06",
      "missingHere R-new",
      "missingInErp SO-04",
      "ownershipViolation SO-02",
    ]);
  });

  it("keeps quiet about what is on its way, and speaks once it has been for too long", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    model.nowMs += 2 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual([]);
    model.known.set("SO-01", { ...(model.known.get("SO-01") as Known), data: order("cancelled"), atMs: model.nowMs });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.findings.size).toBe(0);
    model.change("SO-02", { status: "cancelled" });
    model.nowMs += 16 * MINUTE;
    model.inFlight.set("SO-02", model.nowMs);
    model.nowMs += 4 * MINUTE;
    await model.reconcile("changes");
    // It was sent just now, and may put right what differs for longer.
    expect(model.open()).toEqual([]);
    model.nowMs += 12 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["late SO-02"]);
    model.inFlight.clear();
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["mismatch SO-02"]);
    expect(model.findings.get("orders:late:order/SO-02")).toMatchObject({
      state: "healed",
      reason: "it is found as mismatch since then",
    });
  });

  it.each(["changes", "full"] as const)("takes nothing for drift that gets through while its page is looked at (%s)", async (mode) => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    const sinceMs = (model.nowMs += 5_000);
    model.inFlight.set("SO-01", sinceMs);
    model.nowMs += 20 * MINUTE;
    model.onPage = () => model.getsThrough("SO-01", sinceMs, order("confirmed"));
    await model.reconcile(mode);
    expect(model.open()).toEqual([]);
  });

  it("takes nothing for drift that gets through while it is looked at again", async () => {
    const model = await settled();
    model.change("SO-02", { status: "cancelled" });
    const sinceMs = model.nowMs;
    model.inFlight.set("SO-02", sinceMs);
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["late SO-02"]);
    model.onRead = () => model.getsThrough("SO-02", sinceMs, order("confirmed"));
    model.nowMs += MINUTE;
    await model.reconcile("changes");
    expect(model.inFlight.size).toBe(0);
    expect(model.open().filter((each) => !each.startsWith("late"))).toEqual([]);
    model.onRead = () => undefined;
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect([...model.findings.values()].map(({ state }) => state)).toEqual(["healed"]);
  });

  it("takes for known as a baseline what only the system has, tells of what differs, and finds from then on what happens to it", async () => {
    const model = new Model();
    for (let index = 0; index < 5; index++) model.stranger(`R-${index}`, order("confirmed"));
    model.deliver("SO-01", order("confirmed"));
    model.change("SO-01", { status: "cancelled" });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("full");
    expect(model.open()).toHaveLength(6);
    model.nowMs += MINUTE;
    const run = await model.reconcile("baseline");
    expect(run.progress).toMatchObject({ adopted: 5, opened: 0, healed: 5 });
    expect(model.open()).toEqual(["mismatch SO-01"]);
    model.nowMs += 20 * MINUTE;
    await model.reconcile("full");
    expect(model.open()).toEqual(["mismatch SO-01"]);
    model.change("R-1", { status: "cancelled" });
    model.rows.delete("R-2");
    model.nowMs += 20 * MINUTE;
    await model.reconcile("full");
    expect(model.open()).toEqual(["mismatch R-1", "mismatch SO-01", "missingInErp R-2"]);
  });

  it("takes over as a baseline and names what is missing, also when both are more than it was made for", async () => {
    const model = await settled();
    model.rows.clear();
    for (let index = 0; index < 300; index++) model.stranger(`R-new-${index}`, order("confirmed"));
    model.nowMs += 20 * MINUTE;
    const run = await model.reconcile("baseline");
    expect(run).toMatchObject({ problem: null, progress: { adopted: 300 } });
    expect(model.open()).toHaveLength(30);
    expect(run.differences).toBe(64);
  });

  it("leaves out of a baseline what is on its way: that will be known by its own event", async () => {
    const model = new Model();
    model.stranger("R-0", order("confirmed"));
    model.inFlight.set("R-0", model.nowMs);
    model.nowMs += MINUTE;
    expect((await model.reconcile("baseline")).progress.adopted).toBe(0);
    expect(model.known.size).toBe(0);
  });

  it("takes a repair on its way for what it is, however long it takes", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    model.nowMs += 20 * MINUTE;
    const repairing = { ...PLAN, graceMs: MINUTE, repair: { mismatch: "push" as const } };
    await model.reconcile("changes", repairing);
    model.inFlight.set("SO-01", model.nowMs);
    model.nowMs += 5 * MINUTE;
    await model.reconcile("full", repairing);
    expect([...model.findings.values()].map(({ type, state }) => `${type} ${state}`)).toEqual(["mismatch repairing"]);
    // Until it should have come through.
    model.nowMs += 6 * MINUTE;
    await model.reconcile("full", repairing);
    expect(model.open()).toEqual(["late SO-01"]);
  });

  it("names what the ERP has under one key more than once, until it has it once", async () => {
    const model = await settled();
    // Each on a page of its own: what one page shows must not undo what another has.
    const twin = (name: string, status: string): void => {
      model.rows.set(name, { id: `R-${name}`, key: "SO-05", data: order(status), stampMs: model.stampMs, visibleAtMs: model.nowMs });
      for (let filler = 0; filler < PLAN.pageSize; filler++) model.deliver(`SO-${10 + model.rows.size}`, order("confirmed"));
      model.nowMs += 5_000;
    };
    model.change("SO-05", { status: "draft" });
    model.nowMs += 5_000;
    twin("twin", "confirmed");
    // Taken back by whoever entered them: no second record of anything.
    twin("slip", "cancelled");
    twin("slip2", "cancelled");
    model.rows.delete("SO-04");
    model.nowMs += 20 * MINUTE;
    for (let round = 0; round < 3; round++) {
      // What one of the two rows is like says nothing of the other one.
      expect((await model.reconcile(round === 1 ? "changes" : "full")).problem).toBeNull();
      expect(model.open()).toEqual(["duplicateInErp SO-05", "mismatch SO-05", "missingInErp SO-04"]);
      model.nowMs += 5 * MINUTE;
    }
    expect(model.findings.get("orders:duplicateInErp:order/SO-05")).toMatchObject({ timesSeen: 3, endedAtMs: null });
    model.change("twin", { status: "cancelled" });
    model.change("SO-05", { status: "confirmed" });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["missingInErp SO-04"]);
  });

  it("does not take a record that agrees for the end of a duplicate of it", async () => {
    const model = await settled();
    model.rows.set("twin", { id: "R-twin", key: "SO-05", data: order("confirmed"), stampMs: model.stampMs, visibleAtMs: model.nowMs });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    // Now the record itself is shown by a later page, or by a run that shows no other.
    model.nowMs += 20 * MINUTE;
    model.change("SO-05", {});
    model.nowMs += 2 * MINUTE;
    await model.reconcile("full");
    expect(model.findings.get("orders:duplicateInErp:order/SO-05")).toMatchObject({ state: "open", timesSeen: 2 });
  });

  it("takes the only record under a key for the record, whatever its id has become", async () => {
    const model = await settled();
    model.rows.delete("SO-05");
    model.rows.set("SO-05", { id: "R-anew", key: "SO-05", data: order("confirmed"), stampMs: model.stampMs, visibleAtMs: model.nowMs });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("full");
    expect([...model.findings.values()]).toEqual([]);
    model.change("SO-05", { status: "draft" });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    expect(model.open()).toEqual(["mismatch SO-05"]);
  });

  it("closes what was taken over under the system's own id, although it was found under a key", async () => {
    const model = await settled();
    model.rows.set("new", { id: "R-new", key: "PO-7", data: order("draft"), stampMs: model.stampMs, visibleAtMs: model.nowMs });
    model.nowMs += 20 * MINUTE;
    const pulling = { ...PLAN, repair: { missingHere: "pull" as const } };
    await model.reconcile("changes", pulling);
    expect(model.repaired).toEqual(["PO-7"]);
    model.known.set("R-new", { key: "R-new", remoteId: "R-new", data: order("draft"), deleted: false, atMs: model.nowMs, eventId: "e" });
    model.nowMs += 5 * MINUTE;
    await model.reconcile("changes", pulling);
    expect(model.findings.get("orders:missingHere:order/PO-7")?.state).toBe("repaired");
  });

  it("repairs no more what comes back each time, and says so", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    const repairing = { ...PLAN, repair: { mismatch: "push" as const } };
    for (let round = 0; round < 8; round++) {
      model.nowMs += 20 * MINUTE;
      await model.reconcile("changes", repairing);
    }
    expect(model.repaired).toEqual(["SO-01", "SO-01", "SO-01"]);
    expect(model.findings.get("orders:mismatch:order/SO-01")).toMatchObject({
      state: "open",
      reason: "it was repaired several times and came back: a person has to look",
    });
  });

  it("closes a finding that has healed itself, and one that was repaired, as what it was", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    model.change("SO-02", { status: "cancelled" });
    model.nowMs += 20 * MINUTE;
    const repairing = { ...PLAN, repair: { mismatch: "push" as const } };
    await model.reconcile("changes", repairing);
    expect(model.repaired).toEqual(["SO-01", "SO-02"]);
    model.deliver("SO-01", order("confirmed"));
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes", repairing);
    expect(model.findings.get("orders:mismatch:order/SO-01")).toMatchObject({
      state: "repaired",
      timesSeen: 1,
      openedAtMs: expect.any(Number) as number,
    });
    // The repair did not hold: it is open again, and is tried again.
    expect(model.repaired).toEqual(["SO-01", "SO-02", "SO-02"]);
  });

  it("repairs nothing in a storm, and says so", async () => {
    const model = await settled();
    for (let index = 0; index < 8; index++) model.change(`SO-0${index}`, { status: "cancelled" });
    model.nowMs += 20 * MINUTE;
    const run = await model.reconcile("changes", { ...PLAN, repair: { mismatch: "push" }, stormAbove: 5 });
    expect(model.repaired).toEqual([]);
    expect(run.problem).toContain("8 findings are open, above 5");
  });

  it("lets an accepted difference rest until its day, and not another one", async () => {
    const model = await settled();
    model.change("SO-01", { status: "cancelled" });
    model.nowMs += 20 * MINUTE;
    await model.reconcile("changes");
    const finding = model.findings.get("orders:mismatch:order/SO-01") as Finding;
    model.findings.set(finding.id, accept(finding, { reason: "known", untilMs: model.nowMs + 60 * MINUTE, nowMs: model.nowMs }));
    await model.reconcile("full");
    expect(model.open()).toEqual([]);
    model.nowMs += 61 * MINUTE;
    await model.reconcile("full");
    expect(model.open()).toEqual(["mismatch SO-01"]);
  });

  it("does it again with more room when more is missing than it was made for", async () => {
    const model = await settled();
    for (let index = 0; index < 25; index++) model.rows.delete(`SO-${String(index).padStart(2, "0")}`);
    model.nowMs += 20 * MINUTE;
    await model.reconcile("full");
    expect(model.open()).toHaveLength(25);
  });
});

describe("a reader of changes", () => {
  const act = fc.record({
    key: fc.integer({ min: 0, max: 29 }).map((index) => `SO-${String(index).padStart(2, "0")}`),
    do: fc.constantFrom("drift" as const, "deliver" as const, "back" as const),
    waitMs: fc.constantFrom(0, 300, 999, 1_000, 20_000, 70_000),
    visibleAfterMs: fc.constantFrom(0, 0, 0, 2_000, 90_000, 4 * MINUTE),
  });

  it("misses no drift and invents none, whatever is committed late, stamped alike, or changed between pages", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { maxLength: 12, size: "max" }), { minLength: 1, maxLength: 4, size: "max" }),
        fc.constantFrom(-45_000, 0, 120_000),
        fc.array(fc.boolean(), { maxLength: 40, size: "max" }),
        async (rounds, skewMs, crashes) => {
          const model = await settled(skewMs);
          const drifted = new Set<string>();
          const perform = ({ key, do: what, visibleAfterMs, waitMs }: (typeof rounds)[number][number]): void => {
            model.nowMs += waitMs;
            // One transaction a row at a time: what is not visible yet is locked.
            if ((model.rows.get(key)?.visibleAtMs ?? 0) > model.nowMs) return;
            if (what === "drift") {
              model.change(key, { status: "on_hold" }, { visibleAfterMs });
              drifted.add(key);
            } else if (what === "back" && drifted.delete(key)) model.change(key, { status: "confirmed" }, { visibleAfterMs });
            else if (what === "deliver" && !drifted.has(key)) model.deliver(key, order("confirmed"), visibleAfterMs);
          };
          let left = crashes.length;
          model.crash = () => left > 0 && crashes[--left] === true;
          for (const round of rounds) {
            const [during, before] = [round.slice(0, 4), round.slice(4)];
            for (const each of before) perform(each);
            model.onPage = () => {
              const each = during.shift();
              if (each !== undefined) perform(each);
            };
            await model.reconcile("changes");
          }
          model.onPage = () => undefined;
          model.nowMs += 20 * MINUTE;
          await model.reconcile("changes");
          model.nowMs += 16 * MINUTE;
          await model.reconcile("changes");
          expect(model.open()).toEqual([...drifted].map((key) => `mismatch ${key}`).toSorted());
          await model.reconcile("full");
          expect(model.open()).toEqual([...drifted].map((key) => `mismatch ${key}`).toSorted());
        },
      ),
      { numRuns: 150 },
    );
  });
});
