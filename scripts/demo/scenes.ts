import { randomUUID } from "node:crypto";
import { post } from "../sender.ts";
import { customer, json, opportunity, type EventSeen, type Stage } from "./stage.ts";

export const ENDED = ["delivered", "superseded", "ignored", "dead", "cancelled"];
const OPPORTUNITY = "0062400000Zz1aBAAR";

interface Order {
  readonly id: string;
  readonly number: string;
  readonly total: { readonly amount: string; readonly currency: string };
  readonly region?: string;
}

interface Summary {
  readonly effects: number;
  readonly duplicateEffects: number;
}

/** Quote to cash: what Salesforce closes becomes an order; what the ERP invoices comes back to CRM and support. */
export async function quoteToCash(stage: Stage): Promise<void> {
  stage.scene("1. An opportunity is closed in Salesforce and becomes an order in the ERP");
  const sent = await stage.send("salesforce", opportunity({ id: OPPORTUNITY, name: "Größenwahn & Co", amount: "1200.50" }));
  const event = await stage.event(sent.id, ENDED);
  stage.way(sent, event);
  const order = await stage.sandbox<Order>(`/erp/orders/by-key/${OPPORTUNITY}`);
  stage.check(
    `the ERP has order ${order.number} over ${order.total.amount} ${order.total.currency}, with our own field region = ${order.region}`,
    order.total.amount === "1200.50" && order.region === "EMEA",
  );

  stage.scene("2. The ERP invoices it; the invoice comes back to CRM and support");
  const invoice = await stage.sandbox<Order>(`/erp/orders/${order.id}/invoice`, { method: "POST" });
  for (const system of ["crm", "support"]) {
    const path = `/${system}/records/invoice/${encodeURIComponent(invoice.id)}`;
    const record = await stage.until(
      () => stage.sandbox<Partial<Order>>(path),
      (found) => found.total !== undefined,
    );
    stage.check(
      `${system} has invoice ${record.number ?? "none"} over ${record.total?.amount ?? "?"} ${record.total?.currency ?? ""}`,
      record.total?.amount === "1200.50",
    );
  }
  const trace = await stage.until(
    () => stage.ops<{ events: (EventSeen & { source: string; type: string })[] }>(`/trace/${encodeURIComponent(order.number)}`),
    (found) => found.events.length >= 3 && found.events.every((hop) => ENDED.includes(hop.status)),
  );
  for (const hop of trace.events) {
    if (!stage.accepted.includes(hop.id)) stage.accepted.push(hop.id);
    stage.say(`${hop.id}  ${hop.source} ${hop.type} -> ${hop.destinations.map((leg) => `${leg.destination} ${leg.status}`).join(", ")}`);
  }
  stage.check(`one question by order number ${order.number} shows all ${trace.events.length} hops`, trace.events.length >= 3);
}

export async function supportCase(stage: Stage): Promise<void> {
  stage.scene("3. A support case is opened in Zendesk and reaches the CRM");
  const id = "35436";
  const now = new Date().toISOString();
  const detail = {
    id,
    subject: "The train is late",
    status: "OPEN",
    priority: "HIGH",
    requester_id: "111",
    organization_id: "222",
    updated_at: now,
  };
  const sent = await stage.send(
    "zendesk",
    json({
      type: "zen:event-type:ticket.created",
      id: randomUUID(),
      time: now,
      zendesk_event_version: "2022-11-06",
      subject: `zen:ticket:${id}`,
      detail,
      event: {},
    }),
  );
  stage.way(sent, await stage.event(sent.id, ENDED));
  const record = await stage.sandbox<{ status?: string; priority?: string }>(`/crm/records/case/${id}`);
  stage.check(
    `the CRM has case ${id}: ${record.status}, priority ${record.priority}`,
    record.status === "open" && record.priority === "high",
  );
}

