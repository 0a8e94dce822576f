import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode, newSketch, sketchBytes, sketchOf, tally } from "../../src/domain/reconciliation/sketch.ts";

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

describe("a sketch of two sets", () => {
  it("tells exactly what only one of them has, whatever both have, in whatever order", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { maxLength: 300 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        (members, ours, theirs) => {
          const only = members.slice(0, ours).map(digest);
          const missing = members.slice(ours, ours + theirs).map(digest);
          const both = members.slice(ours + theirs).map(digest);
          let sketch = newSketch(200);
          for (const each of [...missing, ...both]) tally(sketch, each, -1);
          sketch = sketchOf(sketchBytes(sketch));
          for (const each of [...both.toReversed(), ...only]) tally(sketch, each, 1);
          const found = decode(sketch);
          expect(found?.only.toSorted()).toEqual(only.toSorted());
          expect(found?.missing.toSorted()).toEqual(missing.toSorted());
        },
      ),
    );
  });

  it("says that it cannot tell rather than to tell something wrong, when the difference is larger than it was made for", () => {
    let told = 0;
    for (let round = 0; round < 50; round++) {
      const sketch = newSketch(20);
      const members = Array.from({ length: 15 + round * 4 }, (_, index) => digest(`${round}/${index}`));
      for (const each of members) tally(sketch, each, 1);
      const found = decode(sketch);
      if (found === null) continue;
      told++;
      expect(found.only.toSorted()).toEqual(members.toSorted());
    }
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(50);
  });

  it("decodes nearly every difference that it was made for", () => {
    let failed = 0;
    for (let round = 0; round < 200; round++) {
      const sketch = newSketch(100);
      for (let index = 0; index < 100; index++) tally(sketch, digest(`${round}-${index}`), index % 2 === 0 ? 1 : -1);
      if (decode(sketch) === null) failed++;
    }
    expect(failed).toBeLessThanOrEqual(1);
  });

  it("takes as much room for a million members as for a thousand", () => {
    const sketch = newSketch(100);
    const before = sketchBytes(sketch).byteLength;
    for (let index = 0; index < 200_000; index++)
      tally(sketch, (index * 2654435761).toString(16).padStart(16, "0").slice(-16), index % 2 === 0 ? 1 : 1);
    expect(sketchBytes(sketch).byteLength).toBe(before);
  });
});
