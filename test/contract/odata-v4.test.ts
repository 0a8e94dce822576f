import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cursorAfter, errorSeenIn, literal, walk, withOptions } from "../../src/connection/odata-v4.ts";
import type { ChangeQuery, ResponseSeen } from "../../src/destinations/define.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { parseFilter, parseOrder } from "./destinations/fakes/odata-query.ts";

const BASE_MS = Date.UTC(2026, 10, 1);
const UNTIL_MS = BASE_MS + 100_000;
const RULES = { properties: new Set(["stamp", "key"]), noOrAcrossProperties: true };
const iso = (second: number): string => new Date(BASE_MS + second * 1000).toISOString();

type Row = { stamp: string; key: string };

/** One page as a service would answer it, which knows the language and nothing of the walk. */
function serve(rows: readonly Row[], query: ChangeQuery, by: { readonly stamp?: string; readonly key: string }): readonly Row[] {
  const options = walk(query, by);
  if (options === null) throw new Error("the walk did not take its own cursor");
  const filter = options.filter === undefined ? () => true : parseFilter(options.filter, RULES);
  return rows.filter(filter).toSorted(parseOrder(options.orderby, RULES)).slice(0, query.limit);
}

const rowsAndTouches = fc.record({
  seconds: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 14 }),
  limit: fc.integer({ min: 1, max: 4 }),
  /** Which row somebody changes after which page. */
  touches: fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 6 }),
});

describe.each([
  ["by time of change and key", { stamp: "stamp", key: "key" }],
  ["by key alone", { key: "key" }],
] as const)("a walk %s", (_name, by) => {
  it("tells every row, whatever changes between its pages and however many share a stamp, and comes to an end", () => {
    fc.assert(
      fc.property(rowsAndTouches, ({ seconds, limit, touches }) => {
        const rows = seconds.map((second, at): Row => ({ stamp: iso(second), key: `K'${String(at).padStart(2, "0")}` }));
        const seen = new Set<string>();
        let cursor: string | null = null;
        let pages = 0;
        do {
          const query = { kind: "order", fromMs: null, untilMs: UNTIL_MS, cursor, token: null, limit } as const;
          const page = serve(rows, query, by);
          for (const { key } of page) seen.add(key);
          cursor = cursorAfter(query, by, page as readonly JsonObject[]);
          const touched = rows[touches[pages] ?? -1];
          if (touched !== undefined) touched.stamp = iso(10 + pages);
          expect(++pages).toBeLessThan(100);
        } while (cursor !== null);
        expect([...seen].toSorted()).toEqual(rows.map(({ key }) => key).toSorted());
      }),
    );
  });

  it("takes no cursor that is none of its own, so that nothing of it reaches a filter", () => {
    const query = { kind: "order", fromMs: null, untilMs: UNTIL_MS, token: null, limit: 5 } as const;
    for (const cursor of ["", "tie", "tie x or 1 eq 1 K", "after 2026-11-01T00:00:00Z or 1 eq 1", "after -", "https://example.com"])
      expect(walk({ ...query, cursor }, by)).toBeNull();
  });
});

it("a text is quoted and encoded, so that it ends nowhere but at its end", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const decoded = decodeURIComponent(literal(text));
      expect(decoded.slice(1, -1).replaceAll("''", "'")).toBe(text.toWellFormed());
      const filter = parseFilter(`key eq ${decoded}`, RULES);
      expect(filter({ key: text.toWellFormed() })).toBe(true);
    }),
  );
});

it("options that are undefined are left out of an address", () => {
  expect(withOptions("https://a.example/x", { $filter: "a eq 'b&c'", $top: undefined })).toBe(
    "https://a.example/x?$filter=a%20eq%20'b%26c'",
  );
  expect(withOptions("https://a.example/x", {})).toBe("https://a.example/x");
});

it("an error is told by its inner message where there is one, without the stack trace", () => {
  const body = { error: { code: "", message: "An error has occurred.", innererror: { message: "Infolog: no", stacktrace: "at X" } } };
  const response: ResponseSeen = { status: 400, headers: new Headers(), body: JSON.stringify(body), nowMs: 0 };
  expect(errorSeenIn(response)).toEqual({ codes: [], detail: "Infolog: no" });
  expect(errorSeenIn({ ...response, body: "<html>" })).toEqual({ codes: [] });
});
