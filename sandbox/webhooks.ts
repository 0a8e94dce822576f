import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { shown } from "./reports.ts";
import type { Store, StoredRecord } from "./store.ts";

const LONGEST_DELAY_MS = 30_000;
const GIVE_UP_AFTER_MS = 3_600_000;
const ANSWER_WITHIN_MS = 10_000;
const IN_FLIGHT = 8;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body TEXT NOT NULL, correlationId TEXT, traceparent TEXT,
    createdAtMs INTEGER NOT NULL, dueAtMs INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS outboxDue ON outbox (state, dueAtMs);
`;

interface Message {
  readonly seq: number;
  readonly id: string;
  readonly body: string;
  readonly correlationId: string | null;
  readonly traceparent: string | null;
  readonly createdAtMs: number;
  readonly attempts: number;
}

export interface OutboxOptions {
  /** Where the webhooks go. */
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
  /** Delay before the first retry; doubled for each further one, up to 30 s. */
  readonly firstRetryMs: number;
}

/**
 * Webhooks of what changed, as Standard Webhooks: stored with the change, posted until a 2xx answers or an hour is
 * over, each under one `webhook-id`. Several are under way at once, so the receiver sees no promised order.
 */
export class Outbox {
  readonly #store: Store;
  readonly #options: OutboxOptions;
  readonly #webhook: Webhook;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | null = null;

  constructor(store: Store, options: OutboxOptions) {
    this.#store = store;
    this.#options = options;
    this.#webhook = new Webhook(options.secret);
    store.database.exec(SCHEMA);
    this.#wake();
  }

  /** Call within the transaction of the change. */
  enqueue(type: string, record: StoredRecord): void {
    const nowMs = Date.now();
    const body = JSON.stringify({ type, timestamp: record.updatedAt, data: shown(record) });
    this.#store.run(
      `INSERT INTO outbox (id, body, correlationId, traceparent, createdAtMs, dueAtMs, attempts, state)
       VALUES (?, ?, ?, ?, ?, ?, 0, 'pending')`,
      `msg_${randomUUID()}`,
      body,
      record.correlationId,
      record.traceparent,
      nowMs,
      nowMs,
    );
    setImmediate(() => this.#wake());
  }

  counts(): Readonly<Record<string, number>> {
    const count = (state: string): number =>
      this.#store.one<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE state = ?", state)?.n ?? 0;
    return { webhooksPending: count("pending"), webhooksDelivered: count("delivered"), webhooksGivenUp: count("givenUp") };
  }

  /** Stops posting; what is pending goes on when the same file is opened again. */
  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#sending;
  }

  #wake(): void {
    if (this.#stop.signal.aborted || this.#sending !== null) return;
    clearTimeout(this.#timer);
    const next = this.#store.one<{ dueAtMs: number | null }>("SELECT min(dueAtMs) AS dueAtMs FROM outbox WHERE state = 'pending'");
    if (next === undefined || next.dueAtMs === null) return;
    this.#timer = setTimeout(() => this.#sendDue(), Math.max(0, next.dueAtMs - Date.now()));
  }

  #sendDue(): void {
    const sql = "SELECT * FROM outbox WHERE state = 'pending' AND dueAtMs <= ? ORDER BY seq LIMIT ?";
    const due = this.#store.all<Message>(sql, Date.now(), IN_FLIGHT);
    this.#sending = Promise.all(due.map((message) => this.#send(message))).then(() => {
      this.#sending = null;
      this.#wake();
    });
  }

  async #send(message: Message): Promise<void> {
    const delivered = await this.#post(message);
    if (!delivered && this.#stop.signal.aborted) return;
    const nowMs = Date.now();
    const late = nowMs - message.createdAtMs >= GIVE_UP_AFTER_MS;
    const delayMs = Math.min(LONGEST_DELAY_MS, this.#options.firstRetryMs * 2 ** Math.min(message.attempts, 20));
    this.#store.run(
      "UPDATE outbox SET state = ?, attempts = attempts + 1, dueAtMs = ? WHERE seq = ?",
      delivered ? "delivered" : late ? "givenUp" : "pending",
      nowMs + delayMs,
      message.seq,
    );
  }

  async #post(message: Message): Promise<boolean> {
    const now = new Date();
    try {
      const response = await fetch(this.#options.url, {
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
        headers: {
          "content-type": "application/json",
          "user-agent": "sandbox-erp",
          "webhook-id": message.id,
          "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
          "webhook-signature": this.#webhook.sign(message.id, now, message.body),
          ...(message.correlationId === null ? {} : { "x-correlation-id": message.correlationId }),
          ...(message.traceparent === null ? {} : { traceparent: message.traceparent }),
        },
        body: message.body,
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }
}
