import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { EntityKind } from "../../src/domain/entities/index.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { isRate } from "../../src/domain/slas/declare.ts";
import { router } from "../../src/router.config.ts";
import type { AnswerOf } from "../../src/http/operations.ts";
import { post, told } from "../support/flow-story.ts";
import { destinations, ops } from "../support/router.ts";
import { reckon, type Audited } from "../support/sla-audit.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;

/** What systems tell of, and in which words. Each record's words come in the order of their times. */
const TELLERS: readonly { readonly source: string; readonly kind: EntityKind; readonly words: readonly JsonObject[] }[] = [
  {
    source: "salesforce",
    kind: "opportunity",
    words: [
      { stage: "won", region: "EMEA", amount: { amount: "10.00", currency: "EUR" } },
      { stage: "open", region: "EMEA" },
      { stage: "lost", region: "EMEA" },
    ],
  },
  { source: "sandbox-erp", kind: "order", words: [{ status: "confirmed" }, { status: "fulfilled" }] },
  { source: "sandbox-erp", kind: "invoice", words: [{ status: "open" }, { status: "paid" }] },
  { source: "custom", kind: "entitlement", words: [{ status: "active" }, { status: "pending" }] },
  {
    source: "zendesk",
    kind: "case",
    words: [
      { status: "open", priority: "urgent" },
      { status: "open", priority: "low" },
    ],
  },
];

interface Word {
  readonly teller: number;
  readonly record: number;
  readonly word: number;
  readonly agoMinutes: number;
}

/** Words of these tellers, so many minutes old at most. */
const traffic = (tellers: typeof TELLERS, records: number, agoMinutes: number): fc.Arbitrary<readonly Word[]> =>
  fc.array(
    fc.record({
      teller: fc.nat({ max: tellers.length - 1 }),
      record: fc.nat({ max: records }),
      word: fc.nat({ max: 2 }),
      agoMinutes: fc.integer({ min: 1, max: agoMinutes }),
    }),
    { minLength: 160, maxLength: 160 },
  );

function eventsOf(
  tellers: typeof TELLERS,
  words: readonly Word[],
  { nowMs, name }: { readonly nowMs: number; readonly name: string },
): readonly { readonly event: EntityEvent; readonly data: JsonObject }[] {
  return words
    .toSorted((a, b) => b.agoMinutes - a.agoMinutes)
    .flatMap(({ teller, record, word, agoMinutes }, index) => {
      const said = tellers[teller];
      const data = said?.words[word % said.words.length];
      if (said === undefined || data === undefined) return [];
      // Some entitlements are of an order that there is, which is what ends the orders' span.
      const named = said.kind === "entitlement" ? { ...data, orderId: `${name}-order-${record % 6}` } : data;
      const atMs = nowMs - agoMinutes * MINUTE_MS + index;
      return [{ event: told(said.source, said.kind, `${name}-${said.kind}-${record}`, named, atMs), data: named }];
    });
}

type Event = AnswerOf<"getEvent">;

const FINAL = ["delivered", "superseded", "ignored", "dead"];

async function audited(sent: ReturnType<typeof eventsOf>): Promise<readonly Audited[]> {
  const read = async (id: string): Promise<Event> => (await ops(`/events/${id}`)).json<Event>();
  return Promise.all(
    sent.map(async ({ event, data }) => {
      const seen = await vi.waitUntil(
        async () => {
          const now = await read(event.id);
          return FINAL.includes(now.status) ? now : false;
        },
        { timeout: 25_000, interval: 100 },
      );
      return { event: seen, data };
    }),
  );
}

/** Those of the deployment that look at all hours. */
const DECLARED = Object.entries(router.slas ?? {}).filter(([, sla]) => isRate(sla) || sla.calendar === undefined);

