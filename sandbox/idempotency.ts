import { createHash } from "node:crypto";
import { problem, type Answer, type Call } from "./http-types.ts";
import type { Store } from "./store.ts";

interface Kept {
  readonly fingerprint: string;
  readonly status: number;
  readonly body: string;
}

/**
 * One effect for one `Idempotency-Key`, in one transaction: a repetition gets the stored answer, another request under
 * a used key is refused. Only successes are kept, since a refusal had no effect and may be mended.
 */
export function once(store: Store, call: Call, act: () => Answer): Answer {
  return store.transaction(() => {
    const key = call.headers["idempotency-key"];
    if (key === undefined) return act();
    const fingerprint = createHash("sha256")
      .update(JSON.stringify([call.method, call.path, call.body]))
      .digest("hex");
    const kept = store.one<Kept>("SELECT fingerprint, status, body FROM answers WHERE idempotencyKey = ?", key);
    if (kept !== undefined) return repeat(store, kept, fingerprint);
    const answer = act();
    if (answer.status < 300) store.run("INSERT INTO answers VALUES (?, ?, ?, ?)", key, fingerprint, answer.status, answer.body);
    return answer;
  });
}

function repeat(store: Store, kept: Kept, fingerprint: string): Answer {
  store.count("duplicateRequests");
  if (kept.fingerprint !== fingerprint) return problem(422, "idempotency_key_reused", "this key was used for another request");
  return { status: kept.status, body: kept.body, headers: { "idempotent-replay": "true" } };
}
