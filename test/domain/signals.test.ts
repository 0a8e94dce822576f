import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { troubleLines } from "../../src/domain/signals/log-lines.ts";
import { addMeasures, measuresOf, pointsOf, type Measures } from "../../src/domain/signals/measures.ts";
import { METRICS, metricsOf, type MetricFacts } from "../../src/domain/signals/metrics.ts";
import { openMetrics, type Family } from "../../src/domain/signals/open-metrics.ts";
import { attemptSpanId, exportRequest, spansOf } from "../../src/domain/signals/spans.ts";
import { calledBy, isOwnRoot, ownTrace, parseTraceparent } from "../../src/domain/signals/trace-context.ts";
import type { EventRow } from "../../src/domain/audit-record.ts";
import { auditRows } from "../../src/domain/audit-record.ts";
import type { AttemptRecord, LaneStatus } from "../../src/domain/outcome.ts";
import { orderEvent, sha256 } from "../support/world.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SENDERS = `00-${TRACE}-00f067aa0ba902b7-01`;

interface RowSpec {
  readonly id?: string;
  readonly traceparent?: string;
  readonly status?: LaneStatus;
  readonly attempts?: readonly AttemptRecord[];
}

const ATTEMPT: AttemptRecord = { startedAtMs: 1_100, durationMs: 50, result: "applied", httpStatus: 200 };

function row({ id = "evt_1", traceparent = SENDERS, status = "delivered", attempts = [ATTEMPT] }: RowSpec = {}): EventRow {
  const event = { ...orderEvent({ id, version: 1 }), traceparent };
  const dead = status === "dead" ? { class: "business" as const, reason: "Ada Lovelace has no VAT number" } : {};
  const lanes = [{ destination: "erp", route: "r", status, attempts, ...dead }];
  const context = {
    why: [],
    rawRef: null,
    ownerOf: () => "it",
    sourceOwner: "it",
    projections: () => [],
    slas: () => ({ spans: [], rates: [] }),
  };
  return auditRows(event, { eventId: id, rev: 1, status, lanes, ...dead }, context).event;
}

const measures: fc.Arbitrary<Measures> = fc.dictionary(
  fc.constantFrom("events|stripe|delivered", "events|crm|dead", "last|stripe", "last|crm", "seconds|critical"),
  fc.nat(1_000_000),
);

describe("what consumers count", () => {
  it("comes to the same in whatever order isolates bring it, and never falls", () => {
    fc.assert(
      fc.property(measures, measures, measures, (a, b, c) => {
        expect(addMeasures(addMeasures(a, b), c)).toEqual(addMeasures(a, addMeasures(c, b)));
        for (const [name, value] of Object.entries(a)) expect(addMeasures(a, b)[name]).toBeGreaterThanOrEqual(value);
      }),
    );
  });

  it("are events, attempts, the time to the effect and the newest receipt, and no personal data", () => {
    const counts = measuresOf([row(), row({ id: "evt_2", status: "dead", attempts: [{ ...ATTEMPT, result: "business" }] })]);
    expect(counts).toEqual({
      "events|crm|delivered": 1,
      "events|crm|dead": 1,
      "attempts|erp|applied": 1,
      "attempts|erp|business": 1,
      "arrivals|critical|0.25": 1,
      "seconds|critical": 0.15,
      "last|crm": 1_000,
    });
  });

  it("fit Analytics Engine's limits, however many series a batch has", () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`events|${"s".repeat(120)}${index}|delivered`, 1]));
    const points = pointsOf({ ...many, "last|crm": 5 });
    expect(points.length).toBeLessThanOrEqual(250);
    for (const { indexes, blobs, doubles } of points) {
      expect(indexes).toHaveLength(1);
      expect(indexes[0].length).toBeLessThanOrEqual(96);
      expect(blobs.length).toBeLessThanOrEqual(20);
      expect(doubles).toEqual([1]);
    }
  });
});

const FACTS: MetricFacts = {
  nowMs: 100_000,
  environment: "production",
  configVersion: "2026-11-24",
  waiting: [{ status: "held", events: 3, oldestAtMs: 40_000 }],
  deadLetters: [{ list: "business", owner: "finance", class: "auth", letters: 2 }],
  backlog: [{ priority: "critical", ageSeconds: 2 }],
  destinations: [{ name: "erp", state: "open", running: 4 }],
  recent: { medianMs: 120, p95Ms: 900 },
  rejections: [{ source: 'a"b\\c\nd', reason: "stale", count: 5 }],
  drift: [{ reconciliation: "orders", open: 1 }],
  alerts: [
    { rule: "drift", severity: "warning", state: "open" },
    { rule: "drift", severity: "warning", state: "open" },
  ],
  subscriptions: [
    { source: "hubspot", expiresAtMs: 9_000 },
    { source: "hubspot", expiresAtMs: 5_000 },
  ],
  measures: {
    "events|stripe|delivered": 7,
    "attempts|erp|applied": 6,
    "arrivals|critical|0.1": 2,
    "arrivals|critical|1": 3,
    "arrivals|critical|+Inf": 1,
    "seconds|critical": 12.5,
    "last|stripe": 60_000,
  },
};

