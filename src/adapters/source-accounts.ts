import { fail, ok, type Result } from "../domain/result.ts";
import type { LiveSecret } from "../verification/define.ts";
import { open, seal, type SealedSecret, type SealingKeys } from "./sealed-secrets.ts";

export interface StoredAccount {
  readonly source: string;
  readonly account: string;
  readonly state: "active" | "disabled";
  readonly secrets: readonly SealedSecret[];
  readonly registrationUntilMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

interface Row {
  readonly source: string;
  readonly account: string;
  readonly state: string;
  readonly secrets: string;
  readonly registration_until_ms: number | null;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** The live secrets of an account; empty where it is not there, is disabled, or none opens. */
export async function liveSecrets(keys: SealingKeys, account: StoredAccount | null, nowMs: number): Promise<readonly LiveSecret[]> {
  if (account === null || account.state !== "active") return [];
  const due = account.secrets.filter((secret) => secret.untilMs === null || nowMs < secret.untilMs);
  return (await Promise.all(due.map((secret) => open(keys, account, secret)))).filter((secret) => secret !== null);
}

const toAccount = (row: Row): StoredAccount => ({
  source: row.source,
  account: row.account,
  state: row.state === "active" ? "active" : "disabled",
  secrets: JSON.parse(row.secrets) as SealedSecret[],
  registrationUntilMs: row.registration_until_ms,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

export async function findAccount(db: D1Database, source: string, account: string): Promise<StoredAccount | null> {
  const row = await db.prepare("SELECT * FROM source_accounts WHERE source = ?1 AND account = ?2").bind(source, account).first<Row>();
  return row === null ? null : toAccount(row);
}

/** Accounts of a source by name, from after `afterAccount` on. */
export async function listAccounts(
  db: D1Database,
  query: { readonly source: string; readonly afterAccount?: string | undefined; readonly limit: number },
): Promise<readonly StoredAccount[]> {
  const found = await db
    .prepare("SELECT * FROM source_accounts WHERE source = ?1 AND account > ?2 ORDER BY account LIMIT ?3")
    .bind(query.source, query.afterAccount ?? "", query.limit)
    .all<Row>();
  return found.results.map(toAccount);
}

/** Writes an account if it is as it was read, so that of two changes at once neither undoes the other. */
async function save(db: D1Database, account: StoredAccount, expectedUpdatedAtMs: number | null): Promise<boolean> {
  const { source, state, secrets, registrationUntilMs, createdAtMs, updatedAtMs } = account;
  const written = await db
    .prepare(
      `INSERT INTO source_accounts (source, account, state, secrets, registration_until_ms, created_at_ms, updated_at_ms)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT DO UPDATE SET state = ?3, secrets = ?4, registration_until_ms = ?5, updated_at_ms = ?7 WHERE updated_at_ms = ?8`,
    )
    .bind(source, account.account, state, JSON.stringify(secrets), registrationUntilMs, createdAtMs, updatedAtMs, expectedUpdatedAtMs)
    .run();
  return written.meta.changes > 0;
}

export interface AccountChange {
  readonly source: string;
  readonly account: string;
  readonly nowMs: number;
}

export type Changed = Result<StoredAccount, "exists" | "absent" | "raced" | { readonly words: string }>;

/** Makes an account, with a secret, or without one where the sender will bring it. */
export async function createAccount(
  db: D1Database,
  keys: SealingKeys,
  change: AccountChange & { readonly secret: string | null },
): Promise<Changed> {
  const { source, account, nowMs } = change;
  if ((await findAccount(db, source, account)) !== null) return fail("exists");
  const sealed = change.secret === null ? null : await seal(keys, change, { id: secretId(nowMs), value: change.secret, sinceMs: nowMs });
  if (sealed !== null && !sealed.ok) return fail({ words: sealed.failure });
  const made: StoredAccount = {
    source,
    account,
    state: "active",
    secrets: sealed === null ? [] : [sealed.value],
    registrationUntilMs: null,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  return (await save(db, made, null)) ? ok(made) : fail("exists");
}

const secretId = (nowMs: number): string => `${new Date(nowMs).toISOString().slice(0, 10)}-${crypto.randomUUID().slice(0, 4)}`;

/** Gives an account another secret; the earlier ones are accepted for `overlapMs` more, and forgotten after that. */
export async function rotateAccount(
  db: D1Database,
  keys: SealingKeys,
  change: AccountChange & { readonly secret: string; readonly overlapMs: number },
): Promise<Changed> {
  const { nowMs } = change;
  const sealed = await seal(keys, change, { id: secretId(nowMs), value: change.secret, sinceMs: nowMs });
  if (!sealed.ok) return fail({ words: sealed.failure });
  const untilMs = nowMs + change.overlapMs;
  return update(db, change, (account) => ({
    ...account,
    registrationUntilMs: null,
    secrets: [
      sealed.value,
      ...account.secrets
        .map((secret) => ({ ...secret, untilMs: Math.min(secret.untilMs ?? untilMs, untilMs) }))
        .filter((secret) => secret.untilMs > nowMs),
    ],
  }));
}

export const setAccountState = (db: D1Database, change: AccountChange & { readonly state: StoredAccount["state"] }): Promise<Changed> =>
  update(db, change, (account) => ({ ...account, state: change.state }));

/** Lets the sender bring its secret itself, once, until then. */
export const openRegistration = (db: D1Database, change: AccountChange & { readonly untilMs: number }): Promise<Changed> =>
  update(db, change, (account) => ({ ...account, registrationUntilMs: change.untilMs }));

/** Takes a secret that a sender brings, if a registration is open; it is closed with that. */
export async function registerSecret(
  db: D1Database,
  keys: SealingKeys,
  change: AccountChange & { readonly secret: string },
): Promise<boolean> {
  const account = await findAccount(db, change.source, change.account);
  if (account === null || account.state !== "active" || (account.registrationUntilMs ?? 0) <= change.nowMs) return false;
  return (await rotateAccount(db, keys, { ...change, overlapMs: 0 })).ok;
}

async function update(db: D1Database, change: AccountChange, next: (account: StoredAccount) => StoredAccount): Promise<Changed> {
  const account = await findAccount(db, change.source, change.account);
  if (account === null) return fail("absent");
  const changed = { ...next(account), updatedAtMs: Math.max(change.nowMs, account.updatedAtMs + 1) };
  return (await save(db, changed, account.updatedAtMs)) ? ok(changed) : fail("raced");
}
