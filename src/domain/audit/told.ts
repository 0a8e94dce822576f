import type { EventOutcome, LaneReport } from "../outcome.ts";
import type { Entry } from "../timeline.ts";

/** A line of a ledger with the columns beside it, which the line's hash does not cover but what it covers tells. */
export interface LedgerRow extends Entry {
  readonly bucket: number;
  readonly key: string;
  readonly contentHash: string | null;
  /** EventOutcome as JSON. */
  readonly outcome: string | null;
}

/** A line's body, of whichever type. */
export interface LineBody {
  readonly type: string;
  readonly source?: string;
  readonly event?: string;
  readonly deliveryId?: string;
  readonly contentHash?: string;
  readonly correlationId?: string;
  readonly order?: unknown;
  readonly status?: string;
  readonly reason?: string;
  readonly of?: string;
  readonly destination?: string;
  readonly lanes?: readonly LaneLine[];
  /** The erasure that took words out of it. */
  readonly erased?: string;
}
export type LaneLine = Readonly<Record<string, unknown>> & { readonly destination: string };

/** What a record's lines tell of one event. */
export interface Told {
  readonly row: LedgerRow;
  readonly body: LineBody;
  /** As it is kept beside the line. */
  readonly outcome: EventOutcome;
  /** The last line of each lane. */
  readonly lanes: Map<string, LaneLine>;
  /** How often lanes changed after the event's own line, and when last. */
  changes: number;
  lastAtMs: number;
}

/** What is no JSON any more, the chain finds. */
export function bodyOf({ body }: Pick<Entry, "body">): LineBody {
  try {
    return JSON.parse(body) as LineBody;
  } catch {
    return { type: "unreadable" };
  }
}

/** A lane's report as its line tells it. */
export function lineOf({ attempts, ...rest }: LaneReport): object {
  return { ...rest, attempt: attempts.length, last: attempts.at(-1) };
}

/** Whether two values are the same JSON, in whatever order their members come. */
export const same = (left: unknown, right: unknown): boolean => canonical(left) === canonical(right);

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
