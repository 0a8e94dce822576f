import { Webhook } from "standardwebhooks";
import { isRecord, parseRecord, type JsonRecord } from "./exact-json.ts";
import { causeOf, json, problem, type Answer, type Call, type System } from "./http-types.ts";
import { listChanged, shown } from "./reports.ts";
import type { Store } from "./store.ts";

/** Members of a webhook's data that say where it came from, not what the record is. */
const PROVENANCE: readonly string[] = ["occurredAt", "source", "eventId"];

/**
 * The stand-in of a CRM or a support platform: it keeps what Standard Webhooks tell it, by (kind, key), as they come.
 * It checks the signature and drops a `webhook-id` it has seen, and leaves order to the sender.
 */
export class Records implements System {
  readonly store: Store;
  readonly #webhook: Webhook;

  constructor(store: Store, secret: string) {
    this.store = store;
    this.#webhook = new Webhook(secret);
  }

  answer(call: Call): Answer {
    const [place, kind, key] = call.path;
    const size = call.path.length;
    if (call.method === "POST" && place === "webhooks" && size === 1) return this.#receive(call);
    if (call.method !== "GET" || place !== "records") return problem(404, "no_such_route", "there is nothing at this path");
    if (size === 1) return listChanged(this.store, call.query.get("kind"), call);
    const record = kind === undefined || key === undefined || size !== 3 ? undefined : this.store.byKey(kind, key);
    return record === undefined ? problem(404, "record_not_found", "there is no such record") : json(200, shown(record));
  }

  async close(): Promise<void> {
    this.store.close();
  }

  #receive(call: Call): Answer {
    if (!this.#isGenuine(call)) return problem(401, "unauthorized", "the signature does not fit");
    const { type, data } = parseRecord(call.body) ?? {};
    if (typeof type !== "string" || !isRecord(data)) return problem(400, "malformed", "the body must have a type and data");
    const { kind, key } = data;
    if (typeof kind !== "string" || typeof key !== "string") return problem(400, "malformed", "the data must have a kind and a key");
    const seen = "SELECT 1 FROM answers WHERE idempotencyKey = ?";
    return this.store.transaction(() => {
      const id = call.headers["webhook-id"] ?? "";
      if (this.store.one(seen, id) !== undefined) {
        this.store.count("duplicateRequests");
        return json(200, { duplicate: true });
      }
      this.store.run("INSERT INTO answers VALUES (?, '', 200, '')", id);
      return type.endsWith(".deleted") ? this.#remove(kind, key, call) : this.#write({ kind, key, data }, call);
    });
  }

  #isGenuine(call: Call): boolean {
    try {
      this.#webhook.verify(call.body, call.headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }

  #write({ kind, key, data }: { readonly kind: string; readonly key: string; readonly data: JsonRecord }, call: Call): Answer {
    const content = Object.fromEntries(Object.entries(data).filter(([name]) => !PROVENANCE.includes(name)));
    const { record, change } = this.store.write({
      collection: kind,
      externalKey: key,
      content,
      text: JSON.stringify(data),
      cause: causeOf(call, "webhook-id"),
      identify: (sequence) => ({ id: `${kind}_${String(sequence).padStart(9, "0")}`, number: null }),
    });
    return json(200, { id: record.id, version: record.version, changed: change !== "unchanged" });
  }

  #remove(kind: string, key: string, call: Call): Answer {
    const record = this.store.byKey(kind, key);
    if (record !== undefined) this.store.remove(record, causeOf(call, "webhook-id"));
    return json(200, { deleted: record !== undefined });
  }
}
