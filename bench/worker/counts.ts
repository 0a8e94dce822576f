/** One consumer batch, as it was seen. */
export interface BatchSeen {
  readonly messages: number;
  /** Messages are shared by several events. */
  readonly events: number;
  readonly entities: number;
  readonly entityCalls: number;
  readonly governorCalls: number;
  readonly d1Calls: number;
}

/** Operations as Cloudflare bills them, counted where they happen. */
export interface Counts {
  workerRequests: number;
  queueWrites: number;
  queueReads: number;
  queueDeletes: number;
  queueRetries: number;
  entityCalls: number;
  governorCalls: number;
  alarms: number;
  alarmsSet: number;
  /** Time in which an entity's object had a call under way; overlapping calls count once. */
  objectMs: number;
  objectRowsWritten: number;
  objectRowsRead: number;
  d1Calls: number;
  d1RowsWritten: number;
  d1RowsRead: number;
  r2ClassA: number;
  r2ClassB: number;
  batches: BatchSeen[];
}

const none = (): Counts => ({
  workerRequests: 0,
  queueWrites: 0,
  queueReads: 0,
  queueDeletes: 0,
  queueRetries: 0,
  entityCalls: 0,
  governorCalls: 0,
  alarms: 0,
  alarmsSet: 0,
  objectMs: 0,
  objectRowsWritten: 0,
  objectRowsRead: 0,
  d1Calls: 0,
  d1RowsWritten: 0,
  d1RowsRead: 0,
  r2ClassA: 0,
  r2ClassB: 0,
  batches: [],
});

/** One isolate serves the Worker and its objects locally, so this is the count of all of them. */
export const counts: Counts = none();

/** Read-outs of cursors wait until their statement is through. */
const open: { readonly rowsWritten: number; readonly rowsRead: number }[] = [];

export function noteCursor(cursor: { readonly rowsWritten: number; readonly rowsRead: number }): void {
  open.push(cursor);
  if (open.length >= 1_000) settleCursors();
}

/** A statement's rows are only known when its cursor was read to its end, which all callers do at once. */
export function settleCursors(): void {
  for (const cursor of open.splice(0)) {
    counts.objectRowsWritten += cursor.rowsWritten;
    counts.objectRowsRead += cursor.rowsRead;
  }
}

export function takeCounts(): Counts {
  settleCursors();
  const taken = { ...counts };
  Object.assign(counts, none());
  return taken;
}

export interface WakeCost {
  readonly rowsRead: number;
}
