import { digestSent, driftByOwner, findDigest, keepDigest } from "../adapters/digests.ts";
import { enqueue, queuesOf } from "../adapters/queues.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import type { SlaBurn } from "../domain/alerts/define.ts";
import { digestOf } from "../domain/digest/content.ts";
import { DIGEST_SOURCE } from "../domain/digest/define.ts";
import { digestDay } from "../domain/digest/due.ts";
import { correlationIdOf, eventId } from "../domain/event-id.ts";
import { entityName, type EntityEvent } from "../domain/event.ts";
import type { JsonObject } from "../domain/json.ts";
import { timeToken } from "../domain/order.ts";
import { ownEvent } from "../domain/own-event.ts";
import { readAlertFacts } from "./alert-facts.ts";

const DAY_MS = 86_400_000;

/**
 * Puts the day's digest in the queue once its time has come. The event is kept before it is sent and sent as it was kept,
 * so a cron that dies in between, or runs twice, sends the very same event, which has one effect.
 */
export async function tellDigest(
  env: Env,
  deployment: Deployment,
  now: { readonly nowMs: number; readonly slas: readonly SlaBurn[] },
): Promise<void> {
  const { digest, owners } = deployment.config;
  const day = digest === undefined ? null : digestDay(digest, now.nowMs);
  if (day === null) return;
  const kept = await findDigest(env.DB, day);
  if (kept?.isSent === true) return;
  const text = kept?.event ?? (await keepDigest(env.DB, day, JSON.stringify(await made())));
  await enqueue(queuesOf(env).standard, [{ text, record: entityName({ kind: "activity", key: keyOf(day) }) }]);
  await digestSent(env.DB, day, now.nowMs);

  async function made(): Promise<EntityEvent> {
    const [facts, drift] = await Promise.all([readAlertFacts(env, deployment, now), driftByOwner(env.DB, now.nowMs - DAY_MS)]);
    const data = digestOf(day ?? "", { ...facts, drift }, (owner) => owners[owner]?.team ?? owner);
    return digestEvent(day ?? "", data, { nowMs: now.nowMs, configVersion: deployment.config.version });
  }
}

const keyOf = (day: string): string => `digest-${day}`;

function digestEvent(
  day: string,
  data: JsonObject,
  { nowMs, configVersion }: { readonly nowMs: number; readonly configVersion: string },
): EntityEvent {
  const id = eventId(nowMs, crypto.getRandomValues(new Uint8Array(16)));
  return ownEvent({
    id,
    sourceName: DIGEST_SOURCE,
    type: "activity.digest",
    correlationId: correlationIdOf(id),
    traceId: crypto.getRandomValues(new Uint8Array(16)).toHex(),
    receivedAtMs: nowMs,
    priority: "standard",
    madeBy: DIGEST_SOURCE,
    configVersion,
    deliveryId: keyOf(day),
    contentHash: sha256Hex(JSON.stringify(data)),
    kind: "activity",
    key: keyOf(day),
    nature: "snapshot",
    order: timeToken(nowMs),
    data,
  });
}
