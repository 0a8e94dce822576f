import { eventId } from "../event-id.ts";
import type { FlowRun, RunState, Sent } from "./run.ts";

/** A run's state in the words of an activity. */
const STATUS: Readonly<Record<RunState, string>> = {
  running: "sent",
  blocked: "queued",
  compensating: "sent",
  done: "done",
  stopped: "failed",
  cancelled: "failed",
  uncompensated: "failed",
};

/** Whether the system that keeps a record of runs has been told of this state. */
export const reported = (run: FlowRun): boolean => run.reportedState === run.state;

/** The record of a run's state, for the system that keeps one: an activity about the record that the run is about. */
export function reportOf(run: FlowRun, digest: (text: string) => Uint8Array): Sent {
  const atMs = run.timeline.at(-1)?.atMs ?? run.startedAtMs;
  const deliveryId = `flow:${run.id}:report:${run.state}:${atMs}`;
  const effect = {
    kind: "activity",
    key: run.id,
    data: {
      type: `flow.${run.flow}`,
      subject: `${run.flow} of ${run.kind} ${run.key}: ${run.state}`,
      status: STATUS[run.state],
      statusRaw: run.state,
      relatedId: run.key,
      ...(run.reason === null ? {} : { body: run.reason }),
    },
  } as const;
  const place = { eventId: eventId(atMs, digest(deliveryId)), deliveryId, order: atMs, to: "publish", type: `flow.${run.state}` } as const;
  return { ...place, kind: effect.kind, key: effect.key, effect, state: "made", atMs };
}
