import { writeFileSync } from "node:fs";
import path from "node:path";
import { Stage, json, type EventSeen, type Sent } from "../demo/stage.ts";
import { ROOT, startLocal, type Local } from "../local.ts";
import { TrytonProxy } from "../tryton/proxy.ts";
import { startTryton, type Tryton } from "../tryton/server.ts";
import { Books, type Party, type Sale } from "./books.ts";
import { castOf, type Cast, type ProofSize } from "./cast.ts";
import type { Terms } from "./deployment.ts";
import { DRIFT_KINDS, HARMLESS, type DriftKind, type Victim, type World } from "./drifts.ts";
import { inParallel } from "./in-parallel.ts";
import type { Lived } from "./lateness.ts";
import { reckon, type Injected, type Reckoning } from "./reckoning.ts";
import { opportunityKey, tellOfCustomer, tellOfWin, Traffic } from "./traffic.ts";
import { Watch } from "./watching.ts";

const ENDED = ["delivered", "superseded", "ignored", "dead", "cancelled"];
/** Each sends its next event when the one before is delivered, so that Tryton is never behind. */
const SENDERS = 16;
/** A machine may be slow; what hangs is found all the same. */
const DELIVERED_WITHIN_MS = 120_000;
/** Seldom: asking costs the router as much as delivering. */
const ASK_EVERY_MS = 400;
const LOOK_EVERY_MS = 1_000;

/**
 * Changes a real Tryton behind the router's back while live traffic runs through the router in workerd, and holds what the
 * router's reconciliation finds against what was done. Everything is kept under `directory`.
 */
export async function proveDrift(size: ProofSize, directory: string, say: (line: string) => void): Promise<Reckoning> {
  let [erp, proxy, local]: [Tryton | null, TrytonProxy | null, Local | null] = [null, null, null];
  try {
    erp = await startTryton(directory);
    proxy = await TrytonProxy.before(erp.url);
    say(`Tryton answers at ${erp.url}`);
    const cast = castOf(size);
    const books = await Books.with(erp, cast.counts);
    say(`${books.parties.length} customers and ${books.sales.length} orders are in its books`);
    local = await startLocal({
      port: 0,
      sandboxPort: 0,
      dataDir: path.join(directory, "router"),
      fresh: true,
      // Compared only once both sides have been brought to one view.
      cron: false,
      routerConfig: configFile(directory, size.terms),
      vars: { ERP_URL: proxy.url, TRYTON_PASSWORD: erp.password },
    });
    return await new Proof({ size, books, proxy, stage: await Stage.open(local), cast, say }).run();
  } finally {
    await local?.stop();
    await proxy?.close();
    await erp?.stop();
  }
}

function configFile(directory: string, terms: Terms): string {
  const file = path.join(directory, "router.config.ts");
  const deployment = JSON.stringify(path.join(ROOT, "scripts", "proof", "deployment.ts"));
  writeFileSync(file, `import { deploymentWith } from ${deployment};\nexport const router = deploymentWith(${JSON.stringify(terms)});\n`);
  return file;
}

class Proof {
  readonly #size: ProofSize;
  readonly #books: Books;
  readonly #proxy: TrytonProxy;
  readonly #stage: Stage;
  readonly #cast: Cast;
  readonly #say: (line: string) => void;
  readonly #watch: Watch;
  readonly #injected: Injected[] = [];
  readonly #held: string[] = [];

  constructor(parts: {
    readonly size: ProofSize;
    readonly books: Books;
    readonly proxy: TrytonProxy;
    readonly stage: Stage;
    readonly cast: Cast;
    readonly say: (line: string) => void;
  }) {
    this.#size = parts.size;
    this.#books = parts.books;
    this.#proxy = parts.proxy;
    this.#stage = parts.stage;
    this.#cast = parts.cast;
    this.#say = parts.say;
    this.#watch = new Watch(parts.stage);
  }

