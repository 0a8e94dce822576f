import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelConfig, Condition } from "../../src/domain/alerts/define.ts";
import { acknowledge, isSilenced, looked, silence, type Alert } from "../../src/domain/alerts/life.ts";
import { afterTelling, messageId, owed, type Tidings, type Told } from "../../src/domain/alerts/telling.ts";
import { fail, ok } from "../../src/domain/result.ts";

const MINUTE_MS = 60_000;
const HELD_BACK = 2;
const CLEAR = 5;
const CHANNEL: ChannelConfig = { shape: "webhook", url: { env: "URL" } };
const BY = { actor: "ada", reason: "a test" };

const condition: Condition = { rule: "drift", subject: "orders", owner: "finance", severity: "warning", summary: "2 differ", page: "/ops" };

interface Minute {
  readonly holds: boolean;
  readonly operator: "acknowledge" | "silence" | "tell again" | null;
  readonly taken: boolean;
}

const minute: fc.Arbitrary<Minute> = fc.record({
  holds: fc.boolean(),
  operator: fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom("acknowledge", "silence", "tell again") },
  ),
  taken: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});
/** Conditions come and go in spells, not by the throw of a coin alone. */
const minutes = fc
  .array(fc.tuple(fc.array(minute, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 6 })), { maxLength: 25 })
  .map((spells) => spells.flatMap(([each, times]) => Array.from({ length: times }, () => each).flat()));

interface Sent {
  readonly atMs: number;
  readonly occurrence: number;
  readonly tidings: Tidings;
  readonly id: string;
}

/** Plays the minutes as the cron does, and gives every look and every message that the channel took. */
function play(all: readonly Minute[]) {
  let alert: Alert | null = null;
  let told: Told | undefined;
  const sent: Sent[] = [];
  const looks: { readonly before: Alert | null; readonly after: Alert | null; readonly nowMs: number }[] = [];
  for (const [index, { holds, operator, taken }] of all.entries()) {
    const nowMs = index * MINUTE_MS;
    if (alert !== null && operator === "acknowledge") {
      const done = acknowledge(alert, { ...BY, nowMs });
      alert = done.ok ? done.value : alert;
    }
    if (alert !== null && operator === "silence") alert = silence(alert, nowMs + 10 * MINUTE_MS, { ...BY, nowMs });
    if (alert !== null && operator === "tell again") alert = silence(alert, null, { ...BY, nowMs });
    const before: Alert | null = alert;
    alert = looked(before, holds ? condition : null, { nowMs, heldBackMs: HELD_BACK * MINUTE_MS, clearMs: CLEAR * MINUTE_MS });
    looks.push({ before, after: alert, nowMs });
    const tidings = alert === null ? null : owed(alert, CHANNEL, told, nowMs);
    if (alert === null || tidings === null) continue;
    expect(isSilenced(alert, nowMs)).toBe(false);
    if (taken) sent.push({ atMs: nowMs, occurrence: alert.occurrence, tidings, id: messageId(alert, tidings) });
    told = afterTelling(told, alert, tidings, { result: taken ? ok(null) : fail("it answered 503"), nowMs });
  }
  return { alert, told, sent, looks };
}

const CALM: readonly Minute[] = Array.from({ length: 90 }, () => ({ holds: false, operator: null, taken: true }));

