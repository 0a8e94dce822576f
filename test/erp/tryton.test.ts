import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stage, json, opportunity, type EventSeen, type Sent } from "../../scripts/demo/stage.ts";
import { ROOT, startLocal, type Local } from "../../scripts/local.ts";
import type { Outgoing } from "../../scripts/sender.ts";
import { amount, type Row } from "../../scripts/tryton/rpc.ts";
import { TrytonProxy } from "../../scripts/tryton/proxy.ts";
import { startTryton, type Tryton } from "../../scripts/tryton/server.ts";

/** A real Tryton is slow: one sale takes a dozen calls. */
const WITHIN_MS = 60_000;
const ENDED = ["delivered", "superseded", "ignored", "dead", "cancelled"];
const ACCOUNT = "0012400000Ab1cDAAR";

const directory = mkdtempSync(path.join(tmpdir(), "signalbox-tryton-"));
let erp: Tryton;
let proxy: TrytonProxy;
let local: Local;
let stage: Stage;

beforeAll(async () => {
  erp = await startTryton(directory);
  proxy = await TrytonProxy.before(erp.url);
  local = await startLocal({
    port: 0,
    sandboxPort: 0,
    dataDir: path.join(directory, "router"),
    fresh: true,
    routerConfig: path.join(ROOT, "scripts", "tryton", "router.config.ts"),
    vars: { ERP_URL: proxy.url, TRYTON_PASSWORD: erp.password },
  });
  stage = await Stage.open(local);
}, 240_000);

