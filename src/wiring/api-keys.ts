import { keepKey, listKeys, revokeKey } from "../adapters/api-keys.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import { KEY_RANDOM_BYTES, makeKey } from "../domain/api-key.ts";
import { ok } from "../domain/result.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { operatorAction, recordAction } from "./operator-action.ts";

/** API keys over this environment's bindings: each is made and revoked by somebody, with a reason. */
export const keyPorts = (env: Env, deployment: Deployment): OpsPorts["keys"] => ({
  list: (query) => listKeys(env.DB, query),
  create: async (grant, by) => {
    const { id, text } = makeKey(crypto.getRandomValues(new Uint8Array(KEY_RANDOM_BYTES)), sha256Hex);
    const kept = await keepKey(env.DB, deployment.accountKeys, { ...grant, id }, text);
    if (!kept.ok) return kept;
    const scope = grant.operations === null ? "" : ` for ${grant.operations.join(", ")}`;
    await recordAction(env, operatorAction(`create key as ${grant.role}${scope}`, grant.name, by));
    return ok({ ...kept.value, text });
  },
  revoke: async (id, by) => {
    const revoked = await revokeKey(env.DB, id, { actor: by.actor, atMs: Date.now() });
    if (revoked !== null) await recordAction(env, operatorAction("revoke key", revoked.name, by));
    return revoked;
  },
});
