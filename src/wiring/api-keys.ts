import { findKey, keepKey, listKeys, revokeKey } from "../adapters/api-keys.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import { KEY_RANDOM_BYTES, makeKey } from "../domain/api-key.ts";
import { ok } from "../domain/result.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { onRecord, operatorAction, recordAction } from "./operator-action.ts";

/** API keys over this environment's bindings: each is made and revoked by somebody, with a reason. */
export const keyPorts = (env: Env, deployment: Deployment): OpsPorts["keys"] => ({
  list: (query) => listKeys(env.DB, query),
  create: async (grant, by) => {
    const { id, text } = makeKey(crypto.getRandomValues(new Uint8Array(KEY_RANDOM_BYTES)), sha256Hex);
    const scope = grant.operations === null ? "" : ` for ${grant.operations.join(", ")}`;
    const kept = await onRecord(env, operatorAction(`create key as ${grant.role}${scope}`, grant.name, by), () =>
      keepKey(env.DB, deployment.accountKeys, { ...grant, id }, text),
    );
    return kept.ok ? ok({ ...kept.value, text }) : kept;
  },
  revoke: async (id, by) => {
    const key = await findKey(env.DB, id);
    if (key === null) return null;
    await recordAction(env, operatorAction("revoke key", key.name, by));
    return revokeKey(env.DB, id, { actor: by.actor, atMs: Date.now() });
  },
});
