import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

await applyD1Migrations(env.SECOND_DB, env.TEST_MIGRATIONS);

/** What the router has where it writes to two databases. */
export const twoDatabases = { ...env, DB_2: env.SECOND_DB } as Env;
