import { readRaw } from "../adapters/archive-r2.ts";
import type { Deployment } from "../deployment.ts";
import type { EventDetail, StoredEvent } from "../domain/audit-record.ts";
import { IMPORT_WORK } from "../domain/importing.ts";
import { correlationIdOf } from "../domain/event-id.ts";
import type { EntityEvent } from "../domain/event.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { takeIn } from "../pipeline/ingest/ingest.ts";
import type { Ingested, IngestPorts, LiveSource } from "../pipeline/ingest/ports.ts";

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
  const detail = JSON.parse(event.detail) as EventDetail;
  const source = readerOf(deployment, event.source, detail);
  if (!source.ok) return source;
  const raw = event.rawRef === null ? null : await readRaw(env.BODIES, event.rawRef);
  if (raw === null) return fail("its raw body is not kept any more");
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

/** Rows of a file are read as rows again, everything else as its source's requests. */
function readerOf(deployment: Deployment, name: string, { secretId }: EventDetail): Result<LiveSource, string> {
  if (secretId.startsWith(IMPORT_WORK)) return deployment.importSource(secretId.slice(IMPORT_WORK.length));
  const source = deployment.source(name);
  if (source.ok) return source;
  return fail(source.failure === "unknown" ? `there is no source "${name}" any more` : "its source is misconfigured");
}