export async function storm(stage: Stage): Promise<void> {
  stage.scene("4. One Stripe webhook arrives in 100 copies at once");
  const before = (await stage.sandbox<Summary>("/crm/summary")).effects;
  const created = Math.floor(Date.now() / 1000);
  const body = json({
    id: `evt_${randomUUID()}`,
    object: "event",
    created,
    type: "invoice.paid",
    livemode: false,
    data: {
      object: {
        object: "invoice",
        id: "in_100",
        number: "S-100",
        status: "paid",
        currency: "eur",
        total: 990,
        amount_due: 990,
        amount_paid: 990,
      },
    },
  });
  const sent = await Promise.all(Array.from({ length: 100 }, () => stage.send("stripe", body)));
  const events = await Promise.all(sent.map((copy) => stage.event(copy.id, ENDED)));
  const delivered = events.filter((event) => event.status === "delivered");
  const effects = (await stage.sandbox<Summary>("/crm/summary")).effects - before;
  const slowest = Math.max(...sent.map((copy) => copy.ackMs));
  stage.say(
    `100 acknowledged, the slowest in ${slowest} ms; ${delivered.length} delivered, ${events.length - delivered.length} recognised as copies`,
  );
  stage.check(`${effects} effect in the CRM`, effects === 1 && delivered.length === 1 && sent.every((copy) => copy.status === 202));
}

export async function lateSnapshot(stage: Stage): Promise<void> {
  stage.scene("5. An older state arrives after a newer one");
  const now = Date.now();
  const newer = await stage.send("custom", customer({ id: "C-77", name: "Ada Ltd (new name)", updatedAtMs: now }));
  stage.way(newer, await stage.event(newer.id, ENDED));
  const older = await stage.send("custom", customer({ id: "C-77", name: "Ada Ltd", updatedAtMs: now - 60_000 }));
  const event = await stage.event(older.id, ENDED);
  stage.way(older, event);
  const record = await stage.sandbox<{ name?: string }>("/erp/customers/by-key/C-77");
  stage.check(
    `the older one is ${event.status}, and the ERP keeps "${record.name}"`,
    event.status === "superseded" && record.name === "Ada Ltd (new name)",
  );
}

export async function outage(stage: Stage): Promise<void> {
  stage.scene("6. The ERP goes down while five opportunities are won");
  const fault = await stage.sandbox<{ id: string }>("/faults", { method: "POST", body: { system: "erp", mode: "status", status: 503 } });
  const keys = Array.from({ length: 5 }, (_, i) => `0062400000Out0${i}AAR`);
  const sent = await Promise.all(
    keys.map((id, i) => stage.send("salesforce", opportunity({ id, name: `Outage ${i}`, amount: `${100 + i}.00` }))),
  );
  const waiting = await Promise.all(sent.map((one) => stage.event(one.id, ["retrying", "held", ...ENDED])));
  stage.say(
    `all five acknowledged (slowest ${Math.max(...sent.map((one) => one.ackMs))} ms); now ${waiting.map((event) => event.status).join(", ")}`,
  );
  stage.check(
    "nobody is told of success, nothing is dropped",
    waiting.every((event) => ["retrying", "held"].includes(event.status)),
  );
  await stage.sandbox(`/faults/${fault.id}`, { method: "DELETE" });
  const upAgain = Date.now();
  const events = await Promise.all(sent.map((one) => stage.event(one.id, ENDED, 40_000)));
  for (const [i, event] of events.entries())
    stage.say(
      `${event.id}  ${event.status} after ${event.destinations[0]?.attempts.length ?? 0} attempts${i === 0 ? `, ${Date.now() - upAgain} ms after the ERP came back` : ""}`,
    );
  const orders = await Promise.all(keys.map((key) => stage.sandbox<Partial<Order>>(`/erp/orders/by-key/${key}`)));
  stage.check(
    "all five are orders, once",
    events.every((event) => event.status === "delivered") && orders.every((order) => order.number !== undefined),
  );
}