  async run(): Promise<Reckoning> {
    const made = await this.#agree();
    const { terms } = this.#size;
    this.#watch.startClock(Math.min(10_000, (terms.everySeconds * 1_000) / 4));
    await this.#untilFullRun(0);
    this.#say("everything has been compared once");
    const traffic = new Traffic(this.#stage, this.#live());
    traffic.start();
    const startedAtMs = Date.now();
    await this.#inject(made);
    this.#say(`${this.#injected.length} drifts were made in ${seconds(startedAtMs)} s`);
    await this.#untilEnded();
    this.#say(`what could be repaired is, after ${seconds(startedAtMs)} s`);
    this.#proxy.unlockAll();
    await this.#untilDelivered(this.#held);
    await this.#untilFullRun(Date.now());
    const sent = await traffic.stop();
    const live = await inParallel(SENDERS, sent, async (event) => ({ ...event, ...(await this.#delivered(event)) }));
    await this.#untilFullRun(Date.now() + terms.graceSeconds * 1_000);
    await this.#watch.stopClock();
    const findings = await this.#watch.look();
    return reckon({
      injected: this.#injected,
      findings,
      told: [...this.#watch.told.values()],
      runs: [...this.#watch.runs.values()],
      terms,
      entities: this.#size.entities,
      harmless: this.#cast.harmless * HARMLESS.length,
      live,
      names: await this.#books.namesOf(
        this.#injected.filter(({ kind }) => kind.named.reconciliation === "customers").map(({ key }) => key),
      ),
    });
  }

  /** Brings router and ERP to one view: customers come from our own service and are delivered, orders are told by the ERP. */
  async #agree(): Promise<readonly Victim[]> {
    const { parties, sales } = this.#books;
    const startedAtMs = Date.now();
    const ours = [...this.#actors(), ...this.#live()];
    await inParallel(SENDERS, ours, async (party) => this.#delivered(await tellOfCustomer(this.#stage, party)));
    const others = parties.filter((party) => !ours.includes(party));
    // The company itself is a party of its books too.
    const [us = 0] = await this.#books.erp.admin.ids("party.party", [["code", "=", "US"]]);
    const told = [
      ...(await inParallel(SENDERS, [...others, { id: us, code: "US", name: "Our Company" }], (party) => this.#tellOfParty(party))),
      ...(await inParallel(SENDERS, sales, (sale) => this.#tellOfOrder(sale))),
    ];
    await this.#untilDelivered(told.map(({ id }) => id));
    const keys = Array.from({ length: this.#cast.counts.made }, (_none, number) => opportunityKey("PR", number));
    await inParallel(SENDERS, keys, async (key, index) => this.#delivered(await tellOfWin(this.#stage, key, this.#buyer(index).code)));
    this.#say(`router and ERP agree on ${parties.length + sales.length + keys.length} records after ${seconds(startedAtMs)} s`);
    return inParallel(SENDERS, keys, async (key, index) => ({
      of: "made",
      key,
      id: await this.#books.saleIdOf(key),
      party: this.#buyer(index),
    }));
  }

  #buyer(index: number): Party {
    const { parties, counts } = { parties: this.#books.parties, counts: this.#cast.counts };
    const buyer = parties[index % counts.buyers];
    if (buyer === undefined) throw new Error("there are no buyers");
    return buyer;
  }

  /** Customers that something will happen to in the ERP: the router has brought them there. */
  #actors(): readonly Party[] {
    const { times, harmless, counts } = this.#cast;
    const drifting = DRIFT_KINDS.reduce((sum, { victim }, index) => sum + (victim === "party" ? (times[index] ?? 0) : 0), 0);
    const harmed = harmless * HARMLESS.filter(({ victim }) => victim === "party").length;
    return this.#books.parties.slice(counts.buyers, counts.buyers + drifting + harmed);
  }

  /** Customers that our own service tells of all the while. */
  #live(): readonly Party[] {
    return this.#books.parties.slice(-Math.ceil(this.#books.parties.length / 20));
  }

  #tellOfParty({ id, name }: Party): Promise<Sent> {
    const data = { id: String(id), version: Date.now() * 1_000, name, status: "active" };
    return this.#stage.send("sandbox-erp", json({ type: "customer.updated", timestamp: new Date().toISOString(), data }));
  }

  #tellOfOrder({ id, reference, customer, amount }: Sale): Promise<Sent> {
    const data = {
      id: String(id),
      version: 1,
      number: reference,
      customerId: customer,
      status: "draft",
      total: { amount, currency: "EUR" },
    };
    return this.#stage.send("sandbox-erp", json({ type: "order.updated", timestamp: new Date().toISOString(), data }));
  }

  /** Kind after kind in turn, so that every kind meets every moment of a run. */
  async #inject(made: readonly Victim[]): Promise<void> {
    const victims: Readonly<Record<Victim["of"], Iterator<Victim, undefined>>> = {
      party: this.#actors()
        .map((party): Victim => ({ of: "party", party }))
        .values(),
      sale: this.#books.sales.map((sale): Victim => ({ of: "sale", sale })).values(),
      made: made.values(),
    };
    const next = (of: Victim["of"]): Victim => {
      const { value, done } = victims[of].next();
      if (done === true) throw new Error(`too few entities for so many drifts: no ${of} is left`);
      return value;
    };
    const world: World = { books: this.#books, hold: (party) => this.#hold(party) };
    const rounds = Math.max(...this.#cast.times);
    for (let round = 0; round < rounds; round++) {
      for (const [index, kind] of DRIFT_KINDS.entries()) {
        const times = this.#cast.times[index] ?? 0;
        // Spread evenly over the rounds.
        if (Math.floor(((round + 1) * times) / rounds) === Math.floor((round * times) / rounds)) continue;
        await this.#injectOne(kind, next(kind.victim), world);
      }
      for (const each of HARMLESS) if (round < this.#cast.harmless) await each.change(next(each.victim), world);
    }
  }

  async #injectOne(kind: DriftKind, victim: Victim, world: World): Promise<void> {
    const key = await kind.inject(victim, world, this.#injected.length);
    this.#injected.push({ kind, key, victim, atMs: Date.now() });
  }

  /** Tryton takes no write to this party, and a change of ours is waiting for it. */
  async #hold(party: Party): Promise<void> {
    this.#proxy.lock("party.party", party.id);
    const { id } = await tellOfCustomer(this.#stage, { code: party.code, name: `${party.name}, renamed by us` });
    this.#held.push(id);
    await this.#stage.event(id, ["retrying"], DELIVERED_WITHIN_MS);
  }

  /** Until a full run of each reconciliation that began after this moment is over. */
  async #untilFullRun(sinceMs: number): Promise<void> {
    await this.#lookUntil(() => new Set(this.#watch.endedSince(sinceMs, "full").map(({ reconciliation }) => reconciliation)).size === 2);
  }

  async #untilEnded(): Promise<void> {
    await this.#lookUntil((states) => this.#injected.every(({ kind, key }) => states.get(`${kind.named.type} ${key}`) === kind.ends));
  }

  /** Looks at findings and runs until something holds, for as long as four periods; then the reckoning will tell. */
  async #lookUntil(done: (states: ReadonlyMap<string, string>) => boolean): Promise<void> {
    const { terms, drifts } = this.#size;
    const endMs = Date.now() + 4 * (terms.fullEverySeconds + terms.graceSeconds) * 1_000 + drifts * 200;
    while (Date.now() < endMs) {
      const findings = await this.#watch.look();
      if (done(new Map(findings.map(({ type, key, state }) => [`${type} ${key}`, state])))) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #untilDelivered(ids: readonly string[]): Promise<void> {
    await inParallel(SENDERS, ids, (id) => this.#delivered({ id }));
  }

  /** Answers when it was, and how long its last attempt took. */
  async #delivered({ id }: Pick<Sent, "id">): Promise<Pick<Lived, "settledMs" | "attemptMs">> {
    const ask = (): Promise<EventSeen> => this.#stage.ops<EventSeen>(`/events/${id}`);
    const event = await this.#stage.until(ask, ({ status }) => ENDED.includes(status), DELIVERED_WITHIN_MS, ASK_EVERY_MS);
    const isFine = event.status === "delivered" || event.status === "superseded" || (event.status === "ignored" && event.of === null);
    if (!isFine) throw new Error(`not delivered: ${JSON.stringify(event)}`);
    const attempts = event.destinations.flatMap((each) => each.attempts.slice(-1)).map(({ durationMs }) => durationMs);
    return { settledMs: Date.parse(event.updatedAt), attemptMs: Math.max(0, ...attempts) };
  }
}

const seconds = (sinceMs: number): string => ((Date.now() - sinceMs) / 1_000).toFixed(1);
