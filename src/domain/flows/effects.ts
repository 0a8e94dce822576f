import { eventId } from "../event-id.ts";
import type { FailureClass } from "../failure.ts";
import type { Status } from "../outcome.ts";
import type { Addressee, Effect, Fact, SystemRole } from "./definition.ts";
import type { FlowRun, Sent, StepRecord } from "./run.ts";

/** What the index says of an effect's event; null while it is not there yet. */
export interface Told {
  readonly status: Status;
  readonly class: FailureClass | null;
  readonly reason: string | null;
  readonly remoteId: string | null;
}

/** All that a run is taken further by. */
export interface World {
  readonly nowMs: number;
  readonly facts: readonly Fact[];
  readonly policy: unknown;
  readonly told: (eventId: string) => Told | null;
  /** How long a run may wait for a person. */
  readonly personWithinMs: number;
  /** Whether the configuration names a system for this part. */
  readonly has: (role: SystemRole) => boolean;
  /** SHA-256 of a text, or 16 bytes of it at least: what an effect's event id is made of. */
  readonly digest: (text: string) => Uint8Array;
}

/** Sent again after this long without a word: the event is the same, so whatever has arrived counts once. */
const UNHEARD_MS = 15 * 60_000;

interface Making {
  readonly record: StepRecord;
  readonly to: Addressee;
  readonly type: string;
  readonly effects: readonly Effect[];
  /** Sets these apart from others of the step: a follower's turn, or a compensation. */
  readonly label: string | null;
}

/**
 * Decides effects. They are stored before they are sent, so an effect that is sent again after a crash is the same event.
 * Of a step that is begun again, those that are there and would say the same stay as they are.
 */
export function make(run: FlowRun, making: Making, world: World): readonly Sent[] {
  const { record, to, type, label } = making;
  const again = record.attempt > 1 ? `#${record.attempt}` : "";
  return making.effects.map((effect, index) => {
    const hash = hex(world.digest(JSON.stringify(effect)).slice(0, 16));
    const there = label === null ? record.effects.find((sent) => sent.state === "done" && sent.hash === hash) : undefined;
    if (there !== undefined) return there;
    const place = making.effects.length > 1 ? `.${index + 1}` : "";
    const deliveryId = `flow:${run.id}:${record.name}${place}${label === null ? "" : `:${label}`}${again}`;
    return {
      eventId: eventId(world.nowMs, world.digest(deliveryId)),
      deliveryId,
      order: run.made + index + 1,
      to,
      type,
      kind: effect.kind,
      key: effect.key,
      effect,
      hash,
      state: "made",
      atMs: world.nowMs,
    };
  });
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** An effect with what has been heard of it; the same object where that is nothing new. */
export function heard(sent: Sent, world: World): Sent {
  if (sent.state === "made" || sent.state === "done") return sent;
  const told = world.told(sent.eventId);
  if (told === null)
    return sent.state === "queued" && world.nowMs - sent.atMs >= UNHEARD_MS ? { ...sent, state: "made", atMs: world.nowMs } : sent;
  switch (told.status) {
    case "delivered":
    case "superseded":
    case "ignored":
      return { ...sent, state: "done", effect: null, ...(told.remoteId === null ? {} : { remoteId: told.remoteId }) };
    case "dead":
    case "cancelled":
    case "quarantined": {
      if (sent.state === "dead") return sent;
      const given = told.status === "cancelled" ? "given up by an operator" : "it failed, and nobody said why";
      return { ...sent, state: "dead", class: told.class ?? "business", reason: told.reason ?? given };
    }
    case "pending":
    case "retrying":
    case "held":
      return sent;
  }
}

/** A step that is about to be begun again, with what its last attempt may have left. */
export const withDoubt = (record: StepRecord): StepRecord => (record.effects.some(mayBeThere) ? { ...record, mayHaveLeft: true } : record);

/** Whether an effect may be in its system: certainly if it is done, and as long as nobody knows. */
export const mayBeThere = ({ state, class: failure }: Sent): boolean =>
  state !== "dead" || failure === "transient" || failure === "ambiguous";