describe("an alert's life", () => {
  it("opens only after its condition has held for long enough, and ends only after it has been over for long enough", () => {
    fc.assert(
      fc.property(minutes, (all) => {
        for (const [index, { before, after }] of play(all).looks.entries()) {
          const recent = (count: number): readonly boolean[] => all.slice(Math.max(0, index - count), index + 1).map(({ holds }) => holds);
          if (after?.state === "open" && before?.state !== "open") {
            expect(recent(HELD_BACK)).toHaveLength(HELD_BACK + 1);
            expect(recent(HELD_BACK)).not.toContain(false);
          }
          if (after?.state === "resolved" && (before?.state === "open" || before?.state === "acknowledged"))
            expect(recent(CLEAR)).not.toContain(true);
        }
      }),
    );
  });

  it("is told once and in order: open, perhaps acknowledged, then resolved; and never while silenced", () => {
    fc.assert(
      fc.property(minutes, (all) => {
        const { sent } = play([...all, ...CALM]);
        expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length);
        let waits = false;
        for (const { tidings } of sent) {
          // Only whoever waits for the end hears of it, or that somebody is at it.
          if (tidings !== "open") expect(waits).toBe(true);
          waits = tidings !== "resolved";
        }
      }),
    );
  });

  it("leaves nobody waiting: whoever heard that it opened hears that it is over, once silence and outages have ended", () => {
    fc.assert(
      fc.property(minutes, (all) => {
        const { sent, alert } = play([...all, ...CALM]);
        expect(["resolved", undefined]).toContain(alert?.state);
        expect(["resolved", undefined]).toContain(sent.at(-1)?.tidings);
      }),
    );
  });

  it("is over also for whoever heard only of an earlier time, when it came and went again while silenced", () => {
    const spell = (holds: boolean, count: number, operator: Minute["operator"] = null): Minute[] =>
      Array.from({ length: count }, (_, index) => ({ holds, operator: index === 0 ? operator : null, taken: true }));
    const { sent, alert } = play([...spell(true, 3), ...spell(false, 6, "silence"), ...spell(true, 4, "silence"), ...spell(false, 20)]);
    expect(alert?.occurrence).toBe(2);
    expect(sent.map(({ tidings, occurrence }) => [tidings, occurrence])).toEqual([
      ["open", 1],
      ["resolved", 2],
    ]);
  });

  it("is one alert while its condition comes and goes, and tells nothing of what passes by itself", () => {
    const flapping = Array.from({ length: 60 }, (_, index) => ({ holds: index % 2 === 0, operator: null, taken: true }));
    expect(play(flapping).sent).toEqual([]);
    const opened = Array.from({ length: 4 }, () => ({ holds: true, operator: null, taken: true }));
    expect(play([...opened, ...flapping]).sent.map(({ tidings }) => tidings)).toEqual(["open"]);
  });

  it("cannot be acknowledged before it is open, nor twice", () => {
    const pending = looked(null, condition, { nowMs: 0, heldBackMs: MINUTE_MS, clearMs: 0 });
    const open = looked(pending, condition, { nowMs: MINUTE_MS, heldBackMs: MINUTE_MS, clearMs: 0 });
    if (pending === null || open === null) throw new Error("the condition holds");
    expect(acknowledge(pending, { ...BY, nowMs: 0 }).ok).toBe(false);
    const done = acknowledge(open, { ...BY, nowMs: 0 });
    expect(done.ok && acknowledge(done.value, { ...BY, nowMs: 0 }).ok).toBe(false);
  });

  it("is told to the channels of its owner and of its severity, and over to whoever heard of it though it got less grave", () => {
    const open = looked(null, condition, { nowMs: 0, heldBackMs: 0, clearMs: 0 });
    if (open === null) throw new Error("the condition holds");
    expect(owed(open, { ...CHANNEL, owners: ["revops"] }, undefined, 0)).toBeNull();
    expect(owed(open, { ...CHANNEL, owners: ["finance"], minSeverity: "critical" }, undefined, 0)).toBeNull();
    const critical: Alert = { ...open, severity: "critical" };
    const channel: ChannelConfig = { ...CHANNEL, minSeverity: "critical" };
    expect(owed(critical, channel, undefined, 0)).toBe("open");
    const told = afterTelling(undefined, critical, "open", { result: ok(null), nowMs: 0 });
    expect(owed({ ...open, state: "resolved" }, channel, told, 0)).toBe("resolved");
  });

  it("is told again ever more rarely where it is not taken, an hour apart at most", () => {
    const open = looked(null, condition, { nowMs: 0, heldBackMs: 0, clearMs: 0 });
    if (open === null) throw new Error("the condition holds");
    let told: Told | undefined;
    const waits = Array.from({ length: 9 }, () => {
      told = afterTelling(told, open, "open", { result: fail("no answer"), nowMs: 0 });
      return told.nextAtMs / MINUTE_MS;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(owed(open, CHANNEL, told, 59 * MINUTE_MS)).toBeNull();
    expect(owed(open, CHANNEL, told, 60 * MINUTE_MS)).toBe("open");
  });
});