/** What the grammar of OpenMetrics 1.0 allows of a line, and which suffixes each type's samples have. */
const SUFFIXES: Readonly<Record<Family["type"], readonly string[]>> = {
  gauge: [""],
  stateset: [""],
  counter: ["_total"],
  info: ["_info"],
  histogram: ["_bucket", "_count", "_sum"],
};
const ESCAPED = String.raw`(?:[^\\"\n]|\\["\\n])*`;
const SAMPLE = new RegExp(
  String.raw`^([a-z_]+)(?:\{((?:[a-z_]+="${ESCAPED}")(?:,[a-z_]+="${ESCAPED}")*)\})? (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|[+-]Inf|NaN)$`,
);

/** Reads a text as strictly as the specification asks; throws at the first line that it does not allow. */
function read(text: string): Map<string, { type: string; samples: { name: string; labels: string; value: number }[] }> {
  if (!text.endsWith("# EOF\n")) throw new Error("the end is not marked");
  const families = new Map<string, { type: string; samples: { name: string; labels: string; value: number }[] }>();
  let current = "";
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const [, keyword, name = "", rest = ""] = /^# (TYPE|UNIT|HELP) ([a-z_]+) (.*)$/.exec(line) ?? [];
    if (keyword === "TYPE") {
      if (families.has(name)) throw new Error(`the family ${name} comes twice`);
      families.set(name, { type: rest, samples: [] });
      current = name;
    } else if (keyword !== undefined) {
      if (name !== current) throw new Error(`${line} is not where its family is`);
      if (keyword === "UNIT" && !name.endsWith(`_${rest}`)) throw new Error(`${name} does not end in its unit`);
      if (keyword === "HELP" && !new RegExp(`^${ESCAPED}$`).test(rest)) throw new Error(`${line} is not escaped`);
    } else {
      const [, sampled = "", labels = "", value = ""] = SAMPLE.exec(line) ?? [];
      const family = families.get(current);
      const suffix = sampled.slice(current.length);
      if (family === undefined || !sampled.startsWith(current) || !SUFFIXES[family.type as Family["type"]].includes(suffix))
        throw new Error(`not a sample of ${current}: ${line}`);
      family.samples.push({ name: sampled, labels, value: Number(value.replace("Inf", "Infinity")) });
    }
  }
  return families;
}

describe("the metrics", () => {
  it("are valid OpenMetrics: families whole, units in names, labels escaped, the end marked", () => {
    const text = openMetrics(metricsOf(FACTS));
    const families = read(text);
    expect([...families.keys()].toSorted()).toEqual(Object.keys(METRICS).toSorted());
    expect(text).toContain(String.raw`signalbox_rejections_last_hour{source="a\"b\\c\nd",reason="stale"} 5`);
    expect(text).toContain('signalbox_events_total{source="stripe",status="delivered"} 7');
    expect(text).toContain('signalbox_alerts{rule="drift",severity="warning",state="open"} 2');
    expect(text).toContain('signalbox_subscription_end_timestamp_seconds{source="hubspot"} 5');
    expect(families.get("signalbox_destination_state")?.samples.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  });

  it("have buckets that hold those before them, and as many in the last as are counted", () => {
    const samples = read(openMetrics(metricsOf(FACTS))).get("signalbox_arrival_seconds")?.samples ?? [];
    const buckets = samples.filter(({ name }) => name.endsWith("_bucket"));
    expect(buckets.map(({ value }) => value)).toEqual([2, 2, 2, 5, 5, 5, 5, 6]);
    expect(buckets.map(({ labels }) => /le="([^"]+)"/.exec(labels)?.[1])).toEqual([
      "0.1",
      "0.25",
      "0.5",
      "1.0",
      "5.0",
      "30.0",
      "300.0",
      "+Inf",
    ]);
    expect(samples.slice(-2).map(({ value }) => value)).toEqual([6, 12.5]);
  });

  it("stay valid whatever a label or a help says", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.double({ noNaN: false }), (label, help, value) => {
        const family: Family = { name: "some_metric", type: "gauge", help, samples: [{ labels: { source: label }, value }] };
        expect(read(openMetrics([family])).get("some_metric")?.samples).toHaveLength(1);
      }),
    );
    expect(openMetrics([])).toBe("# EOF\n");
  });

  it("are all that the Grafana dashboard names, with labels that they have", () => {
    const file = path.join(import.meta.dirname, "..", "..", "docs", "grafana", "signalbox.json");
    const { panels } = JSON.parse(readFileSync(file, "utf8")) as { panels: { targets: { expr: string; legendFormat: string }[] }[] };
    const labels = new Map<string, Set<string>>();
    for (const { name, type, samples } of metricsOf(FACTS))
      for (const suffix of SUFFIXES[type]) labels.set(name + suffix, new Set(samples.flatMap((sample) => Object.keys(sample.labels))));
    const targets = panels.flatMap((panel) => panel.targets);
    expect(targets.length).toBeGreaterThan(15);
    const named = new Set<string>();
    for (const { expr, legendFormat } of targets) {
      const [metric = ""] = /signalbox_\w+/.exec(expr) ?? [];
      expect([...labels.keys()]).toContain(metric);
      named.add(metric);
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels.get(metric)).toContain(label);
    }
    const shown = Object.keys(METRICS).filter((name) => [...named].some((each) => each.startsWith(name)));
    expect(shown.toSorted()).toEqual(Object.keys(METRICS).toSorted());
  });
});

