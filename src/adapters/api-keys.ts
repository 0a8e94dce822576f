import { and, asc, eq, gt, isNull, lt, or } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { provenText, usable, type KeyGrant, type KeyText } from "../domain/api-key.ts";
import { LIMITS } from "../domain/limits.ts";
import { remembering } from "../domain/remembering.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { apiKeys } from "./schema-access.ts";

/** The secrets that proofs are made with, newest first: the first one makes them, all of them accept. */
export type ProofSecrets = readonly string[];

export interface StoredKey extends KeyGrant {
  readonly lastUsedAtMs: number | null;
  readonly revokedAtMs: number | null;
  readonly revokedBy: string | null;
}

type Row = typeof apiKeys.$inferSelect;

const toKey = ({ proof: _proof, operations, ...row }: Row): StoredKey => ({
  ...row,
  operations: operations === null ? null : (JSON.parse(operations) as string[]),
});

const utf8 = new TextEncoder();
/** A key of its own, so that a proof is never good for anything else that the secret is used for. */
const macKey = remembering(
  async (secret: string): Promise<CryptoKey> => {
    const bytes = await crypto.subtle.digest("SHA-256", utf8.encode(`signalbox api keys\n${secret}`));
    return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  },
  (secret) => secret,
);

/**
 * The proof of a key: HMAC-SHA-256 under a Worker secret over the key itself and all that its row grants. A key holds
 * 256 random bits, so no guessing reaches it and a deliberately slow hash would only slow our own calls down. What the
 * secret adds: whoever can write the table, but not the Worker's secrets, can neither make a key nor widen one.
 */
async function prove(secret: string, grant: KeyGrant, keyText: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await macKey(secret), utf8.encode(provenText(grant, keyText)));
  return new Uint8Array(mac).toHex();
}

/** Keeps a new key. Fails if the name was used before, since the audit trail knows a key by it. */
export async function keepKey(
  d1: D1Database,
  secrets: ProofSecrets,
  grant: KeyGrant,
  keyText: string,
): Promise<Result<StoredKey, "exists" | "unsealed">> {
  const [secret] = secrets;
  if (secret === undefined) return fail("unsealed");
  const row = { ...grant, operations: grant.operations === null ? null : JSON.stringify(grant.operations) };
  const kept = await drizzle(d1)
    .insert(apiKeys)
    .values({ ...row, proof: await prove(secret, grant, keyText) })
    .onConflictDoNothing()
    .returning();
  return kept[0] === undefined ? fail("exists") : ok(toKey(kept[0]));
}

export interface Opened {
  readonly key: StoredKey;
  /** What its use leaves behind, at most once in LIMITS.keyUsedMs: when it was, and a proof by the newest secret. */
  readonly note: (() => Promise<void>) | null;
}

/** What is held against a key that is not there, so that refusing it takes the same work. */
const DECOY: Row = {
  id: "",
  name: "",
  owner: "",
  role: "",
  operations: null,
  createdBy: "",
  createdAtMs: 0,
  expiresAtMs: 0,
  proof: "00".repeat(32),
  lastUsedAtMs: null,
  revokedAtMs: null,
  revokedBy: null,
};

/**
 * The key of a text, read anew each time, so that a revocation counts with the next call. Compared by WebCrypto, which
 * takes the same time wherever two proofs differ.
 */
export async function openKey(
  d1: D1Database,
  secrets: ProofSecrets,
  { id, text }: KeyText,
  nowMs: number,
): Promise<Result<Opened, string>> {
  const [found] = await drizzle(d1).select().from(apiKeys).where(eq(apiKeys.id, id)).limit(1);
  const row = found ?? DECOY;
  const key = toKey(row);
  const genuine = await anyHolds(secrets, key, text, row.proof);
  // A revoked key has no proof any more; why it is not taken helps its owner.
  const may = genuine || key.revokedAtMs !== null ? usable(key, nowMs) : fail("there is no such key");
  if (!may.ok) return may;
  const stale = nowMs - (key.lastUsedAtMs ?? 0) >= LIMITS.keyUsedMs;
  return ok({ key, note: stale ? () => noteUse(d1, { secrets, key, text, nowMs }) : null });
}

async function anyHolds(secrets: ProofSecrets, grant: KeyGrant, keyText: string, proof: string): Promise<boolean> {
  const mac = /^(?:[0-9a-f]{2}){32}$/.test(proof) ? Uint8Array.fromHex(proof) : new Uint8Array(32);
  const text = utf8.encode(provenText(grant, keyText));
  for (const secret of secrets) if (await crypto.subtle.verify("HMAC", await macKey(secret), mac, text)) return true;
  return false;
}

interface Use {
  readonly secrets: ProofSecrets;
  readonly key: StoredKey;
  readonly text: string;
  readonly nowMs: number;
}

async function noteUse(d1: D1Database, { secrets, key, text, nowMs }: Use): Promise<void> {
  const [secret = ""] = secrets;
  const unnoted = or(isNull(apiKeys.lastUsedAtMs), lt(apiKeys.lastUsedAtMs, nowMs - LIMITS.keyUsedMs + 1));
  await drizzle(d1)
    .update(apiKeys)
    .set({ lastUsedAtMs: nowMs, proof: await prove(secret, key, text) })
    .where(and(eq(apiKeys.id, key.id), isNull(apiKeys.revokedAtMs), unnoted));
}

/** Keys by name, from after `afterName` on. */
export async function listKeys(
  d1: D1Database,
  query: { readonly afterName?: string | undefined; readonly limit: number },
): Promise<readonly StoredKey[]> {
  const after = query.afterName === undefined ? undefined : gt(apiKeys.name, query.afterName);
  return (await drizzle(d1).select().from(apiKeys).where(after).orderBy(asc(apiKeys.name)).limit(query.limit)).map(toKey);
}

/** Ends a key for good: its proof goes, so that no later edit of the row brings it back. Null if there is none. */
export async function revokeKey(
  d1: D1Database,
  id: string,
  by: { readonly actor: string; readonly atMs: number },
): Promise<StoredKey | null> {
  await drizzle(d1)
    .update(apiKeys)
    .set({ proof: "", revokedAtMs: by.atMs, revokedBy: by.actor })
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAtMs)));
  return findKey(d1, id);
}

export async function findKey(d1: D1Database, id: string): Promise<StoredKey | null> {
  const [row] = await drizzle(d1).select().from(apiKeys).where(eq(apiKeys.id, id)).limit(1);
  return row === undefined ? null : toKey(row);
}
