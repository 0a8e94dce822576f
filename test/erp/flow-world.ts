import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Stage, json, opportunity } from "../../scripts/demo/stage.ts";
import { startLocal, type Local } from "../../scripts/local.ts";
import { TrytonProxy } from "../../scripts/tryton/proxy.ts";
import { shown, type Row } from "../../scripts/tryton/rpc.ts";
import { startTryton, type Tryton } from "../../scripts/tryton/server.ts";

/** A real Tryton is slow: one sale takes a dozen calls. */
export const WITHIN_MS = 60_000;
export const ACCOUNT = "0012400000Ab1cDAAR";

/** An id in the form of Salesforce's. */
export const saleKey = (word: string): string => `0062400${word.padEnd(8, "0")}AAR`;

export interface RunSeen {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly step: string | null;
  readonly steps: readonly { readonly name: string; readonly state: string }[];
  readonly timeline: readonly { readonly what: string; readonly step: string | null }[];
}

export const standsAt = (step: string) => (seen: RunSeen) => seen.step === step && seen.state === "running";

const ORDER_STATUS: Readonly<Record<string, string>> = {
  confirmed: "confirmed",
  processing: "confirmed",
  done: "fulfilled",
  cancelled: "cancelled",
};
const INVOICE_STATUS: Readonly<Record<string, string>> = { draft: "draft", posted: "open", paid: "paid", cancelled: "void" };

/** A company with Tryton as its ERP, the sandbox's CRM and support, the router between them, and its people at work. */
export class FlowWorld {
  readonly erp: Tryton;
  readonly proxy: TrytonProxy;
  readonly stage: Stage;
  readonly #local: Local;
  readonly #directory: string;
  #version = 0;

  private constructor(parts: { erp: Tryton; proxy: TrytonProxy; local: Local; stage: Stage; directory: string }) {
    this.erp = parts.erp;
    this.proxy = parts.proxy;
    this.stage = parts.stage;
    this.#local = parts.local;
    this.#directory = parts.directory;
  }

  static async open(routerConfig: string): Promise<FlowWorld> {
    const directory = mkdtempSync(path.join(tmpdir(), "signalbox-tryton-flows-"));
    const erp = await startTryton(directory, { processes: false });
    const proxy = await TrytonProxy.before(erp.url);
    const vars = { ERP_URL: proxy.url, TRYTON_PASSWORD: erp.password };
    const local = await startLocal({ port: 0, sandboxPort: 0, dataDir: path.join(directory, "router"), fresh: true, routerConfig, vars });
    return new FlowWorld({ erp, proxy, local, stage: await Stage.open(local), directory });
  }

  async close(): Promise<void> {
    await this.#local.stop();
    await this.proxy.close();
    await this.erp.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The run of a record once it is somewhere, or as it is when time is up. */
  async run(flow: string, key: string, there: (seen: RunSeen) => boolean): Promise<RunSeen> {
    const seen = await this.stage.until(
      async () => {
        const { items } = await this.stage.ops<{ items: readonly RunSeen[] }>(`/flows?flow=${flow}&key=${encodeURIComponent(key)}`);
        const [first] = items;
        return first === undefined ? null : this.stage.ops<RunSeen>(`/flows/${first.id}`);
      },
      (found) => found !== null && there(found),
      WITHIN_MS,
      150,
    );
    if (seen === null || !there(seen)) throw new Error(`the run of ${key} did not come there: ${JSON.stringify(seen, null, 1)}`);
    return seen;
  }

  /** Tryton's sales under a key. */
  salesOf(reference: string): Promise<readonly Row[]> {
    return this.erp.admin.rows("sale.sale", [["reference", "=", reference]], ["number", "state", "party.code"]);
  }

  async changeSale(reference: string, ...methods: readonly string[]): Promise<void> {
    const ids = (await this.salesOf(reference)).map((sale) => Number(sale["id"]));
    for (const method of methods) await this.erp.admin.call(`model.sale.sale.${method}`, [ids]);
  }

  async makeCustomer(code: string): Promise<void> {
    await this.erp.admin.ensure("party.party", [["code", "=", code]], () => ({
      code,
      name: `Customer ${code}`,
      addresses: [["create", [{}]]],
    }));
  }

  /** Something of the ERP's, as its webhook tells it. Tryton sends none by itself, so a company has something that does this. */
  async told(kind: "order" | "invoice" | "shipment", id: string, fields: object): Promise<void> {
    const data = { id, version: ++this.#version, ...fields };
    await this.stage.send("sandbox-erp", json({ type: `${kind}.updated`, timestamp: new Date().toISOString(), data }));
  }

  /** Tells of a sale what Tryton says of it; or, of its status, something else. Answers its id. */
  async relay(reference: string, more: object = {}): Promise<string> {
    const [sale] = await this.salesOf(reference);
    if (sale === undefined) throw new Error(`Tryton has no sale ${reference}`);
    const id = shown(sale["id"]);
    const status = ORDER_STATUS[shown(sale["state"])] ?? "draft";
    const customerId = (sale["party."] as Row)["code"];
    await this.told("order", id, { number: sale["number"], externalKey: reference, customerId, status, ...more });
    return id;
  }

  /** Tells of the sale's invoice what Tryton says of it. Answers its id. */
  async relayInvoice(reference: string): Promise<string> {
    const [invoice] = await this.erp.admin.rows("account.invoice", [["sales.reference", "=", reference]], ["state"]);
    const id = `inv-${shown(invoice?.["id"])}`;
    const status = INVOICE_STATUS[shown(invoice?.["state"])];
    await this.told("invoice", id, { status, opportunityId: reference, total: { amount: "10.00", currency: "EUR" } });
    return id;
  }

  async sell(fields: Parameters<typeof opportunity>[0]): Promise<void> {
    await this.stage.send("salesforce", opportunity(fields));
  }

  /** Something that our own services tell of. */
  async ours(kind: "case" | "entitlement", id: string, fields: object): Promise<void> {
    const data = { id, updatedAt: new Date().toISOString(), ...fields };
    await this.stage.send("custom", json({ eventId: randomUUID(), type: `${kind}.changed`, data }));
  }

  /** Writes with these words in them are refused for good. */
  async refuses(system: "crm" | "support", ...words: readonly string[]): Promise<void> {
    await this.stage.sandbox("/faults", { method: "POST", body: { system, mode: "validation", body: words } });
  }

  async inSystem(system: "crm" | "support", kind: string, key: string): Promise<{ readonly status?: string } | null> {
    const found = await this.stage.sandbox<{ status?: string | number }>(`/${system}/records/${kind}/${encodeURIComponent(key)}`);
    return found.status === 404 ? null : (found as { status?: string });
  }
}
