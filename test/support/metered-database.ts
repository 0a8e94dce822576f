/** What a database was asked for, as Cloudflare bills it. */
export interface D1Counts {
  calls: number;
  rowsRead: number;
  rowsWritten: number;
}

/** A database whose calls and rows are counted. */
export function meteredDatabase(database: D1Database, counts: D1Counts): D1Database {
  const own = new WeakMap<object, D1PreparedStatement>();
  const noted = <T>(results: readonly D1Result<T>[]): readonly D1Result<T>[] => {
    counts.calls++;
    for (const { meta } of results) {
      counts.rowsRead += meta.rows_read;
      counts.rowsWritten += meta.rows_written;
    }
    return results;
  };
  const metered = (statement: D1PreparedStatement): D1PreparedStatement => {
    const all = async <T>() => noted([await statement.all<T>()])[0] as D1Result<T>;
    const wrapped = {
      bind: (...values: readonly unknown[]) => metered(statement.bind(...values)),
      all,
      run: all,
      first: async <T>() => (await all<T>()).results[0] ?? null,
    } as unknown as D1PreparedStatement;
    own.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (sql: string) => metered(database.prepare(sql)),
    batch: async (statements: readonly D1PreparedStatement[]) =>
      noted(await database.batch(statements.map((statement) => own.get(statement) ?? statement))),
  } as unknown as D1Database;
}
