import { customer, json, opportunity, type Stage } from "../../../scripts/demo/stage.ts";
import type { Outgoing } from "../../../scripts/sender.ts";

const ENDED = ["delivered", "superseded", "ignored", "dead", "cancelled"];
const MINUTE_MS = 60_000;

/** What a bad morning leaves behind, made by the senders and systems themselves; answers the events of the customer C-1. */
export async function badMorning(stage: Stage): Promise<readonly string[]> {
  const customerEvents = await customerHistory(stage);
  await drift(stage);
  const won = await stage.send("salesforce", opportunity({ id: "0062400000Zz1aBAAR", name: "Größenwahn & Co", amount: "1200.50" }));
  await stage.event(won.id, ["delivered"]);
  for (let i = 0; i < 6; i++) await deadOpportunity(stage, `0062400000Gbp${i}1AAR`);
  await blockedSale(stage, "0062400000Flow0AAR");
  await unreadable(stage);
  await cron(stage, 1);
  return customerEvents;
}

/** Two states of one customer, and then one that is older. */
async function customerHistory(stage: Stage): Promise<readonly string[]> {
  const nowMs = Date.now();
  const states = [
    { id: "C-1", name: "Ada Ltd", updatedAtMs: nowMs - MINUTE_MS },
    { id: "C-1", name: "Ada & Sons Ltd", updatedAtMs: nowMs },
    { id: "C-1", name: "An older name", updatedAtMs: nowMs - 1.5 * MINUTE_MS },
  ];
  const events: string[] = [];
  for (const state of states) {
    const { id } = await stage.send("custom", customer(state));
    events.push(id);
    await stage.event(id, ENDED);
  }
  return events;
}

async function unreadable(stage: Stage): Promise<void> {
  await stage.send("custom", json({ eventId: `odd-${Date.now()}`, type: "customer.updated", data: { name: "nobody" } }));
  await stage.send("stripe", json({ not: "an event" }));
  await stage.until(
    () => stage.ops<{ items: readonly unknown[] }>("/dead-letters?list=platform"),
    ({ items }) => items.length > 0,
  );
}

/** An opportunity in a currency that the ERP does not take: refused for good. */
export async function deadOpportunity(stage: Stage, id: string, currency = "GBP"): Promise<string> {
  const sent = await stage.send("salesforce", opportunity({ id, name: "Pounds & Co", amount: "50.00", currency }));
  await stage.event(sent.id, ["dead"]);
  return sent.id;
}

/** A won sale of the region whose sales are taken to cash by a flow. */
export const sale = (id: string, amount: string): Outgoing => {
  const outgoing = opportunity({ id, name: "Alpenbahn AG", amount });
  return { ...outgoing, body: outgoing.body.replace("<sf:Region__c>EMEA<", "<sf:Region__c>DACH<") };
};

interface Run {
  readonly id: string;
  readonly state: string;
  readonly step: string | null;
}
export const flowRun = async (stage: Stage, id: string): Promise<Run | undefined> =>
  (await stage.ops<{ items: readonly Run[] }>(`/flows?key=${id}`)).items[0];

/** A sale without an amount: its flow waits for a person. Answers the run's id. */
export async function blockedSale(stage: Stage, id: string): Promise<string> {
  await stage.send("salesforce", sale(id, "0.00"));
  const run = await stage.until(
    () => flowRun(stage, id),
    (found) => found?.state === "blocked",
  );
  if (run?.state !== "blocked") throw new Error(`the flow of ${id} is not blocked: ${JSON.stringify(run)}`);
  return run.id;
}

/** Somebody has renamed one customer in the ERP, deleted another and made a third by hand. */
async function drift(stage: Stage): Promise<void> {
  for (const id of ["C-21", "C-22", "C-23"]) {
    const sent = await stage.send("custom", customer({ id, name: `Signal Works ${id}`, updatedAtMs: Date.now() }));
    await stage.event(sent.id, ["delivered"]);
  }
  for (const id of ["C-21", "C-23"]) await behindOurBack(stage, id, { name: `Renamed ${id}` });
  await stage.sandbox("/erp/customers/by-key/C-22", { method: "DELETE" });
  await stage.sandbox("/erp/customers/by-key/C-90", { method: "PUT", body: { name: "Made by hand", status: "active" } });
  await compareCustomers(stage);
}

/** A change in the ERP that nobody tells the router of. */
export const behindOurBack = (stage: Stage, customerId: string, change: object): Promise<unknown> =>
  stage.sandbox(`/erp/customers/by-key/${customerId}`, { method: "PATCH", body: change });

interface Reconciliation {
  readonly name: string;
  readonly lastRun: { readonly id: string; readonly state: string } | null;
}

/** Compares every customer with the ERP, to the end. */
export async function compareCustomers(stage: Stage): Promise<void> {
  const begun = await stage.ops<{ id: string }>("/reconciliations/customers/run", { mode: "full", reason: "what the tests look at" });
  await stage.until(
    () => stage.ops<{ items: readonly Reconciliation[] }>("/reconciliations"),
    ({ items }) => items.some(({ lastRun }) => lastRun?.id === begun.id && lastRun.state !== "running"),
  );
}

/** What the cron does `minutes` from now. */
export async function cron(stage: Stage, minutes: number): Promise<void> {
  const timeMs = Date.now() + minutes * MINUTE_MS;
  const done = await fetch(`${stage.local.routerUrl}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}&time=${timeMs}`);
  if (!done.ok) throw new Error(`the cron answered ${done.status}: ${await done.text()}`);
}
