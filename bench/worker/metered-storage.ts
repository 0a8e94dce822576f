import { counts, noteCursor } from "./counts.ts";

let done = false;

interface Counted {
  readonly rowsWritten: number;
  readonly rowsRead: number;
}

/**
 * Counts what objects do with their storage, for all objects of the isolate: the runtime wants its own state object in a
 * class's constructor, so its prototypes are where one can count.
 */
export function meterStorage(storage: DurableObjectStorage): void {
  if (done) return;
  done = true;
  const sql = Object.getPrototypeOf(storage.sql) as { exec: (...args: readonly unknown[]) => Counted };
  const exec = sql.exec;
  sql.exec = function (...args) {
    const cursor = exec.apply(this, [...args]);
    noteCursor(cursor);
    return cursor;
  };
  const prototype = Object.getPrototypeOf(storage) as { setAlarm: (...args: readonly unknown[]) => unknown };
  const setAlarm = prototype.setAlarm;
  prototype.setAlarm = function (...args) {
    counts.alarmsSet++;
    return setAlarm.apply(this, [...args]);
  };
}
