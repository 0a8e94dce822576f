import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { findFlowRun } from "../../src/adapters/flow-runs.ts";
import { sha256Hex } from "../../src/adapters/sha256.ts";
import type { EntityKind } from "../../src/domain/entities/index.ts";
import { correlationIdOf, eventId } from "../../src/domain/event-id.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { FlowName } from "../../src/domain/flows/index.ts";
import type { FlowRun } from "../../src/domain/flows/run.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import { ownEvent } from "../../src/domain/own-event.ts";
import { flowRunId } from "../../src/wiring/flows.ts";
import { destinations, ops, type Post } from "./router.ts";

let version = 0;

/** A record as a system tells of it, as ingest would have put it into the queue. */
export function told(sourceName: string, kind: EntityKind, key: string, data: JsonObject, receivedAtMs = Date.now()): EntityEvent {
  const id = eventId(Date.now(), crypto.getRandomValues(new Uint8Array(16)));
  return ownEvent({
    id,
    sourceName,
    type: `${kind}.changed`,
    correlationId: correlationIdOf(id),
    traceId: "0".repeat(31) + "1",
    receivedAtMs,
    priority: "critical",
    madeBy: "test",
    configVersion: "1",
    deliveryId: id,
    contentHash: sha256Hex(JSON.stringify(data) + id),
    kind,
    key,
    nature: "snapshot",
    order: { kind: "int", value: String(++version) },
    data,
  });
}

export const post = async (event: EntityEvent): Promise<void> =>
  void (await env.QUEUE_CRITICAL.send(JSON.stringify(event), { contentType: "text" }));

export const sale = (key: string, more: JsonObject = {}): EntityEvent =>
  told("salesforce", "opportunity", key, {
    stage: "won",
    customerId: `C-${key}`,
    region: "DACH",
    amount: { amount: "100.00", currency: "EUR" },
    ...more,
  });
export const order = (key: string, status = "confirmed"): EntityEvent =>
  told("sandbox-erp", "order", `ord-${key}`, { opportunityId: key, status });
export const invoice = (key: string, status: string): EntityEvent =>
  told("sandbox-erp", "invoice", `inv-${key}`, { opportunityId: key, orderId: `ord-${key}`, status });

export type SystemName = "erp" | "crm" | "support";

/** A write as a system sees it. */
export interface Write {
  readonly system: SystemName;
  readonly kind: string;
  readonly key: string;
  /** The flow's step that made it, with `undo` behind those that take back; for what no flow wrote, the source's name. */
  readonly by: string;
  readonly data: JsonObject;
}

/** Stands in for ERP, CRM and support; `refuses` says which requests are refused for good. */
export function systems(refuses: (post: Post) => boolean = () => false): Post[] {
  return destinations((request) => {
    if (refuses(request)) return Response.json({ errors: [{ field: "x", message: "is not allowed" }] }, { status: 422 });
    const key = decodeURIComponent(new URL(request.url).pathname.split("/").at(-1) ?? "");
    return Response.json({ id: request.url.includes("/orders/") ? `ord-${key}` : `id-${key}`, version: 1 });
  });
}

/** What a request writes: the ERP's collections have the key in the address, what is posted to the others carries it. */
export function writeOf({ url, body }: Post): Omit<Write, "by"> {
  const [, system = "", collection = "", , key = ""] = new URL(url).pathname.split("/");
  const parsed = JSON.parse(body) as JsonObject & { readonly data?: JsonObject & { readonly kind: string; readonly key: string } };
  return system === "erp"
    ? { system, kind: collection, key: decodeURIComponent(key), data: parsed }
    : { system: system as SystemName, kind: parsed.data?.kind ?? "", key: parsed.data?.key ?? "", data: parsed.data ?? {} };
}

export const runOf = async (key: string, flow: FlowName = "quote-to-cash"): Promise<FlowRun | null> =>
  (await findFlowRun(env.DB, flowRunId(flow, { kind: KIND[flow], key })))?.run ?? null;

const KIND = { "quote-to-cash": "opportunity", "order-to-fulfilment": "order", "case-to-resolution": "case" } as const;

/** The run once something holds of it; when time is up, an error with the run as it is. */
export async function until(key: string, holds: (run: FlowRun) => boolean, flow: FlowName = "quote-to-cash"): Promise<FlowRun> {
  let last: FlowRun | null = null;
  try {
    return await vi.waitUntil(
      async () => {
        last = await runOf(key, flow);
        return last !== null && holds(last) ? last : false;
      },
      { timeout: 12_000, interval: 50 },
    );
  } catch (error) {
    throw new Error(`${key} did not come there: ${JSON.stringify(last, null, 1)}`, { cause: error });
  }
}

export const at = (run: FlowRun, step: string): string | undefined => run.steps.find(({ name }) => name === step)?.state;

/** An operator's command over a run. */
export const steer = (
  key: string,
  verb: string,
  as: "viewer" | "operator" | "approver",
  { flow = "quote-to-cash", ...body }: { readonly flow?: FlowName; readonly reason?: string; readonly step?: string },
): Promise<Response> => ops(`/flows/${flowRunId(flow, { kind: KIND[flow], key })}/${verb}`, as, body);