export async function deadLetter(stage: Stage): Promise<void> {
  stage.scene("7. The ERP refuses an order; a person mends it");
  const key = "0062400000Gbp01AAR";
  const sent = await stage.send("salesforce", opportunity({ id: key, name: "Pounds & Co", amount: "50.00", currency: "GBP" }));
  stage.way(sent, await stage.event(sent.id, ENDED));
  interface Letter {
    readonly id: string;
    readonly eventId: string;
    readonly class: string;
    readonly fields: readonly { readonly field: string; readonly message: string }[];
    readonly owner: { readonly team: string };
    readonly nextStep: string;
  }
  const letters = await stage.ops<{ items: readonly Letter[] }>("/dead-letters");
  const letter = letters.items.find((item) => item.eventId === sent.id);
  stage.say(
    `dead letter for ${letter?.owner.team}: ${letter?.class}, ${letter?.fields.map((field) => `${field.field} ${field.message}`).join("; ")}`,
  );
  stage.say(`next step: ${letter?.nextStep}`);
  stage.check("it names owner, field and next step", letter?.class === "business" && letter.fields.length > 0);
  await stage.sandbox("/erp/settings/currencies", { method: "POST", body: { currency: "GBP" } });
  await stage.ops(`/dead-letters/${encodeURIComponent(letter?.id ?? "")}/retry`, { reason: "GBP is enabled in the ERP now" });
  const event = await stage.event(sent.id, ["delivered"]);
  const order = await stage.sandbox<Partial<Order>>(`/erp/orders/by-key/${key}`);
  stage.check(`after the retry it is ${event.status} as ${order.number}`, event.status === "delivered" && order.number !== undefined);
}

export async function forgeries(stage: Stage): Promise<void> {
  stage.scene("8. A forged and a stale request");
  const honest = customer({ id: "C-66", name: "Mallory", updatedAtMs: Date.now() });
  const source = stage.source("custom");
  const signedForOther = await post(stage.local.routerUrl, { ...source, secrets: [{ id: "guess", value: "a guess" }] }, honest);
  const stale = await post(stage.local.routerUrl, source, { ...honest, nowMs: Date.now() - 301_000 });
  stage.check(
    `a forged request gets ${signedForOther.status}, a stale one ${stale.status}`,
    signedForOther.status === 401 && stale.status === 401,
  );
  interface Rejection {
    readonly source: string;
    readonly reason: string;
    readonly count: number;
  }
  const listed = await stage.until(
    () => stage.ops<{ items: readonly Rejection[] }>("/rejections?source=custom"),
    (found) => found.items.length >= 2,
  );
  stage.check(
    `the rejection log says why: ${listed.items.map((item) => item.reason).join(", ")}`,
    ["signature_mismatch", "stale"].every((reason) => listed.items.some((item) => item.reason === reason)),
  );
}

/** Counts everything, from the router's index and from the systems' own records. */
export async function reckoning(stage: Stage): Promise<void> {
  stage.scene("Total");
  const events = await Promise.all([...new Set(stage.accepted)].map((id) => stage.event(id, ENDED)));
  const count = (status: string): number => events.filter((event) => event.status === status).length;
  const lost = events.filter((event) => !ENDED.includes(event.status)).length;
  const summaries = await Promise.all(["erp", "crm", "support"].map((system) => stage.sandbox<Summary>(`/${system}/summary`)));
  const duplicates = summaries.reduce((sum, summary) => sum + summary.duplicateEffects, 0);
  const chain = await stage.ops<{ intact: boolean; entries: number }>(`/entities/opportunity/${OPPORTUNITY}/verify`);
  stage.say(
    `received ${events.length}   delivered ${count("delivered")}   copies ${count("ignored")}   superseded ${count("superseded")}   dead ${count("dead")}   lost ${lost}   duplicate effects ${duplicates}`,
  );
  stage.check("nothing is lost, nothing was done twice", lost === 0 && duplicates === 0 && count("dead") === 0);
  stage.check(`the timeline of opportunity ${OPPORTUNITY} is whole: ${chain.entries} lines`, chain.intact && chain.entries > 0);
}
