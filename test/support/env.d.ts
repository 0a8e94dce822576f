declare namespace Cloudflare {
  interface Env {
    /** Bound as DB_2 by those tests alone that try several databases. */
    SECOND_DB: D1Database;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** The private half of the key that the tests' tokens are signed with, as a JWK. */
    TEST_OPS_KEY: string;
    /** What the local senders sign with, as a JSON object by the secret's name. */
    TEST_SENDER_KEYS: string;
  }
}
