import type { FailureClass } from "./failure.ts";

/** What an event, or one of its lanes, has come to. The first five are ends; the others are still moving. */
export const STATUSES = ["delivered", "superseded", "ignored", "dead", "cancelled", "pending", "retrying", "held", "quarantined"] as const;
export type Status = (typeof STATUSES)[number];

const LANE_PRECEDENCE = ["dead", "held", "retrying", "pending", "delivered", "superseded", "cancelled", "ignored"] as const;
export type LaneStatus = (typeof LANE_PRECEDENCE)[number];

export interface AttemptRecord {
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly result: "applied" | "duplicate" | "confirmed" | FailureClass;
  readonly httpStatus?: number;
  readonly detail?: string;
}

export interface Remote {
  readonly id: string;
  readonly number?: string;
  readonly version?: string;
}

export interface LaneReport {
  readonly destination: string;
  readonly route: string;
  readonly status: LaneStatus;
  readonly attempts: readonly AttemptRecord[];
  readonly class?: FailureClass;
  readonly reason?: string;
  readonly fields?: readonly { readonly field: string; readonly message: string }[];
  readonly nextAttemptAtMs?: number;
  readonly remote?: Remote;
  /** Set once the lane has had a dead letter, so that its end closes the letter. */
  readonly wasDead?: boolean;
}

/** What an entity's sequencer answers for one event. `rev` rises with every change, so the newest report wins. */
export interface EventOutcome {
  readonly eventId: string;
  readonly rev: number;
  readonly status: Status;
  readonly class?: FailureClass;
  readonly reason?: string;
  /** The event that made this one unnecessary: the first copy, or the newer state. */
  readonly of?: string;
  readonly lanes: readonly LaneReport[];
}

/** An event's status from its lanes': the one that most needs a look comes first. */
function statusOfLanes(lanes: readonly LaneReport[]): LaneStatus {
  for (const status of LANE_PRECEDENCE) if (lanes.some((lane) => lane.status === status)) return status;
  return "ignored";
}

/** The outcome of an event that went to lanes. */
export function outcomeOfLanes(eventId: string, rev: number, lanes: readonly LaneReport[]): EventOutcome {
  const status = statusOfLanes(lanes);
  const first = lanes.find((lane) => lane.status === status);
  return {
    eventId,
    rev,
    status,
    ...(first?.class === undefined ? {} : { class: first.class }),
    ...(first?.reason === undefined ? {} : { reason: first.reason }),
    lanes,
  };
}
