import * as z from "zod";
import type { PendingRow } from "../domain/exporting.ts";
import { defineDestination, exchange, traceHeaders, type Delivery, type RequestSpec, type Session } from "./define.ts";
import { outcomeOfStatus } from "./outcome-of-status.ts";

const Settings = z.strictObject({});
type Settings = z.infer<typeof Settings>;

/**
 * A system that only takes files. Each delivery is a row that waits in a bucket (`via: { bucket }`) for the next file of an
 * export; of a record's rows the file holds the last one, so a retry that was not needed makes no second line. A row that
 * is written again after its file was made is in the next file too: the same state once more.
 *
 * PUT `{kind}/{SHA-256 of the key}/{time of writing}-{idempotency key}`: bounded and safe as a path whatever a record is
 * called, and sorted by time within the record. One object writes a record's rows, one after the other, so one clock counts.
 */
export const file = defineDestination<Settings>({
  module: "file",
  title: "Files (CSV or NDJSON, on a schedule)",
  facts: {
    auth: "none: the bucket is the deployment's own",
    upsert: "a record's last row counts",
    order: "as the router sends",
    changedSince: "not read",
    limits: "none of its own",
    proven: "strict fake",
  },
  settings: Settings,
  secretNames: () => [],
  deduplicates: true,
  knowsLateCopies: true,
  write: async (delivery, session) =>
    delivery.nature === "delta"
      ? { kind: "failed", class: "business", detail: "a file takes whole states only, and this is a part of one" }
      : exchange(session, await put(delivery, session), outcomeOfStatus),
});

/** As many digits as every time has until the year 5138. */
const TIME_DIGITS = 14;

async function put(delivery: Delivery, { baseUrl }: Session<Settings>): Promise<RequestSpec> {
  const { entity, deleted, occurredAtMs, source, eventId, data } = delivery;
  const row: PendingRow = {
    kind: entity.kind,
    key: entity.key,
    deleted,
    occurredAt: occurredAtMs === null ? null : new Date(occurredAtMs).toISOString(),
    source,
    eventId,
    data,
  };
  const name = `${String(delivery.nowMs).padStart(TIME_DIGITS, "0")}-${encodeURIComponent(delivery.idempotencyKey)}`;
  return {
    method: "PUT",
    url: `${baseUrl}/${entity.kind}/${await sha256(entity.key)}/${name}`,
    headers: { ...traceHeaders(delivery), "content-type": "application/json" },
    body: JSON.stringify(row),
  };
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
