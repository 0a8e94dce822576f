import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { proveDrift } from "../../scripts/proof/drift-proof.ts";
import { report } from "../../scripts/proof/report.ts";

/** Small enough for every run; `npm run proof:drift` does the same with a thousand in ten thousand. */
const SIZE = { drifts: 60, entities: 600, terms: { everySeconds: 8, fullEverySeconds: 16, graceSeconds: 10, stormAbove: 120 } };

const directory = mkdtempSync(path.join(tmpdir(), "signalbox-drift-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a reconciliation with a real Tryton that is changed behind the router's back", () => {
  it(
    "finds every drift in its period under its right name, repairs it by policy, and tells of nothing else",
    // Two minutes where nothing else runs; a machine may be several times slower.
    { timeout: 600_000 },
    async () => {
      const reckoning = await proveDrift(SIZE, directory, () => undefined);
      console.log(report(reckoning));
      expect(reckoning.injected).toBeGreaterThanOrEqual(SIZE.drifts);
      expect(reckoning).toMatchObject({
        found: reckoning.injected,
        missed: [],
        late: [],
        false: [],
        notEnded: [],
        notRestored: [],
        runs: { failed: [] },
      });
    },
  );
});
