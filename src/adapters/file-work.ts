import { LIMITS } from "../domain/limits.ts";

interface Row {
  readonly version: number;
  readonly lease_until_ms: number;
  readonly state: string;
}

/** Work that nobody else does at the same time. Both calls answer false once somebody else has taken it over: then stop. */
export interface Work<T> {
  readonly state: T;
  /** Stores how far it is, and keeps it for a while longer. */
  readonly save: (state: T) => Promise<boolean>;
  /** Stores how far it is, and leaves it to whoever comes next. */
  readonly release: (state: T) => Promise<boolean>;
}

/** How states are kept; `parse` throws at one that is none. */
export interface Form<T> {
  readonly initial: T;
  readonly parse: (stored: unknown) => T;
}

/**
 * Takes the work of this name, if there is any to do; null if not, and while somebody else has it. Whoever has it and does not save for
 * LIMITS.fileLeaseMs counts as gone. Each change is made only to the version that was read: of two that take it, one does.
 */
export async function takeWork<T>(
  db: D1Database,
  { name, form, wanted }: { readonly name: string; readonly form: Form<T>; readonly wanted: (state: T) => boolean | Promise<boolean> },
): Promise<Work<T> | null> {
  const row = await db.prepare("SELECT version, lease_until_ms, state FROM file_work WHERE name = ?1").bind(name).first<Row>();
  if (row !== null && row.lease_until_ms > Date.now()) return null;
  const state = row === null ? form.initial : form.parse(JSON.parse(row.state));
  if (!(await wanted(state))) return null;
  let version = row?.version ?? 0;
  const store = async (next: T, leaseUntilMs: number): Promise<boolean> => {
    const done = await db
      .prepare(
        `INSERT INTO file_work (name, version, lease_until_ms, state) VALUES (?1, ?2 + 1, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version, lease_until_ms = excluded.lease_until_ms, state = excluded.state
         WHERE file_work.version = ?2`,
      )
      .bind(name, version, leaseUntilMs, JSON.stringify(next))
      .run();
    if (done.meta.changes === 0) return false;
    version += 1;
    return true;
  };
  const save = (next: T): Promise<boolean> => store(next, Date.now() + LIMITS.fileLeaseMs);
  return (await save(state)) ? { state, save, release: (next) => store(next, 0) } : null;
}

/** The states of all work whose names begin so, by the rest of their names. */
export async function statesOf<T>(db: D1Database, prefix: string, form: Form<T>): Promise<ReadonlyMap<string, T>> {
  const { results } = await db
    .prepare("SELECT name, state FROM file_work WHERE name >= ?1 AND name < ?1 || char(1114111)")
    .bind(prefix)
    .all<{ readonly name: string; readonly state: string }>();
  return new Map(results.map(({ name, state }) => [name.slice(prefix.length), form.parse(JSON.parse(state))]));
}