/** Cases that nobody takes up, or somebody does, in the time of a day and a night. */
const CASES: typeof TELLERS = [
  {
    source: "zendesk",
    kind: "case",
    words: [
      { status: "new", priority: "low" },
      { status: "open", priority: "low" },
    ],
  },
];

/** The last time that it was half past ten in Berlin, the morning after a working day. */
function lastMorningMs(): number {
  const wall = new Intl.DateTimeFormat("en-US", {
    timeZone: "Europe/Berlin",
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const isIt = (atMs: number): boolean => /^(Tue|Wed|Thu|Fri)\W+10:30$/.test(wall.format(atMs));
  let atMs = Date.now() - (Date.now() % MINUTE_MS);
  while (!isIt(atMs)) atMs -= MINUTE_MS;
  return atMs;
}

describe("the figures of every SLA", () => {
  it("are those that the audit trail alone comes to, over generated traffic through the pipeline", async () => {
    // A third of the ERP's and the CRM's records are refused, for good.
    destinations(({ url, body }) =>
      /audit-\w+-[258]\b/.test(`${url}${body}`)
        ? Response.json({ errors: [{ field: "x", message: "is not allowed" }] }, { status: 422 })
        : Response.json({ id: `R-${url.split("/").at(-1)}`, version: 1 }),
    );
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const [words = []] = fc.sample(traffic(TELLERS, 12, 40), { numRuns: 1, seed });
    const sent = eventsOf(TELLERS, words, { nowMs: Date.now(), name: "audit" });
    for (const { event } of sent) await post(event);
    const trail = await audited(sent);

    // Some are due meanwhile.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6 * MINUTE_MS });
    const figures = await Promise.all(DECLARED.map(([name]) => readSla(name)));
    const reckoned = DECLARED.map(([name, sla]) => ({ name, ...reckon(sla, trail, Date.now()) }));
    expect(figures, `seed ${seed}`).toEqual(reckoned);
    isTelling(reckoned);
  });

  it("count working hours alone where a calendar says so, over a day and a night", async () => {
    destinations();
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const [words = []] = fc.sample(traffic(CASES, 70, 23 * 60), { numRuns: 1, seed });
    vi.useFakeTimers({ toFake: ["Date"], now: lastMorningMs() });
    const sent = eventsOf(CASES, words, { nowMs: Date.now(), name: "hours" });
    for (const { event } of sent) await post(event);
    const trail = await audited(sent);
    const { caseResponse } = router.slas ?? {};
    if (caseResponse === undefined) throw new Error("the deployment has no SLA with a calendar");
    const reckoned = { name: "caseResponse", ...reckon(caseResponse, trail, Date.now()) };
    expect(await readSla("caseResponse"), `seed ${seed}`).toEqual(reckoned);
    isTelling([reckoned]);
  });
});

/** A reckoning of nothing would agree with anything. How many there are of each is chance. */
function isTelling(reckoned: readonly { readonly good: number; readonly bad: number; readonly open: number }[]): void {
  for (const what of ["good", "bad", "open"] as const) expect(reckoned.reduce((all, each) => all + each[what], 0)).toBeGreaterThan(0);
}

/** An SLA as the API tells it, with the records that are late. */
async function readSla(name: string): Promise<object> {
  const late: string[] = [];
  for (let cursor = ""; ;) {
    const page = await (await ops(`/slas/${name}?limit=100${cursor}`, "viewer")).json<AnswerOf<"getSla">>();
    const perEvent = isPerEvent(name);
    late.push(...page.late.items.map(({ entity, eventId }) => (perEvent ? eventId : entity.key)));
    if (page.late.nextCursor === null) {
      const { good, bad, open } = page.sla;
      return { name, good, bad, open, late: late.toSorted() };
    }
    cursor = `&cursor=${encodeURIComponent(page.late.nextCursor)}`;
  }
}

function isPerEvent(name: string): boolean {
  const sla = router.slas?.[name];
  return sla !== undefined && !isRate(sla) && sla.from.per === "event";
}
