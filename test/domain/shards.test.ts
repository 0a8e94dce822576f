import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergePages } from "../../src/adapters/event-databases.ts";
import { enqueue, type Outgoing } from "../../src/adapters/queues.ts";
import { unbundled } from "../../src/domain/bundle.ts";
import { shardOf } from "../../src/domain/shards.ts";

describe("shards", () => {
  it("spreads names that end alike without regard to each other", () => {
    const numbers = Array.from({ length: 1_000 }, (_, number) => number);
    const together = numbers.filter((number) => shardOf(`order/SO-${number}`, 2) === shardOf(`customer/C-${number}`, 2));
    expect(together.length).toBeGreaterThan(400);
    expect(together.length).toBeLessThan(600);
  });

  it("take each a fair part of the records, and a record always the same one", () => {
    for (const count of [1, 2, 3, 20]) {
      const hits = Array.from({ length: count }, () => 0);
      for (let number = 0; number < 20_000; number++) {
        const shard = shardOf(`order/SO-${number}`, count);
        hits[shard] = (hits[shard] ?? 0) + 1;
      }
      expect(shardOf("order/SO-1", count)).toBe(shardOf("order/SO-1", count));
      for (const hit of hits) expect(Math.abs(hit / (20_000 / count) - 1)).toBeLessThan(0.15);
    }
  });

  it("of queues get a record's messages together, in the order in which they came", async () => {
    const sent: string[][] = [[], [], []];
    const queue = (number: number) =>
      ({
        send: async (body: string) => void sent[number]?.push(...unbundled(body)),
        sendBatch: async (bodies: readonly { body: string }[]) => void sent[number]?.push(...bodies.flatMap(({ body }) => unbundled(body))),
      }) as unknown as Queue;
    const messages: Outgoing[] = Array.from({ length: 300 }, (_, index) => ({
      text: `${index % 30}:${index}`,
      record: `order/${index % 30}`,
    }));
    await enqueue([queue(0), queue(1), queue(2)], messages);
    expect(sent.flat()).toHaveLength(300);
    expect(sent.every((part) => part.length > 0)).toBe(true);
    for (let record = 0; record < 30; record++) {
      const homes = sent.filter((part) => part.some((text) => text.startsWith(`${record}:`)));
      expect(homes).toHaveLength(1);
      const order = (homes[0] ?? []).filter((text) => text.startsWith(`${record}:`)).map((text) => Number(text.split(":")[1]));
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }
  });
});

describe("lists of several databases", () => {
  it("page through all rows once, newest first, however each database pages", () => {
    const rows = fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(rows, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, limit, scan) => {
          const taken = new Set<number>();
          const databases = parts.map((part) =>
            [...new Set(part)].filter((row) => !taken.has(row) && taken.add(row)).toSorted((a, b) => b - a),
          );
          const idOf = (row: number): string => `evt_${String(row).padStart(4, "0")}`;
          // Each looks at `scan` rows, keeps every second of them, and says from where to go on.
          const ask = (database: readonly number[], before: string | null) => {
            const looked = database.filter((row) => before === null || idOf(row) < before).slice(0, scan);
            const found = looked.filter((row) => row % 2 === 0).map((row) => ({ id: idOf(row) }));
            const last = looked.at(-1);
            const more = last !== undefined && looked.length === scan;
            const items = found.slice(0, limit);
            return { items, nextCursor: found.length > limit ? (items.at(-1)?.id ?? null) : more ? idOf(last) : null };
          };
          const seen: string[] = [];
          let cursor: string | null = null;
          for (let page = 0; page < 1_000; page++) {
            const merged: { items: readonly { id: string }[]; nextCursor: string | null } = mergePages(
              databases.map((each) => ask(each, cursor)),
              limit,
            );
            seen.push(...merged.items.map(({ id }) => id));
            cursor = merged.nextCursor;
            if (cursor === null) break;
          }
          expect(seen).toEqual(
            databases
              .flat()
              .filter((row) => row % 2 === 0)
              .toSorted((a, b) => b - a)
              .map(idOf),
          );
        },
      ),
    );
  });
});
