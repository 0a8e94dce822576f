import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

const MIGRATIONS = path.join(import.meta.dirname, "..", "..", "migrations");

const TABLES = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith(".sql"))
  .toSorted()
  .map((name) => readFileSync(path.join(MIGRATIONS, name), "utf8"))
  .join("\n");

/** The index's tables in memory, as the migrations make them. */
export function sqliteIndex(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  database.exec(TABLES);
  return database;
}

class Bound {
  readonly #database: DatabaseSync;
  readonly #sql: string;
  readonly #parameters: readonly unknown[];

  constructor(database: DatabaseSync, sql: string, parameters: readonly unknown[] = []) {
    this.#database = database;
    this.#sql = sql;
    this.#parameters = parameters;
  }

  bind(...parameters: readonly unknown[]): Bound {
    return new Bound(this.#database, this.#sql, parameters);
  }

  run(): unknown[] {
    const numbered = Object.fromEntries(this.#parameters.map((value, index) => [`?${index + 1}`, value as SQLInputValue]));
    return this.#database.prepare(this.#sql).all(numbered);
  }
}

/** As much of D1 as the index's writers use, over SQLite itself: a batch is one transaction. */
export function d1Of(database: DatabaseSync): D1Database {
  const batch = async (statements: readonly Bound[]): Promise<unknown[]> => {
    database.exec("BEGIN");
    try {
      const results = statements.map((statement) => ({ results: statement.run() }));
      database.exec("COMMIT");
      return results;
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  };
  return { prepare: (sql: string) => new Bound(database, sql), batch } as unknown as D1Database;
}
