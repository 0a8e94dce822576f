import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSession } from "../../../src/connection/session.ts";
import type { RequestSpec, ResponseSeen } from "../../../src/destinations/define.ts";
import { fail, ok } from "../../../src/domain/result.ts";
import { sandboxErp } from "../../../src/destinations/sandbox-erp.ts";
import { API_KEY, NOW_MS, delivery } from "./samples.ts";

const connection = { baseUrl: "http://localhost:8790/erp/", settings: {}, secrets: { apiKey: API_KEY } };

const seen = (status: number, body: unknown, headers: Record<string, string> = {}): ResponseSeen => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  headers: new Headers(headers),
  nowMs: NOW_MS,
});

/** What it does with one answer, and what it had sent. */
async function exchanged(sent: ReturnType<typeof delivery>, answer: ResponseSeen, act: "write" | "confirm" = "write") {
  const requests: RequestSpec[] = [];
  const session = openSession(sandboxErp, connection, {
    clock: () => NOW_MS,
    send: async (request) => {
      requests.push(request);
      return ok(answer);
    },
    credential: async () => fail({ kind: "failed", class: "config", detail: "none" }),
  });
  const outcome = act === "write" ? await sandboxErp.write(sent, session) : await sandboxErp.confirm?.(sent, session);
  const [request] = requests;
  if (request === undefined) throw new Error("nothing was sent");
  return { outcome, request };
}

const requestOf = async (sent: ReturnType<typeof delivery>): Promise<RequestSpec> => (await exchanged(sent, seen(503, ""))).request;
const contentOf = async (sent: ReturnType<typeof delivery>): Promise<unknown> => JSON.parse((await requestOf(sent)).body ?? "null");
const classify = async (answer: ResponseSeen) => (await exchanged(delivery(), answer)).outcome;
const lookup = async (answer: ResponseSeen, sent = delivery()) => (await exchanged(sent, answer, "confirm")).outcome;

describe("what the sandbox ERP is sent", () => {
  it("is the order that a won opportunity became, with the team's own and unmapped fields", async () => {
    const request = await requestOf(delivery());
    expect([request.method, request.url]).toEqual(["PUT", "http://localhost:8790/erp/orders/by-key/006Ab00000XyZ"]);
    expect(request.headers).toMatchObject({ authorization: `Bearer ${API_KEY}` });
    expect(await contentOf(delivery())).toEqual({
      opportunityId: "006Ab00000XyZ",
      customerId: "001Ab",
      total: { amount: "1200.50", currency: "EUR" },
      status: "confirmed",
      region: "EMEA",
      custom: { margin: "0.10" },
      extra: { Legacy_Id__c: "900719925474099312", Score__c: 7 },
    });
  });

  it.each([
    ["lost", "cancelled"],
    ["open", "draft"],
    ["unknown", "draft"],
  ])("never confirms an order of an opportunity that is %s", async (stage, status) => {
    expect(await contentOf(delivery({ data: { stage } }))).toEqual({ opportunityId: "006Ab00000XyZ", status });
  });

  it("is a DELETE without a body for a deletion", async () => {
    const request = await requestOf(delivery({ deleted: true }));
    expect([request.method, request.body]).toEqual(["DELETE", undefined]);
  });

  it("addresses the very key, whatever characters it has", async () => {
    const keys = fc.string({ unit: "grapheme", minLength: 1 }).filter((key) => key !== "." && key !== "..");
    await fc.assert(
      fc.asyncProperty(keys, async (key) => {
        const sent = delivery({ entity: { kind: "customer", key, schemaVersion: 1 } });
        const { pathname } = new URL((await requestOf(sent)).url);
        expect(pathname.split("/").slice(0, -1).join("/")).toBe("/erp/customers/by-key");
        expect(decodeURIComponent(pathname.split("/").at(-1) ?? "")).toBe(key);
      }),
    );
  });
});

describe("an answer of the sandbox ERP", () => {
  const record = { id: "ord_1", number: "SO-1001", version: 3, changed: true };
  const remote = { id: "ord_1", number: "SO-1001", version: "3" };

  it("names the record, its number and its version", async () => {
    expect(await classify(seen(201, record))).toEqual({ kind: "applied", duplicate: false, remote });
  });

  it("is a duplicate when nothing changed, or when the stored answer came again", async () => {
    expect(await classify(seen(200, { ...record, changed: false }))).toEqual({ kind: "applied", duplicate: true, remote });
    expect(await classify(seen(201, record, { "Idempotent-Replay": "true" }))).toEqual({ kind: "applied", duplicate: true, remote });
  });

  it.each(["<html>Welcome</html>", "", "[]", "{}", '{"id":7}', '{"id":"ord_1'])(
    "is ambiguous when a success is %j and names no record",
    async (body) => {
      expect(await classify(seen(200, body))).toMatchObject({ kind: "failed", class: "ambiguous" });
    },
  );

  it("of 422 gives each field's error", async () => {
    const errors = [{ field: "total.currency", message: "currency GBP is not enabled" }, { field: "status" }, "nonsense"];
    expect(await classify(seen(422, { code: "validation", errors }))).toEqual({
      kind: "failed",
      class: "business",
      detail: "total.currency: currency GBP is not enabled",
      fields: [{ field: "total.currency", message: "currency GBP is not enabled" }],
    });
  });

  it("of 404 is a wrong address, unless it says that the record to delete is gone", async () => {
    expect(await classify(seen(404, { code: "no_such_route" }))).toMatchObject({ class: "config" });
    expect(await classify(seen(404, { code: "record_not_found" }))).toEqual({ kind: "applied", duplicate: true });
  });
});

describe("the read-back from the sandbox ERP", () => {
  const found = (changes: object): ResponseSeen =>
    seen(200, {
      updatedAt: "2026-11-24T12:00:00.000Z",
      status: "confirmed",
      opportunityId: "006Ab00000XyZ",
      customerId: "001Ab",
      region: "EMEA",
      total: { currency: "EUR", amount: "1200.50" },
      extra: { Score__c: 7, Legacy_Id__c: "900719925474099312" },
      custom: { margin: "0.10" },
      id: "ord_1",
      number: "SO-1001",
      externalKey: "006Ab00000XyZ",
      version: 1,
      ...changes,
    });

  it("finds our content, in whatever order its members come", async () => {
    expect(await lookup(found({}))).toEqual({ kind: "applied", remote: { id: "ord_1", number: "SO-1001", version: "1" } });
  });

  it.each([{ status: "draft" }, { total: { currency: "EUR", amount: "1200.5" } }, { added: null }, { custom: { margin: 0.1 } }])(
    "calls a record that differs by %j absent, so that it is written again",
    async (changes) => expect(await lookup(found(changes))).toEqual({ kind: "absent" }),
  );

  it("turns round for a deletion", async () => {
    expect(await lookup(found({}), delivery({ deleted: true }))).toEqual({ kind: "absent" });
    expect(await lookup(seen(404, { code: "record_not_found" }), delivery({ deleted: true }))).toEqual({ kind: "applied" });
    expect(await lookup(seen(404, { code: "record_not_found" }))).toEqual({ kind: "absent" });
  });

  it("claims nothing when it fails itself", async () => {
    expect(await lookup(seen(503, "", { "retry-after": "2" }))).toMatchObject({ kind: "failed", class: "transient", retryAfterMs: 2000 });
    expect(await lookup(seen(200, "<html>"))).toMatchObject({ kind: "failed", class: "transient" });
    expect(await lookup(seen(404, "<html>"))).toMatchObject({ kind: "failed", class: "config" });
  });
});
