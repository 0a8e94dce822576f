import { randomUUID } from "node:crypto";
import { json, opportunity, type Sent, type Stage } from "../demo/stage.ts";
import type { Party } from "./books.ts";

const EVERY_MS = 250;
/** Of the sends, one in so many makes a customer nobody knew, and one in so many wins an opportunity. */
const NEW_EVERY = 12;
const WON_EVERY = 40;

const customerUpdate = (stage: Stage, code: string, name: string): Promise<Sent> =>
  stage.send(
    "custom",
    json({
      eventId: randomUUID(),
      type: "customer.updated",
      data: { id: code, name, status: "active", updatedAt: new Date().toISOString() },
    }),
  );

/** A customer as our own service tells of it. */
export const tellOfCustomer = (stage: Stage, { code, name }: Pick<Party, "code" | "name">): Promise<Sent> =>
  customerUpdate(stage, code, name);

/** A won opportunity, which becomes a sale. */
export const tellOfWin = (stage: Stage, key: string, account: string): Promise<Sent> =>
  stage.send("salesforce", opportunity({ id: key, name: key, amount: "240.00", account }));

export interface LiveEvent {
  readonly id: string;
  /** Of the customer or the order that the event is about. */
  readonly key: string;
  readonly sentMs: number;
}

/** What happens in the other systems all the while: customers change and are made, opportunities are won. */
export class Traffic {
  readonly #stage: Stage;
  readonly #customers: readonly Party[];
  readonly #sent: Promise<LiveEvent>[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(stage: Stage, customers: readonly Party[]) {
    this.#stage = stage;
    this.#customers = customers;
  }

  start(): void {
    this.#timer = setInterval(() => this.#sent.push(this.#next(this.#sent.length)), EVERY_MS);
  }

  /** Answers all that was sent. */
  async stop(): Promise<readonly LiveEvent[]> {
    if (this.#timer !== null) clearInterval(this.#timer);
    return Promise.all(this.#sent);
  }

  #next(number: number): Promise<LiveEvent> {
    const customer = this.#customers[(number * 7) % this.#customers.length];
    if (customer === undefined) throw new Error("live traffic needs customers");
    const won = opportunityKey("LV", number);
    if (number % WON_EVERY === WON_EVERY - 1) return about(won, tellOfWin(this.#stage, won, customer.code));
    const [code, name] =
      number % NEW_EVERY === NEW_EVERY - 1
        ? [`NEW-${number}`, `New customer ${number}`]
        : [customer.code, `${customer.name}, version ${number}`];
    return about(code, customerUpdate(this.#stage, code, name));
  }
}

async function about(key: string, sent: Promise<Sent>): Promise<LiveEvent> {
  const sentMs = Date.now();
  return { id: (await sent).id, key, sentMs };
}

/** An id in the form of Salesforce's, 18 characters. */
export const opportunityKey = (word: string, number: number): string => `00624000${word}${String(number).padStart(5, "0")}AAR`;
