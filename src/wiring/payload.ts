import type { Deployment } from "../deployment.ts";
import type { EventDetail, StoredEvent } from "../domain/audit-record.ts";
import { Envelope } from "../domain/event.ts";
import { parseJson, isJsonObject, type JsonObject } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { EventPayload } from "../http/ops-ports.ts";
import { readAnew } from "./read-anew.ts";
import { ingestPorts } from "./receive.ts";

/**
 * An event's data, read anew from its archived raw body with today's mapping: nothing is stored, queued or changed.
 * What nobody proved is not read.
 */
export async function payloadOf(env: Env, deployment: Deployment, event: StoredEvent): Promise<Result<EventPayload, string>> {
  if ((JSON.parse(event.detail) as EventDetail).verdict === "failed") return fail("its sender failed to prove itself: see its raw body");
  if (event.rawRef === null) return fail("its raw body is not archived yet");
  const messages: string[] = [];
  const bodies = new Map<string, string>();
  const ports = {
    ...ingestPorts(env),
    enqueue: async (_priority: unknown, made: readonly { readonly text: string }[]) => void messages.push(...made.map(({ text }) => text)),
    putBody: async (key: string, body: Uint8Array | string) => void bodies.set(key, typeof body === "string" ? body : ""),
  };
  const read = await readAnew(env, deployment, { event, atMs: event.receivedAtMs, ports });
  if (!read.ok) return read;
  const [message] = messages;
  if (read.value.kind !== "stored" || message === undefined) return fail("its body is refused today");
  const envelope = Envelope.parse(JSON.parse(message));
  if (envelope.what !== "entity") return fail(envelope.reason);
  const { entity, nature, deleted, payload, cleared = [] } = envelope;
  const data = payload.at === "inline" ? payload.data : objectIn(bodies.get(payload.key) ?? "");
  return data === null ? fail("its data cannot be read") : ok({ kind: entity.kind, key: entity.key, nature, deleted, data, cleared });
}

function objectIn(text: string): JsonObject | null {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : null;
}