afterAll(async () => {
  await local?.stop();
  await proxy?.close();
  await erp?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

const keyOf = (word: string): string => `0062400${word.padEnd(8, "0")}AAR`;

const won = (word: string, sum: string, more: { readonly account?: string; readonly stage?: string; readonly currency?: string } = {}) =>
  stage.send("salesforce", opportunity({ id: keyOf(word), name: word, amount: sum, ...more }));

const customerOf = (id: string, fields: Readonly<Record<string, string>>): Outgoing =>
  json({ eventId: randomUUID(), type: "customer.updated", data: { id, updatedAt: new Date().toISOString(), ...fields } });

const ended = (sent: Sent): Promise<EventSeen> => stage.event(sent.id, ENDED, WITHIN_MS);

const legOf = (event: EventSeen) => event.destinations.find(({ destination }) => destination === "erp");

async function delivered(sent: Sent): Promise<EventSeen> {
  const event = await ended(sent);
  expect(event.status, JSON.stringify(event)).toBe("delivered");
  return event;
}

const salesOf = (word: string): Promise<readonly Row[]> =>
  erp.admin.rows(
    "sale.sale",
    [["reference", "=", keyOf(word)]],
    ["number", "state", "party.code", "currency.code", "total_amount", "invoices", "lines.product.code", "lines.quantity"],
  );

const partyOf = async (code: string): Promise<Row | undefined> =>
  (await erp.admin.rows("party.party", [["code", "=", code]], ["name", "email", "lang"]))[0];

interface Letter {
  readonly id: string;
  readonly eventId: string;
  readonly class: string;
  readonly fields: readonly { readonly field: string; readonly message: string }[];
  readonly owner: { readonly team: string };
}

const letterOf = async (sent: Sent): Promise<Letter | undefined> =>
  (await stage.ops<{ items: readonly Letter[] }>("/dead-letters")).items.find(({ eventId }) => eventId === sent.id);

describe("a router before a real Tryton", () => {
  it("makes a customer a party under our key, and changes only what has changed", { timeout: WITHIN_MS }, async () => {
    await delivered(await stage.send("custom", customerOf(ACCOUNT, { name: "Größenwahn & Co", email: "ada@example.com" })));
    const made = await partyOf(ACCOUNT);
    expect(made).toMatchObject({ name: "Größenwahn & Co", email: "ada@example.com" });
    await delivered(await stage.send("custom", customerOf(ACCOUNT, { name: "Größenwahn SE" })));
    expect(await partyOf(ACCOUNT)).toMatchObject({ id: made?.["id"], name: "Größenwahn SE", email: "ada@example.com" });
    const again = await delivered(await stage.send("custom", customerOf(ACCOUNT, { name: "Größenwahn SE" })));
    expect(legOf(again)?.attempts.at(-1)?.result).toBe("duplicate");
  });

  it("makes a won opportunity a confirmed and processed sale, whose invoice is then posted", { timeout: WITHIN_MS }, async () => {
    const event = await delivered(await won("Won", "1200.50"));
    const [sale, ...others] = await salesOf("Won");
    expect(others).toEqual([]);
    expect(sale).toMatchObject({ state: "processing", "party.": { code: ACCOUNT }, "currency.": { code: "EUR" } });
    expect(amount(sale?.["total_amount"])).toBe("1200.50");
    expect(legOf(event)?.remote?.number).toBe(sale?.["number"]);

    const data = { id: "in_1", version: 1, status: "open", orderId: keyOf("Won"), issuedAt: new Date().toISOString() };
    await delivered(await stage.send("partner", json({ type: "invoice.finalized", timestamp: new Date().toISOString(), data })));
    const [invoice] = await erp.admin.rows("account.invoice", [["reference", "=", "in_1"]], ["state", "number", "total_amount", "sales"]);
    expect(invoice).toMatchObject({ state: "posted", sales: [sale?.["id"]] });
    expect(amount(invoice?.["total_amount"])).toBe("1200.50");
  });

  it("makes one sale of a storm of copies", { timeout: WITHIN_MS }, async () => {
    const outgoing = opportunity({ id: keyOf("Storm"), name: "Storm", amount: "77.00" });
    const copies = await Promise.all(Array.from({ length: 60 }, () => stage.send("salesforce", outgoing)));
    const events = await Promise.all(copies.map(ended));
    expect(events.filter(({ status }) => status === "delivered")).toHaveLength(1);
    expect((await salesOf("Storm")).map((sale) => sale["state"])).toEqual(["processing"]);
  });

  it("makes no second sale when the answer to the first one was lost", { timeout: WITHIN_MS }, async () => {
    proxy.loseAnswerTo("model.sale.sale.create");
    const event = await delivered(await won("Lost", "10.00"));
    expect(proxy.lost).toBe(1);
    expect(legOf(event)?.attempts.map(({ result }) => result)).toContain("ambiguous");
    expect((await salesOf("Lost")).map((sale) => sale["state"])).toEqual(["processing"]);
  });

  it("says of refused data which field it is, and delivers once the record is mended in Tryton", { timeout: WITHIN_MS }, async () => {
    const unknown = await won("Nobody", "5.00", { account: "0012400000NewOneAAR" });
    const pounds = await won("Pounds", "5.00", { currency: "GBP" });
    const fine = await won("Fine", "5.00001");
    expect((await Promise.all([unknown, pounds, fine].map(ended))).map(({ status }) => status)).toEqual(["dead", "dead", "dead"]);
    expect(await letterOf(unknown)).toMatchObject({
      class: "business",
      fields: [{ field: "customerId" }],
      owner: { team: "Revenue operations" },
    });
    expect(await letterOf(pounds)).toMatchObject({ class: "business", fields: [{ field: "total.currency" }] });
    const digits = await letterOf(fine);
    expect(digits).toMatchObject({ class: "business", fields: [{ field: "lines.unitPrice" }] });
    expect(digits?.fields[0]?.message).toContain("number of digits");

    await delivered(await stage.send("custom", customerOf("0012400000NewOneAAR", { name: "New One" })));
    await stage.ops(`/dead-letters/${encodeURIComponent((await letterOf(unknown))?.id ?? "")}/retry`, {
      reason: "the customer is there now",
    });
    await stage.event(unknown.id, ["delivered"], WITHIN_MS);
    expect((await salesOf("Nobody")).map((sale) => sale["state"])).toEqual(["processing"]);
  });

  it("refuses to change a sale that Tryton has processed, although Tryton itself would take it", { timeout: WITHIN_MS }, async () => {
    await delivered(await won("Late", "300.00"));
    const changed = await won("Late", "400.00");
    expect((await ended(changed)).status).toBe("dead");
    const letter = await letterOf(changed);
    expect(letter?.fields.map(({ field }) => field)).toEqual(["lines"]);
    expect(letter?.fields[0]?.message).toContain('"processing"');
    expect((await salesOf("Late")).map((sale) => amount(sale["total_amount"]))).toEqual(["300.00"]);
  });

  it("keeps what a person changes in Tryton at the same time", { timeout: WITHIN_MS }, async () => {
    const id = (await partyOf(ACCOUNT))?.["id"] ?? 0;
    const languages = await erp.admin.ids("ir.lang", []);
    const sent: Sent[] = [];
    for (let round = 1; round <= 5; round++) {
      const typed = erp.admin.call("model.party.party.write", [[id], { lang: languages[round] ?? null }]);
      const [ours] = await Promise.all([
        stage.send("custom", customerOf(ACCOUNT, { name: `Round ${round}`, email: `round${round}@example.com` })),
        typed,
      ]);
      sent.push(ours);
    }
    const events = await Promise.all(sent.map(ended));
    expect(events.filter(({ status }) => status !== "delivered" && status !== "superseded")).toEqual([]);
    expect(await partyOf(ACCOUNT)).toMatchObject({ name: "Round 5", email: "round5@example.com", lang: languages[5] ?? null });
  });

  it("waits when its login is throttled, and delivers when it is let in again", { timeout: WITHIN_MS }, async () => {
    // A wrong password is answered late on purpose; that it was wrong counts at once.
    const guess = (): Promise<number> =>
      fetch(`${erp.url}/`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ id: 1, method: "common.db.login", params: ["signalbox", { password: "a guess" }, "en"] }),
        signal: AbortSignal.timeout(30_000),
      }).then(
        ({ status }) => status,
        () => 0,
      );
    const told = await stage.until(
      () => Promise.race([guess(), new Promise<number>((resolve) => setTimeout(() => resolve(0), 700))]),
      (status) => status === 429,
      30_000,
    );
    expect(told).toBe(429);
    const database = new DatabaseSync(erp.databaseFile);
    database.exec("PRAGMA busy_timeout = 10000; DELETE FROM ir_session");
    database.close();
    const event = await delivered(await won("Guessed", "9.00"));
    expect(legOf(event)?.attempts.map(({ result }) => result)).toContain("throttled");
    expect((await salesOf("Guessed")).map((sale) => sale["state"])).toEqual(["processing"]);
  });

  it("loses and doubles nothing when Tryton is killed in mid-delivery and started again", { timeout: 2 * WITHIN_MS }, async () => {
    const words = Array.from({ length: 16 }, (_none, index) => `Kill${String(index).padStart(2, "0")}`);
    const callsBefore = proxy.calls.length;
    const sent = await Promise.all(words.map((word, index) => won(word, `${100 + index}.00`)));
    await stage.until(
      () => Promise.resolve(proxy.calls.slice(callsBefore).filter((method) => method === "model.sale.sale.create").length),
      (created) => created >= 4,
      WITHIN_MS,
    );
    await erp.kill();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await erp.start();
    const events = await Promise.all(sent.map(ended));
    expect(events.map(({ status }) => status)).toEqual(words.map(() => "delivered"));
    const sales = await Promise.all(words.map(salesOf));
    expect(sales.map((found) => found.filter(({ state }) => state !== "cancelled").map(({ state }) => state))).toEqual(
      words.map(() => ["processing"]),
    );
    expect(sales.map((found) => amount(found.find(({ state }) => state === "processing")?.["total_amount"]))).toEqual(
      words.map((_word, index) => `${100 + index}.00`),
    );
    const invoices = await erp.admin.rows("account.invoice", [["sales.reference", "in", words.map(keyOf)]], ["id"]);
    expect(invoices).toHaveLength(words.length);
  });
});
