import { randomUUID } from "node:crypto";
import { amount, shown, type Row } from "../tryton/rpc.ts";
import type { Tryton } from "../tryton/server.ts";
import { ENDED } from "./scenes.ts";
import { json, opportunity, type EventSeen, type Sent, type Stage } from "./stage.ts";

/** One sale takes a dozen calls, and a real ERP serves few of them a second. */
const WITHIN_MS = 60_000;
const ACCOUNT = "0012400000Ab1cDAAR";
const WON = "0062400000Zz1aBAAR";

const salesOf = (erp: Tryton, key: string): Promise<readonly Row[]> =>
  erp.admin.rows("sale.sale", [["reference", "=", key]], ["number", "state", "total_amount", "currency.code", "invoices"]);

const ended = (stage: Stage, sent: Sent): Promise<EventSeen> => stage.event(sent.id, ENDED, WITHIN_MS);

/** Customer, sale and invoice, as far as each system goes by itself. */
export async function quoteToCash(stage: Stage, erp: Tryton): Promise<void> {
  stage.scene("1. A customer, and an opportunity that is closed in Salesforce: a party and a sale in Tryton");
  const data = { id: ACCOUNT, name: "Größenwahn & Co", email: "ada@example.com", updatedAt: new Date().toISOString() };
  const made = await stage.send("custom", json({ eventId: randomUUID(), type: "customer.updated", data }));
  stage.way(made, await ended(stage, made));
  const sent = await stage.send("salesforce", opportunity({ id: WON, name: "Größenwahn & Co", amount: "1200.50" }));
  stage.way(sent, await ended(stage, sent));
  const [sale] = await salesOf(erp, WON);
  const total = sale === undefined ? "nothing" : amount(sale["total_amount"]);
  stage.check(
    `Tryton has sale ${shown(sale?.["number"])} over ${total}, in state "${shown(sale?.["state"])}"`,
    total === "1200.50" && sale?.["state"] === "processing",
  );

  stage.scene("2. The billing partner sends the invoice out; Tryton's own is posted");
  const invoice = { id: "in_1", version: 1, status: "open", orderId: WON, issuedAt: new Date().toISOString() };
  const billed = await stage.send("partner", json({ type: "invoice.finalized", timestamp: new Date().toISOString(), data: invoice }));
  stage.way(billed, await ended(stage, billed));
  const [posted] = await erp.admin.rows("account.invoice", [["reference", "=", "in_1"]], ["number", "state", "total_amount"]);
  stage.check(`invoice ${shown(posted?.["number"])} is "${shown(posted?.["state"])}"`, posted?.["state"] === "posted");
}

export async function storm(stage: Stage, erp: Tryton): Promise<void> {
  stage.scene("3. One Salesforce message arrives in 100 copies at once");
  const key = "0062400000Storm0AAR";
  const outgoing = opportunity({ id: key, name: "Storm", amount: "77.00" });
  const copies = await Promise.all(Array.from({ length: 100 }, () => stage.send("salesforce", outgoing)));
  const events = await Promise.all(copies.map((copy) => ended(stage, copy)));
  const delivered = events.filter(({ status }) => status === "delivered").length;
  stage.say(`100 acknowledged, the slowest in ${Math.max(...copies.map(({ ackMs }) => ackMs))} ms; ${delivered} delivered`);
  const sales = await salesOf(erp, key);
  stage.check(`${sales.length} sale in Tryton`, sales.length === 1 && delivered === 1);
}

export async function powerCut(stage: Stage, erp: Tryton): Promise<void> {
  stage.scene("4. Tryton is killed while six opportunities are won");
  const keys = Array.from({ length: 6 }, (_none, index) => `0062400000Cut0${index}AAR`);
  const sent = await Promise.all(
    keys.map((id, index) => stage.send("salesforce", opportunity({ id, name: `Cut ${index}`, amount: `${100 + index}.00` }))),
  );
  await stage.until(
    () => erp.admin.ids("sale.sale", [["reference", "in", keys]]),
    (sales) => sales.length >= 2,
    WITHIN_MS,
  );
  await erp.kill();
  stage.say(
    `killed with some of them under way; all six were acknowledged, the slowest in ${Math.max(...sent.map(({ ackMs }) => ackMs))} ms`,
  );
  await erp.start();
  const upAgain = Date.now();
  const events = await Promise.all(sent.map((one) => ended(stage, one)));
  stage.say(
    `all ended ${Date.now() - upAgain} ms after Tryton came back, in ${events.map(({ destinations }) => destinations[0]?.attempts.length ?? 0).join(", ")} attempts`,
  );
  const sales = await Promise.all(keys.map((key) => salesOf(erp, key)));
  const live = sales.map((found) => found.filter(({ state }) => state !== "cancelled"));
  stage.check(
    "all six are processed sales, once",
    live.every((found) => found.length === 1 && found[0]?.["state"] === "processing"),
  );
}

export async function deadLetter(stage: Stage): Promise<void> {
  stage.scene("5. Tryton does not have the customer; a person mends it");
  const account = "0012400000Gbp01AAR";
  const sent = await stage.send("salesforce", opportunity({ id: "0062400000Gbp01AAR", name: "Unknown & Co", amount: "50.00", account }));
  stage.way(sent, await ended(stage, sent));
  const letters = await stage.ops<{
    items: readonly {
      id: string;
      eventId: string;
      class: string;
      fields: readonly { field: string; message: string }[];
      owner: { team: string };
    }[];
  }>("/dead-letters");
  const letter = letters.items.find(({ eventId }) => eventId === sent.id);
  stage.say(`dead letter for ${letter?.owner.team}: ${letter?.fields.map(({ field, message }) => `${field}: ${message}`).join("; ")}`);
  stage.check("it names owner and field", letter?.class === "business" && letter.fields[0]?.field === "customerId");
  const data = { id: account, name: "Unknown & Co", updatedAt: new Date().toISOString() };
  const made = await stage.send("custom", json({ eventId: randomUUID(), type: "customer.updated", data }));
  await ended(stage, made);
  await stage.ops(`/dead-letters/${encodeURIComponent(letter?.id ?? "")}/retry`, { reason: "the customer is in Tryton now" });
  const event = await stage.event(sent.id, ["delivered"], WITHIN_MS);
  stage.check(`after the retry it is ${event.status}`, event.status === "delivered");
}

/** Counts everything, from the router's index and from Tryton's own books. */
export async function reckoning(stage: Stage, erp: Tryton): Promise<void> {
  stage.scene("Total");
  const events = await Promise.all([...new Set(stage.accepted)].map((id) => stage.event(id, ENDED, WITHIN_MS)));
  const count = (status: string): number => events.filter((event) => event.status === status).length;
  const lost = events.filter((event) => !ENDED.includes(event.status)).length;
  const sales = await erp.admin.rows("sale.sale", [["state", "!=", "cancelled"]], ["reference"]);
  const doubled = sales.length - new Set(sales.map(({ reference }) => reference)).size;
  const chain = await stage.ops<{ intact: boolean; entries: number }>(`/entities/opportunity/${WON}/verify`);
  stage.say(
    `received ${events.length}   delivered ${count("delivered")}   copies ${count("ignored")}   dead ${count("dead")}   lost ${lost}   sales ${sales.length}, of them double ${doubled}`,
  );
  stage.check("nothing is lost, nothing was done twice", lost === 0 && doubled === 0 && count("dead") === 0);
  stage.check(`the timeline of opportunity ${WON} is whole: ${chain.entries} lines`, chain.intact && chain.entries > 0);
}
