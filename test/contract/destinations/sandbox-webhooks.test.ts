import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startLive, type LiveSandbox } from "./live.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A router of the plainest kind: it keeps what it gets and answers the statuses it is told, then 202. */
async function startReceiver(statuses: number[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(statuses.shift() ?? 202).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}`, received, close: () => server.close().closeAllConnections() };
}

let receiver: Awaited<ReturnType<typeof startReceiver>>;
let sandbox: LiveSandbox;
const statuses: number[] = [];

beforeEach(async () => {
  statuses.length = 0;
  receiver = await startReceiver(statuses);
  sandbox = await startLive({ routerUrl: receiver.url, webhookFirstRetryMs: 20 });
});
afterEach(async () => {
  await sandbox.close();
  receiver.close();
});

const ORDER = { status: "confirmed", total: { amount: "99.90", currency: "EUR" }, opportunityId: "006" };
const TRACE = { "x-correlation-id": "cor_1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

const arrived = (count: number) => vi.waitFor(() => expect(receiver.received).toHaveLength(count), { timeout: 5000 });
const settled = (count: number) =>
  vi.waitFor(async () => {
    const { body } = await sandbox.call("GET", "/erp/summary");
    expect(body).toMatchObject({ webhooksPending: 0, webhooksDelivered: count, webhooksGivenUp: 0 });
  });
const typesOf = (received: readonly Received[]) => received.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe("the ERP's webhooks", () => {
  it("tell of orders and invoices, signed, with the record and the trace that caused them", async () => {
    const order = (await sandbox.call("PUT", "/erp/orders/by-key/006", ORDER, TRACE)).body;
    await arrived(1);
    await sandbox.call("PUT", "/erp/orders/by-key/006", { ...ORDER, region: "EMEA" }, TRACE);
    await arrived(2);
    const invoice = (await sandbox.call("POST", `/erp/orders/${String(order["id"])}/invoice`)).body;
    await arrived(3);
    await sandbox.call("POST", `/erp/invoices/${String(invoice["id"])}/pay`);
    await arrived(4);
    expect(typesOf(receiver.received)).toEqual(["order.confirmed", "order.updated", "invoice.created", "invoice.paid"]);
    for (const { path, headers, body } of receiver.received) {
      expect(path).toBe("/in/sandbox-erp");
      expect(headers).toMatchObject(TRACE);
      expect(() => new Webhook(sandbox.secrets.erpWebhookSecret).verify(body, headers as Record<string, string>)).not.toThrow();
    }
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(4);
    const [confirmed] = receiver.received;
    const { id, number, version, updatedAt } = order;
    const data = { ...ORDER, id, number, externalKey: "006", version, updatedAt };
    expect(JSON.parse(confirmed?.body ?? "")).toEqual({ type: "order.confirmed", timestamp: updatedAt, data });
  });

  it("are not sent for what changed nothing, for repetitions, or for what was refused", async () => {
    await sandbox.call("PUT", "/erp/orders/by-key/006", ORDER, { "idempotency-key": "k" });
    await sandbox.call("PUT", "/erp/orders/by-key/006", ORDER, { "idempotency-key": "k" });
    await sandbox.call("PUT", "/erp/orders/by-key/006", ORDER);
    await sandbox.call("PUT", "/erp/orders/by-key/007", { status: "won" });
    await arrived(1);
    await settled(1);
  });

  it("are repeated under one id until a success answers", async () => {
    statuses.push(503, 302, 401);
    await sandbox.call("PUT", "/erp/orders/by-key/006", ORDER);
    await arrived(4);
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    await settled(1);
  });

  it("survive a change whose answer was cut", async () => {
    await sandbox.call("POST", "/faults", { system: "erp", mode: "cutAfterCommit", times: 1 });
    await expect(sandbox.call("PUT", "/erp/orders/by-key/006", ORDER)).rejects.toThrow();
    await arrived(1);
    expect(typesOf(receiver.received)).toEqual(["order.confirmed"]);
  });
});
