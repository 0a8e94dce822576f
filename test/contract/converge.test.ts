import fc from "fast-check";
import { expect, it } from "vitest";
import { converge } from "../../src/connection/converge.ts";
import type { Failed, Outcome } from "../../src/destinations/define.ts";
import { ok } from "../../src/domain/result.ts";

const APPLIED: Outcome = { kind: "applied", duplicate: false };
const CONFLICT: Failed = { kind: "failed", class: "conflict", detail: "changed meanwhile" };

it("one record comes about, however others make, change and take it away between our steps, or it ends as a conflict", async () => {
  const events = fc.array(fc.constantFrom("make", "change", "remove", "nothing"), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(events, fc.boolean(), async (coming, exists) => {
      const others = [...coming];
      let record: { version: number; ours: boolean } | null = exists ? { version: 1, ours: false } : null;
      const meanwhile = (): void => {
        const event = others.shift();
        if (event === "make" && record === null) record = { version: 1, ours: false };
        if (event === "change" && record !== null) record = { ...record, version: record.version + 1 };
        if (event === "remove") record = null;
      };
      const outcome = await converge<number>({
        find: () => Promise.resolve(ok(record === null ? "absent" : record.version)),
        create: () => {
          meanwhile();
          if (record !== null) return Promise.resolve("duplicate");
          record = { version: 1, ours: true };
          return Promise.resolve(APPLIED);
        },
        update: (version) => {
          meanwhile();
          if (record?.version !== version) return Promise.resolve(CONFLICT);
          record = { version: version + 1, ours: true };
          return Promise.resolve(APPLIED);
        },
      });
      if (outcome.kind === "applied") expect(record).toMatchObject({ ours: true });
      else expect(outcome.class).toBe("conflict");
    }),
  );
});

it("a duplicate that our key does not find is another record, and for a person", async () => {
  let creates = 0;
  const outcome = await converge<never>({
    find: () => Promise.resolve(ok("absent")),
    create: () => {
      creates += 1;
      return Promise.resolve("duplicate");
    },
    update: () => Promise.resolve(APPLIED),
  });
  expect(outcome).toMatchObject({ kind: "failed", class: "business" });
  expect(creates).toBe(1);
});
