import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseSeen } from "../../../src/destinations/define.ts";
import { classOfStatus, cleanText, outcomeOfStatus, retryAfterMs } from "../../../src/destinations/outcome-of-status.ts";
import { NOW_MS } from "./samples.ts";

const seen = (status: number, headers: Record<string, string> = {}, body = ""): ResponseSeen => ({
  status,
  headers: new Headers(headers),
  body,
  nowMs: NOW_MS,
});

describe("the class of a status", () => {
  it.each([
    ["applied", [200, 201, 202, 204, 206, 299]],
    ["ambiguous", [504]],
    ["transient", [408, 425, 500, 502, 503, 599, 100, 0, 600, Number.NaN]],
    ["throttled", [429]],
    ["auth", [401]],
    ["config", [300, 301, 302, 304, 307, 308, 403, 404, 405, 410]],
    ["conflict", [409, 412]],
    ["business", [400, 402, 406, 411, 413, 415, 422, 423, 424, 428, 431, 451, 499]],
  ] as const)("is %s for %j", (expected, statuses) => {
    for (const status of statuses) expect([status, classOfStatus(status)]).toEqual([status, expected]);
  });
});

describe("Retry-After", () => {
  const wait = (value: string): number | undefined => retryAfterMs(seen(503, { "retry-after": value }));

  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 5 ", 5000],
    ["-30", 0],
    ["Tue, 24 Nov 2026 12:00:30 GMT", 30_000],
    ["Tue, 24 Nov 2026 11:59:59 GMT", 0],
  ])("reads %j as %i ms", (value, expectedMs) => expect(wait(value)).toBe(expectedMs));

  it.each([
    "",
    "soon",
    "1.5",
    "1e3",
    "0x10",
    "5, 6",
    "2026-11-24T12:00:30Z",
    "Tue, 24 Nov 2026 12:00:30 CET",
    "Tue, 24 Nov 2026 99:00:30 GMT",
    "9".repeat(400),
  ])("ignores %j", (value) => expect(wait(value)).toBeUndefined());

  it("is undefined without the header", () => expect(retryAfterMs(seen(503))).toBeUndefined());

  it("says nothing of a failure that waiting does not mend", () => {
    expect(outcomeOfStatus(seen(422, { "retry-after": "5" }))).not.toHaveProperty("retryAfterMs");
  });

  it("is the distance to any date, and never negative", () => {
    fc.assert(
      fc.property(fc.integer({ min: -4_000_000, max: 4_000_000 }), (seconds) => {
        const date = new Date(NOW_MS + seconds * 1000).toUTCString();
        expect(wait(date)).toBe(Math.max(0, seconds * 1000));
      }),
    );
  });
});

describe("the detail of a failure", () => {
  it("is the status and the first 300 characters of the body, in one line", () => {
    const outcome = outcomeOfStatus(seen(500, { "x-internal": "header" }, `a\r\n\u0000b\u2028c ${"x".repeat(1000)}`));
    expect(outcome).toMatchObject({ detail: `HTTP 500: ${`a b c ${"x".repeat(1000)}`.slice(0, 300)}` });
  });

  it("is the status alone for an empty body", () => expect(outcomeOfStatus(seen(500))).toMatchObject({ detail: "HTTP 500" }));

  it("drops credentials that the destination echoes", () => {
    const text = cleanText('bad token: "Bearer abc.def-123", signed with whsec_c2VjcmV0+/= by us');
    expect(text).not.toMatch(/abc|c2VjcmV0/);
    expect(text).toContain("by us");
  });

  it("has no control characters and no broken characters, whatever the body", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 700 }), (body) => {
        const text = cleanText(body);
        expect(text).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(text.length).toBeLessThanOrEqual(300);
      }),
    );
  });
});
