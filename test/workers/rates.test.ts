import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { SourceRates } from "../../src/adapters/source-rates.ts";
import { refusal } from "../../src/http/answers.ts";
import { SOURCES } from "../../src/sources/index.ts";

const policy = { perSecond: 40, burst: 40 };

/** Presses a source's rate from several isolates at once for a while; each asks the real object. */
async function press(
  source: string,
  isolates: number,
  forMs: number,
): Promise<{ admitted: number; refused: number; retryAfterSeconds: number[] }> {
  const rates = Array.from({ length: isolates }, () => new SourceRates());
  const leases: Promise<unknown>[] = [];
  const seen = { admitted: 0, refused: 0, retryAfterSeconds: [] as number[] };
  const startedMs = Date.now();
  for (let sent = 0; Date.now() - startedMs < forMs; sent++) {
    const admission = rates[sent % isolates]?.admit(source, policy, {
      take: async (name, limits, asked) => env.SOURCE_RATE.getByName(name).take(limits, asked),
      nowMs: Date.now(),
      waitUntil: (work) => void leases.push(work),
    });
    if (admission?.admitted === true) seen.admitted++;
    else if (admission !== undefined) {
      seen.refused++;
      seen.retryAfterSeconds.push(admission.retryAfterSeconds);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(leases);
  return seen;
}

describe("a source's rate", () => {
  it("holds over all isolates, and says when to come again", async () => {
    const { admitted, refused, retryAfterSeconds } = await press("pressed", 3, 3_000);
    expect(refused).toBeGreaterThan(100);
    // Three seconds and the burst, 5 %, and what each isolate may owe.
    expect(admitted).toBeLessThanOrEqual(1.05 * (policy.perSecond * 3.2 + policy.burst) + 3 * 2);
    expect(admitted).toBeGreaterThanOrEqual(policy.perSecond * 2);
    for (const seconds of retryAfterSeconds) expect(seconds).toBeGreaterThanOrEqual(1);
  });

  it("lets requests in when its object cannot be asked: a rate guards, it must not lose", async () => {
    const rates = new SourceRates();
    const work: Promise<unknown>[] = [];
    for (let sent = 0; sent < 60; sent++) {
      const admission = rates.admit("unreachable", policy, {
        take: () => Promise.reject(new Error("object unreachable")),
        nowMs: Date.now(),
        waitUntil: (lease) => void work.push(lease),
      });
      await Promise.all(work);
      expect(admission.admitted).toBe(true);
    }
  });

  it.each(Object.entries(SOURCES))(
    "is told to %s with the status that makes it come again, and Retry-After",
    (_scheme, { statusPolicy }) => {
      const answer = refusal("rate_limited", statusPolicy, 7);
      expect(answer.status).toBe(statusPolicy.rateLimited);
      expect(answer.headers.get("retry-after")).toBe("7");
    },
  );
});
