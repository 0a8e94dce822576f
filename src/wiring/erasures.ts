import { auditSigner } from "../adapters/audit-signing.ts";
import { findErasure, listErasures, saveErasure, subjectDigest, type StoredErasure } from "../adapters/erasures.ts";
import type { Deployment } from "../deployment.ts";
import { startOf, subjectText, type ErasureProgress, type Subject } from "../domain/erasure/erasure.ts";
import { ulid } from "../domain/event-id.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import { eraseStep } from "./erasure.ts";
import { operatorAction, recordAction } from "./operator-action.ts";

const NO_KEY = "this deployment cannot keep a subject as a digest: set the secret ACCOUNT_KEY, made with: openssl rand -base64 32";

/** Erasures over this environment's bindings: each is on record with who asked and why, and its subject as a digest. */
export function erasurePorts(env: Env, deployment: Deployment): OpsPorts["erasures"] {
  const digestOf = async (subject: Subject): Promise<Result<string, string>> => {
    const [secret] = deployment.accountKeys;
    return secret === undefined ? fail(NO_KEY) : ok(await subjectDigest(secret, subjectText(subject)));
  };
  const step = (erasure: StoredErasure, subject: Subject, dryRun: boolean): Promise<ErasureProgress> =>
    eraseStep({ env, config: deployment.config, id: erasure.id, digest: erasure.subjectDigest, subject, dryRun }, erasure.progress);
  const advance = async (erasure: StoredErasure, subject: Subject): Promise<Result<StoredErasure, string>> => {
    const progress = await step(erasure, subject, false);
    const isDone = progress.phase === "done";
    const moved: StoredErasure = { ...erasure, progress, state: isDone ? "done" : "running", updatedAtMs: Date.now() };
    const receipt = isDone ? await receiptOf(deployment, moved) : undefined;
    const kept = receipt === undefined ? moved : { ...moved, progress: { ...progress, receipt } };
    await saveErasure(env.DB, kept);
    if (isDone)
      await recordAction(env, operatorAction("finish erasure", erasure.subjectDigest, { actor: erasure.askedBy, reason: erasure.id }));
    return ok(kept);
  };
  return {
    list: (query) => listErasures(env.DB, query),
    find: (id) => findErasure(env.DB, id),
    look: async (subject, by, from) => {
      const digest = await digestOf(subject);
      if (!digest.ok) return digest;
      const asked = newErasure("", digest.value, { ...by, progress: from ?? startOf(subject) });
      return ok({ ...asked, createdAtMs: 0, updatedAtMs: 0, progress: await step(asked, subject, true) });
    },
    begin: async (subject, by) => {
      const digest = await digestOf(subject);
      if (!digest.ok) return digest;
      const id = `era_${ulid(Date.now(), crypto.getRandomValues(new Uint8Array(16)))}`;
      const erasure = newErasure(id, digest.value, { ...by, progress: startOf(subject) });
      await recordAction(env, operatorAction("begin erasure", digest.value, by));
      await saveErasure(env.DB, erasure);
      return advance(erasure, subject);
    },
    goOn: async (erasure, subject) => {
      const digest = await digestOf(subject);
      if (!digest.ok) return digest;
      if (digest.value !== erasure.subjectDigest) return fail("another subject");
      return erasure.state === "done" ? ok(erasure) : advance(erasure, subject);
    },
  };
}

function newErasure(
  id: string,
  digest: string,
  of: { readonly actor: string; readonly reason: string; readonly progress: ErasureProgress },
): StoredErasure {
  const nowMs = Date.now();
  return {
    id,
    state: "running",
    subjectDigest: digest,
    askedBy: of.actor,
    reason: of.reason,
    progress: of.progress,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}

/** What was erased, signed where there is a key: it names nobody. */
async function receiptOf({ settings }: Deployment, erasure: StoredErasure): Promise<string | undefined> {
  const signer = await auditSigner(settings.read("AUDIT_SIGNING_KEY"));
  if (!signer.ok) return undefined;
  const { id, subjectDigest: subject, askedBy, progress, createdAtMs, updatedAtMs } = erasure;
  return signer.value.sign({
    format: "signalbox erasure 1",
    id,
    subject,
    askedBy,
    counts: progress.counts,
    begun: new Date(createdAtMs).toISOString(),
    done: new Date(updatedAtMs).toISOString(),
  });
}