const ALL = { part: 1, sha256 };

describe("an event's spans", () => {
  it("hang under the sender's span, and each attempt's is what the destination was told", () => {
    const [event, queue, attempt] = spansOf([row()], 1_050, ALL);
    expect(event).toMatchObject({ traceId: TRACE, parentSpanId: "00f067aa0ba902b7", startMs: 1_000, endMs: 1_150, failed: false });
    expect(queue).toMatchObject({ traceId: TRACE, parentSpanId: event?.spanId, startMs: 1_000, endMs: 1_050 });
    const told = calledBy(SENDERS, attemptSpanId({ eventId: "evt_1", destination: "erp", startedAtMs: 1_100 }, sha256));
    expect(attempt).toMatchObject({
      parentSpanId: event?.spanId,
      spanId: parseTraceparent(told)?.spanId,
      kind: 3,
      startMs: 1_100,
      endMs: 1_150,
    });
    expect(parseTraceparent(told)?.traceId).toBe(TRACE);
  });

  it("begin a trace of our own where the sender has none; parts of one request and replays hang under its first event", () => {
    const own = ownTrace(TRACE);
    const context = parseTraceparent(own);
    expect(context !== null && isOwnRoot(context)).toBe(true);
    const root = row({ traceparent: own });
    const replayed = { ...row({ id: "evt_2", traceparent: own }), detail: { ...root.detail, replayOf: "evt_1" } };
    const [event, , , again] = spansOf([root, replayed], 1_050, ALL);
    expect(event).toMatchObject({ spanId: context?.spanId, parentSpanId: null });
    expect(again?.parentSpanId).toBe(event?.spanId);
    expect(again?.spanId).not.toBe(event?.spanId);
  });

  it("are kept or left by the trace alone, so that every hop decides alike; trouble is kept, and a sender's no counts", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{31}[1-9a-f]$/), fc.double({ min: 0, max: 1, noNaN: true }), (traceId, part) => {
        const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
        const kept = (id: string, status: LaneStatus): boolean =>
          spansOf([row({ id, traceparent, status })], 0, { part, sha256 }).length > 0;
        expect(kept("evt_1", "delivered")).toBe(kept("evt_2", "superseded"));
        expect(kept("evt_1", "dead")).toBe(true);
        expect(spansOf([row({ traceparent: traceparent.replace(/01$/, "00"), status: "dead" })], 0, ALL)).toEqual([]);
      }),
    );
    const many = Array.from({ length: 2_000 }, (_, index) => `00-${sha256(String(index)).slice(0, 32)}-00f067aa0ba902b7-01`);
    const part = many.filter((traceparent) => spansOf([row({ traceparent })], 0, { part: 0.1, sha256 }).length > 0).length / many.length;
    expect(part).toBeGreaterThan(0.07);
    expect(part).toBeLessThan(0.13);
  });

  it("are sent as OTLP's JSON: ids in hex, times as strings of nanoseconds, errors with their code", () => {
    const failed = row({ status: "dead", attempts: [{ ...ATTEMPT, result: "business", httpStatus: 422, detail: "Ada Lovelace" }] });
    const request = exportRequest(spansOf([failed], 1_050, ALL), { "deployment.environment.name": "production" });
    const { resourceSpans } = request as {
      resourceSpans: { resource: { attributes: unknown[] }; scopeSpans: { spans: Record<string, unknown>[] }[] }[];
    };
    expect(resourceSpans[0]?.resource.attributes).toContainEqual({ key: "service.name", value: { stringValue: "signalbox" } });
    const attempt = resourceSpans[0]?.scopeSpans[0]?.spans[2];
    expect(attempt).toMatchObject({
      traceId: TRACE,
      name: "deliver erp",
      kind: 3,
      startTimeUnixNano: "1100000000",
      endTimeUnixNano: "1150000000",
      status: { code: 2 },
    });
    expect(attempt?.["attributes"]).toContainEqual({ key: "http.response.status_code", value: { intValue: "422" } });
    expect(JSON.stringify(request)).not.toContain("Ada");
  });
});

describe("the log", () => {
  it("has a line with correlation id for each event that needs a person, without a word of the record", () => {
    const lines = troubleLines([row(), row({ id: "evt_2", status: "dead", attempts: [] })]);
    expect(lines).toEqual([
      {
        level: "warn",
        message: "an event needs a person",
        eventId: "evt_2",
        correlationId: "cor_evt_2",
        source: "crm",
        status: "dead",
        class: "business",
        destinations: ["erp"],
      },
    ]);
  });
});
