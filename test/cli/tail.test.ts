import fc from "fast-check";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { event, fakeServer, idAt, listOf, problem, signalbox, type Asked, type Reply } from "./support.ts";

const directory = mkdtempSync(path.join(tmpdir(), "signalbox-tail-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const placeFile = (): string => path.join(directory, `place-${files++}.json`);

const startMs = Date.parse("2026-11-27T11:00:00.000Z");
const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
const received = (seconds: number, more: Readonly<Record<string, unknown>> = {}) => event(at(seconds), more);

/** The list as the index answers it: newest first, from a time on, in pages. */
const index =
  (events: () => readonly Record<string, unknown>[], pageSize = 2) =>
  ({ query }: Asked): Reply => {
    const cursor = query["cursor"];
    const from = idAt(query["from"] ?? at(-9_999)).slice(0, 14);
    const found = events()
      .filter((each) => String(each["id"]).slice(0, 14) >= from && (cursor === undefined || String(each["id"]) < cursor))
      .toSorted((left, right) => (String(left["id"]) < String(right["id"]) ? 1 : -1));
    return listOf(found.slice(0, pageSize), found.length > pageSize ? String(found[pageSize - 1]?.["id"]) : null);
  };

const idsIn = (out: string): string[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { id: string }).id);

describe("tail", () => {
  it("prints what is new, oldest first over all pages, with its lag; and goes on where it ended", async () => {
    const events = [received(1), received(2), received(3), received(4), received(5)];
    const { origin } = await fakeServer(index(() => events));
    const argv = ["tail", "--once", "--json", "--from", at(0), "--place", placeFile()];
    const around = { origin, nowMs: startMs + 10_000 };
    const first = await signalbox(argv, around);
    expect(idsIn(first.out)).toEqual(events.map(({ id }) => id));
    expect(JSON.parse(first.out.split("\n")[0] ?? "")).toMatchObject({ lagMs: 9_000 });
    expect((await signalbox(argv, around)).out).toBe("");
    events.push(received(6));
    expect(idsIn((await signalbox(argv, around)).out)).toEqual([events[5]?.["id"]]);
    expect(idsIn((await signalbox([...argv, "--anew"], around)).out)).toHaveLength(6);
  });

  it("begins now, unless told otherwise", async () => {
    const { origin } = await fakeServer(index(() => [received(1)]));
    const { out } = await signalbox(["tail", "--once", "--place", placeFile()], { origin, nowMs: startMs + 10_000 });
    expect(out).toBe("");
  });

  it("shows every event once, whatever the order in which the index learns of them, within the overlap", async () => {
    const arrivals = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 5 })),
      {
        selector: ([receivedAt]) => receivedAt,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 1, max: 7 }), async (plan, everySeconds) => {
        let now = 0;
        const events = plan.map(([receivedAt, lateBy]) => ({ visibleAt: receivedAt + lateBy, event: received(receivedAt) }));
        const { origin } = await fakeServer(index(() => events.filter(({ visibleAt }) => visibleAt <= now).map((each) => each.event)));
        const place = placeFile();
        const shown: string[] = [];
        // The command is ended and started anew at every third look.
        for (; now <= 170; now += 3 * everySeconds) {
          let looks = 0;
          const onWait = (): "end" | "go on" => {
            now += everySeconds;
            return ++looks === 3 ? "end" : "go on";
          };
          const ended = await signalbox(["tail", "--json", "--from", at(0), "--place", place], { origin, nowMs: startMs, onWait });
          shown.push(...idsIn(ended.out));
          now -= 3 * everySeconds;
        }
        expect(shown.toSorted()).toEqual(events.map((each) => String(each.event["id"])).toSorted());
      }),
      { numRuns: 25 },
    );
  });

  it("says what is wrong with a place that is none of its own", async () => {
    const place = placeFile();
    writeFileSync(place, "{}");
    const { origin } = await fakeServer(index(() => []));
    expect(await signalbox(["tail", "--once", "--place", place], { origin })).toMatchObject({ exit: 2 });
  });
});

describe("tail --forward", () => {
  const router = (events: readonly Record<string, unknown>[], raw: (asked: Asked) => Reply) =>
    fakeServer((asked) => (asked.path.endsWith("/raw") ? raw(asked) : index(() => events)(asked)));
  const raw: Reply = { bytes: '{"a":1}', headers: { "x-original-content-type": "application/json; charset=utf-8" } };

  it("posts the raw body with what is known of it, and prints the answer", async () => {
    const { origin } = await router([received(1)], () => raw);
    const hook = await fakeServer(() => ({ status: 500, json: {} }));
    const { exit, out } = await signalbox(
      ["tail", "--once", "--from", at(0), "--place", placeFile(), "--forward", `${hook.origin}/hooks`],
      { origin },
    );
    expect(exit).toBe(0);
    expect(out).toContain("forwarded: 500");
    expect(hook.asked).toHaveLength(1);
    expect(hook.asked[0]).toMatchObject({
      method: "POST",
      path: "/hooks",
      body: '{"a":1}',
      headers: {
        "content-type": "application/json; charset=utf-8",
        "x-signalbox-event-id": received(1)["id"],
        "x-signalbox-source": "stripe",
        "x-signalbox-delivery-id": "evt_stripe_1",
        "x-correlation-id": "cor_1",
      },
    });
  });

  it("waits for a body that is not archived yet", async () => {
    let looks = 0;
    const { origin } = await router([received(1)], () => (++looks < 3 ? problem(409, "raw_not_archived") : raw));
    const hook = await fakeServer(() => ({ json: {} }));
    await signalbox(["tail", "--once", "--from", at(0), "--place", placeFile(), "--forward", hook.origin], { origin });
    expect(hook.asked.map(({ body }) => body)).toEqual(['{"a":1}']);
  });

  it("tries again while nothing answers there, and keeps its place for the next time", async () => {
    const { origin } = await router([received(1), received(2)], () => raw);
    const place = placeFile();
    const argv = ["tail", "--once", "--from", at(0), "--place", place, "--forward"];
    let waits = 0;
    const down = await signalbox([...argv, "http://127.0.0.1:1"], { origin, onWait: () => (++waits === 3 ? "end" : "go on") });
    expect(down).toMatchObject({ exit: 0, out: "", said: "http://127.0.0.1:1 does not answer; trying again" });
    expect(JSON.parse(readFileSync(place, "utf8"))).toMatchObject({ seen: [] });
    const hook = await fakeServer(() => ({ json: {} }));
    await signalbox([...argv, hook.origin], { origin });
    expect(hook.asked.map(({ headers }) => headers["x-signalbox-event-id"])).toEqual([received(1)["id"], received(2)["id"]]);
  });
});
