import { randomUUID } from "node:crypto";
import type { Local } from "../local.ts";
import { opsToken } from "../ops-token.ts";
import { localSource, post, type LocalSource, type Outgoing } from "../sender.ts";

export interface Destination {
  readonly destination: string;
  readonly status: string;
  readonly class?: string;
  readonly reason?: string;
  readonly remote?: { readonly id: string; readonly number?: string };
  readonly attempts: readonly { readonly durationMs: number; readonly result: string; readonly startedAt: string }[];
}

export interface EventSeen {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly of: string | null;
  readonly correlationId: string;
  readonly receivedAt: string;
  readonly updatedAt: string;
  readonly destinations: readonly Destination[];
}

export interface Sent {
  readonly status: number;
  readonly id: string;
  readonly ackMs: number;
}

/** The demo's hands and eyes: posts as senders do, asks as operators do, and keeps count of every promise checked. */
export class Stage {
  readonly local: Local;
  readonly accepted: string[] = [];
  readonly broken: string[] = [];
  readonly #token: string;

  constructor(local: Local, token: string) {
    this.local = local;
    this.#token = token;
  }

  static async open(local: Local): Promise<Stage> {
    return new Stage(local, await opsToken(local.secrets, "admin"));
  }

  say(text: string): void {
    console.log(`  ${text}`);
  }

  scene(title: string): void {
    console.log(`\n${title}`);
  }

  /** Prints a promise with what was found; a false one fails the demo at its end. */
  check(promise: string, kept: boolean): void {
    console.log(`  ${kept ? "ok  " : "FAIL"} ${promise}`);
    if (!kept) this.broken.push(promise);
  }

  source(name: string): LocalSource {
    const source = localSource(name, this.local.secrets);
    if (source === null) throw new Error(`router.config.ts has no source "${name}"`);
    return source;
  }

  async send(source: string, outgoing: Outgoing): Promise<Sent> {
    const started = performance.now();
    const response = await post(this.local.routerUrl, this.source(source), outgoing);
    const ackMs = Math.round(performance.now() - started);
    await response.text();
    const id = response.headers.get("x-signalbox-event-id") ?? "";
    if (response.ok) this.accepted.push(id);
    return { status: response.status, id, ackMs };
  }

  async ops<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.local.routerUrl}/ops/v1${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The event once it has come to one of these statuses; the last that was seen when time is up. */
  async event(id: string, statuses: readonly string[], withinMs = 20_000): Promise<EventSeen> {
    return this.until(
      () => this.ops<EventSeen>(`/events/${id}`),
      (event) => statuses.includes(event.status),
      withinMs,
    );
  }

  async until<T>(ask: () => Promise<T>, done: (found: T) => boolean, withinMs = 20_000, everyMs = 50): Promise<T> {
    const endMs = Date.now() + withinMs;
    for (;;) {
      const found = await ask();
      if (done(found) || Date.now() > endMs) return found;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  async sandbox<T>(path: string, init?: { readonly method: string; readonly body?: object }): Promise<T> {
    const response = await fetch(`${this.local.sandbox.url}${path}`, {
      method: init?.method ?? "GET",
      headers: { authorization: `Bearer ${this.local.sandbox.secrets.erpApiKey}`, "content-type": "application/json" },
      ...(init?.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    return (await response.json()) as T;
  }

  /** One line of an event's way: id, time to the answer, time to the effect, and what the destinations made of it. */
  way(sent: Sent, event: EventSeen): void {
    const legs = event.destinations.map((leg) => {
      const last = leg.attempts.at(-1);
      const afterMs = last === undefined ? null : Date.parse(last.startedAt) + last.durationMs - Date.parse(event.receivedAt);
      const number = leg.remote?.number ?? leg.remote?.id;
      return `${leg.destination} ${leg.status}${number === undefined ? "" : ` as ${number}`}${afterMs === null ? "" : ` after ${afterMs} ms`}`;
    });
    this.say(`${event.id}  acknowledged in ${sent.ackMs} ms  ${legs.join(", ") || event.status}`);
  }
}

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A Salesforce outbound message about one opportunity. */
export function opportunity(fields: {
  readonly id: string;
  readonly name: string;
  readonly amount: string;
  readonly currency?: string;
  readonly stage?: string;
  readonly account?: string;
  readonly region?: string;
}): Outgoing {
  const { id, name, amount, currency = "EUR", stage = "Closed Won", account = "0012400000Ab1cDAAR", region = "EMEA" } = fields;
  const body = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D24000000abcDEAQ</OrganizationId><ActionId>04k24000000PXYZAA4</ActionId><SessionId xsi:nil="true"/>
<Notification><Id>04l${randomUUID().replaceAll("-", "").slice(0, 15)}</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
<sf:Id>${id}</sf:Id><sf:AccountId>${account}</sf:AccountId><sf:Amount>${amount}</sf:Amount><sf:CurrencyIsoCode>${currency}</sf:CurrencyIsoCode><sf:LastModifiedDate>${new Date().toISOString()}</sf:LastModifiedDate><sf:Name>${escape(name)}</sf:Name><sf:Region__c>${region}</sf:Region__c><sf:StageName>${stage}</sf:StageName>
</sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>`;
  return { body, contentType: "text/xml; charset=utf-8", headers: { soapaction: '""' } };
}

/** A message of our own provisioning service about one customer, as of `updatedAtMs`. */
export const customer = (fields: { readonly id: string; readonly name: string; readonly updatedAtMs: number }): Outgoing => ({
  contentType: "application/json",
  body: JSON.stringify({
    eventId: randomUUID(),
    type: "customer.updated",
    data: { id: fields.id, name: fields.name, tier: "gold", updatedAt: new Date(fields.updatedAtMs).toISOString() },
  }),
});

export const json = (value: object): Outgoing => ({ contentType: "application/json", body: JSON.stringify(value) });
