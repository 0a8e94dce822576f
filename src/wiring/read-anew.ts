import { readRaw } from "../adapters/archive-r2.ts";
import type { Deployment } from "../deployment.ts";
import type { EventDetail, StoredEvent } from "../domain/audit-record.ts";
import { correlationIdOf } from "../domain/event-id.ts";
import type { EntityEvent } from "../domain/event.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { takeIn } from "../pipeline/ingest/ingest.ts";
import type { Ingested, IngestPorts } from "../pipeline/ingest/ports.ts";

export interface Reading {
  readonly event: StoredEvent;
  /** When it counts as received again; its new id begins with it. */
  readonly atMs: number;
  readonly ports: IngestPorts;
  /** Takes the place of the body that came. */
  readonly edited?: string | undefined;
  readonly replay?: NonNullable<EntityEvent["replay"]>;
}

/** Takes a stored event in again from its raw body, with today's mapping. Fails with words if its body or its source is not there. */
export async function readAnew(env: Env, deployment: Deployment, reading: Reading): Promise<Result<Ingested, string>> {
  const { event, atMs, ports, edited, replay } = reading;
  const source = deployment.source(event.source);
  if (!source.ok)
    return fail(source.failure === "unknown" ? `there is no source "${event.source}" any more` : "its source is misconfigured");
  const raw = event.rawRef === null ? null : await readRaw(env.BODIES, event.rawRef);
  if (raw === null) return fail("its raw body is not kept any more");
  const detail = JSON.parse(event.detail) as EventDetail;
  const arrival = {
    source: source.value,
    account: detail.account ?? null,
    secrets: [],
    method: "POST",
    clientCertificate: null,
    body: edited === undefined ? new Uint8Array(await new Response(raw).arrayBuffer()) : new TextEncoder().encode(edited),
    headers: new Headers({
      "content-type": detail.contentType,
      traceparent: detail.traceparent,
      "x-correlation-id": event.correlationId ?? correlationIdOf(event.id),
    }),
    url: new URL(`https://replay.invalid/in/${event.source}`),
    receivedAtMs: atMs,
  };
  const proof = {
    verdict: detail.verdict,
    secretId: detail.secretId,
    deliveryId: event.deliveryId,
    replayOf: event.id,
    ...(detail.part === undefined ? {} : { onlyPart: detail.part }),
    ...(replay === undefined ? {} : { replay }),
  };
  return ok(await takeIn(arrival, proof, ports));
}
