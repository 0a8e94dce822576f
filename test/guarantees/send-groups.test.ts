import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { SendGroups } from "../../src/adapters/send-groups.ts";
import { LIMITS } from "../../src/domain/limits.ts";

const AT_ONCE = 3;

const text = (name: string) => ({ text: name, bytes: name.length });

describe("requests that send to one queue", () => {
  it("are each answered by the very send that took their event, with few sends at once and none twice, whatever fails or is slow", async () => {
    const requests = fc.array(fc.record({ fails: fc.boolean() }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), requests, async (scheduler, all) => {
        const ended = new Map<string, "sent" | "refused">();
        let [underWay, most] = [0, 0];
        const groups = new SendGroups({ atOnce: AT_ONCE, gatherMs: 0 }, async (texts) => {
          most = Math.max(most, ++underWay);
          const fails = texts.some(({ text: name }) => all[Number(name)]?.fails === true);
          await scheduler.schedule(Promise.resolve(), `send of ${texts.length}`);
          underWay--;
          for (const { text: name } of texts) {
            expect(ended.has(name)).toBe(false);
            ended.set(name, fails ? "refused" : "sent");
          }
          if (fails) throw new Error("refused");
        });
        const background: Promise<unknown>[] = [];
        const answers = all.map(async (_, index) => {
          const name = String(index);
          await scheduler.schedule(Promise.resolve(), `request ${name}`);
          const answer = await groups
            .add(text(name), (work) => void background.push(work))
            .then(
              () => "sent" as const,
              () => "refused" as const,
            );
          // Durable before it is answered, and by a send that held it.
          expect(ended.get(name)).toBe(answer);
        });
        await scheduler.waitFor(Promise.all(answers));
        await Promise.all(background);
        expect(ended.size).toBe(all.length);
        expect(most).toBeLessThanOrEqual(AT_ONCE);
      }),
      { numRuns: 300 },
    );
  });

  it("do not wait while there is a place, and share a send once there is none", async () => {
    const sends: { readonly names: string[]; readonly end: () => void }[] = [];
    const groups = new SendGroups({ atOnce: AT_ONCE, gatherMs: 0 }, (texts) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      sends.push({ names: texts.map(({ text: name }) => name), end: resolve });
      return promise;
    });
    const answers = Array.from({ length: AT_ONCE + 10 }, (_, index) => groups.add(text(`${index}`), () => undefined));
    expect(sends.map(({ names }) => names.length)).toEqual(Array.from({ length: AT_ONCE }, () => 1));
    sends[0]?.end();
    await answers[0];
    await Promise.resolve();
    expect(sends.at(-1)?.names).toHaveLength(10);
    for (const { end } of sends) end();
    await Promise.all(answers);
    expect(sends).toHaveLength(AT_ONCE + 1);
  });

  it("gather for a while where they are told to, and one that was sent by another need not wait any longer", async () => {
    const sends: string[][] = [];
    const groups = new SendGroups({ atOnce: 1, gatherMs: 30 }, async (texts) => {
      sends.push(texts.map(({ text: name }) => name));
    });
    vi.useFakeTimers();
    const answers: string[] = [];
    const add = (name: string): Promise<unknown> => groups.add(text(name), () => undefined).then(() => answers.push(name));
    const both = [add("a")];
    await vi.advanceTimersByTimeAsync(20);
    both.push(add("b"));
    await vi.advanceTimersByTimeAsync(9);
    expect(sends).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sends).toEqual([["a", "b"]]);
    expect(answers).toEqual(["a", "b"]);
    vi.useRealTimers();
    await Promise.all(both);
  });

  it("send what a request that ended in line has left there before their own", async () => {
    const sends: string[][] = [];
    const ends: (() => void)[] = [];
    const groups = new SendGroups({ atOnce: AT_ONCE, gatherMs: 0 }, (texts) => {
      sends.push(texts.map(({ text: name }) => name));
      return new Promise((resolve) => ends.push(resolve));
    });
    const ignore = (): void => undefined;
    for (let index = 0; index < AT_ONCE; index++) void groups.add(text(`first ${index}`), ignore);
    // Requests whose caller has gone: nothing of them runs any more.
    const gone = vi
      .spyOn(Promise, "withResolvers")
      .mockReturnValue({ promise: new Promise<never>(ignore), resolve: ignore, reject: ignore });
    const left = Array.from({ length: LIMITS.messageBatchCount }, (_, index) => `left ${index}`);
    for (const name of left) void groups.add(text(name), ignore);
    gone.mockRestore();
    for (const end of ends.splice(0)) end();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(sends).toHaveLength(AT_ONCE);
    void groups.add(text("next"), ignore);
    expect(sends.slice(AT_ONCE)).toEqual([left, ["next"]]);
  });
});
