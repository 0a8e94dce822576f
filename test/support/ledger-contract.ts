import { expect } from "vitest";
import { chain, GENESIS } from "../../src/domain/timeline.ts";
import { NO_KIN } from "../../src/domain/kin.ts";
import { newWork } from "../../src/domain/work.ts";
import type { Ledger, LedgerChange } from "../../src/pipeline/sequence/ports.ts";
import { orderEvent, planTo } from "./world.ts";

const NOTHING: LedgerChange = { lines: [], outcomes: [], put: [], drop: [], owe: [] };
const sha = (text: string): string => text.length.toString(16).padStart(64, "0");

/** What every ledger must do; `reopen` gives the ledger anew over the same storage, as after an eviction. */
export const LEDGER_CONTRACT: Readonly<Record<string, (ledger: Ledger, reopen: () => Ledger) => void>> = {
  "starts empty": (ledger) => {
    expect(ledger.load()).toEqual({ head: GENESIS, marks: {}, work: [], owed: [], kin: NO_KIN });
    expect(ledger.find("d1")).toBeNull();
  },
  "remembers a delivery, its outcome and the head of the chain through an eviction": (ledger, reopen) => {
    ledger.load();
    const event = orderEvent({ id: "e1", version: 3 });
    const entry = chain(GENESIS, { atMs: 1_700_000_000_000, eventId: "e1", body: JSON.stringify({ order: event.order }) }, sha);
    const outcome = { eventId: "e1", rev: 1, status: "delivered", lanes: [] } as const;
    ledger.commit({ ...NOTHING, lines: [{ entry, known: { key: "d1", contentHash: "h" } }], outcomes: [{ key: "d1", outcome }] });
    const again = reopen();
    expect(again.load().head).toEqual({ seq: 1, hash: entry.hash });
    expect(again.find("d1")).toEqual({ eventId: "e1", contentHash: "h", order: event.order, outcome });
  },
  "replaces an outcome without touching the line": (ledger, reopen) => {
    ledger.load();
    const entry = chain(GENESIS, { atMs: 1_700_000_000_000, eventId: "e1", body: '{"order":{"kind":"none"}}' }, sha);
    const before = { eventId: "e1", rev: 1, status: "retrying", lanes: [] } as const;
    ledger.commit({ ...NOTHING, lines: [{ entry, known: { key: "d1", contentHash: "h" } }], outcomes: [{ key: "d1", outcome: before }] });
    ledger.commit({ ...NOTHING, outcomes: [{ key: "d1", outcome: { ...before, rev: 2, status: "delivered" } }] });
    const again = reopen();
    again.load();
    expect(again.find("d1")?.outcome).toMatchObject({ rev: 2, status: "delivered" });
  },
  "finds deliveries of many days, and keeps the head in the newest": (ledger, reopen) => {
    ledger.load();
    let head = GENESIS;
    for (let day = 0; day < 25; day++) {
      const entry = chain(head, { atMs: 1_700_000_000_000 + day * 86_400_000, eventId: `e${day}`, body: '{"order":{"kind":"none"}}' }, sha);
      const outcome = { eventId: `e${day}`, rev: 1, status: "delivered", lanes: [] } as const;
      ledger.commit({
        ...NOTHING,
        lines: [{ entry, known: { key: `d${day}`, contentHash: "h" } }],
        outcomes: [{ key: `d${day}`, outcome }],
      });
      head = { seq: entry.seq, hash: entry.hash };
    }
    const again = reopen();
    expect(again.load().head).toEqual(head);
    expect([again.find("d0")?.eventId, again.find("d24")?.eventId, again.find("d25")]).toEqual(["e0", "e24", null]);
  },
  "keeps work and debts until they are settled, and a newer debt through the payment of an older": (ledger, reopen) => {
    ledger.load();
    const event = orderEvent({ id: "e1", version: 1 });
    const [plan] = planTo(["erp"]).lanes;
    if (plan === undefined) throw new Error("no plan");
    const work = newWork(event, "d1", { plan, position: 1 });
    const outcome = { eventId: "e1", rev: 1, status: "retrying", lanes: [] } as const;
    ledger.commit({ ...NOTHING, put: [work], owe: [{ event, outcome }] });
    ledger.commit({ ...NOTHING, owe: [{ event, outcome: { ...outcome, rev: 2 } }] });
    ledger.settleOwed([{ event, outcome }]);
    const again = reopen();
    expect(again.load().work).toEqual([work]);
    expect(again.load().owed.map((owed) => owed.outcome.rev)).toEqual([2]);
    again.commit({ ...NOTHING, drop: [work] });
    again.settleOwed([{ event, outcome: { ...outcome, rev: 2 } }]);
    expect(reopen().load()).toMatchObject({ work: [], owed: [] });
  },
  "keeps the entity's other names, changed together with its lines": (ledger, reopen) => {
    ledger.load();
    const kin = { aliases: { "C-77": "owed" as const }, remotes: { erp: { id: "C-77" } } };
    ledger.commit({ ...NOTHING, kin });
    ledger.commit(NOTHING);
    expect(reopen().load().kin).toEqual(kin);
  },
  "keeps the newest marks": (ledger, reopen) => {
    ledger.load();
    const mark = { order: { kind: "int", value: "1" }, rank: 0, contentHash: "h", eventId: "e1", key: "d1" } as const;
    ledger.saveMarks({ crm: mark });
    ledger.saveMarks({ crm: { ...mark, eventId: "e2" } });
    expect(reopen().load().marks).toEqual({ crm: { ...mark, eventId: "e2" } });
  },
  "begins its chain at the beginning, where it died between its first marks and its first line": (ledger, reopen) => {
    ledger.load();
    ledger.saveMarks({ crm: { order: { kind: "int", value: "1" }, rank: 0, contentHash: "h", eventId: "e1", key: "d1" } });
    expect(reopen().load().head).toEqual(GENESIS);
  },
};
