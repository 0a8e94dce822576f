import { rowsBetween } from "../adapters/audit-rows.ts";
import { auditSigner, type AuditSigner } from "../adapters/audit-signing.ts";
import { databasesOf } from "../adapters/event-databases.ts";
import { newSha256 } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import { beginLine, chainLine, entryLine, manifestOf, runWithin, type ExportPart } from "../domain/audit/export.ts";
import { firstEventIdAt } from "../domain/event-id.ts";
import { entityName } from "../domain/event.ts";
import type { EntityRef } from "../domain/kin.ts";
import { LIMITS } from "../domain/limits.ts";
import { ok, type Result } from "../domain/result.ts";
import { GENESIS, type Entry } from "../domain/timeline.ts";
import type { OpsPorts } from "../http/ops-ports.ts";
import type { ExportAsked } from "../http/ports-audit.ts";
import { auditLog } from "./operator-action.ts";

/** Exports over this environment's bindings. */
export const exportPorts =
  (env: Env, deployment: Deployment): OpsPorts["audit"]["export"] =>
  async (asked) => {
    const signer = await auditSigner(deployment.settings.read("AUDIT_SIGNING_KEY"));
    return signer.ok ? exportPart(env, signer.value, asked) : signer;
  };

/**
 * One part of an export: the records whose events of the period come next, and with the last part the operators'
 * actions. It is streamed, a record at a time, and ends with its signature and where the next part begins.
 */
async function exportPart(env: Env, signer: AuditSigner, asked: ExportAsked): Promise<Result<Response, string>> {
  const period = { fromMs: asked.fromMs, toMs: asked.toMs };
  const window = { fromId: asked.fromId ?? firstEventIdAt(period.fromMs), toId: firstEventIdAt(period.toMs) };
  const rows = await rowsBetween(databasesOf(env), window, LIMITS.auditRows);
  const last = rows.length < LIMITS.auditRows ? undefined : rows.at(-1);
  const names = new Map(rows.map((row) => [`${row.kind}/${row.entityKey}`, { kind: row.kind, key: row.entityKey } as EntityRef]));
  const part: ExportPart = {
    from: new Date(period.fromMs).toISOString(),
    to: new Date(period.toMs).toISOString(),
    part: asked.part,
    before: asked.before,
  };
  async function* lines(): AsyncGenerator<object> {
    yield beginLine(part);
    for (const entity of names.values()) {
      const chain = await recordChain(env, entity, period);
      // Its first event of the period was in an earlier part, and so was all of it.
      const isToldBefore = chain.entries.some(({ eventId }) => eventId >= firstEventIdAt(period.fromMs) && eventId < window.fromId);
      if (!isToldBefore) yield* linesOf(entityName(entity), chain);
    }
    if (last === undefined) yield* linesOf("operators", await operatorsChain(env, period));
  }
  return ok(streamed(lines(), { part, signer, nextId: last === undefined ? null : `${last.id}~` }));
}

interface Chain {
  /** Every kept line. */
  readonly entries: readonly Entry[];
  readonly run: readonly Entry[];
  readonly head: { readonly seq: number; readonly hash: string };
}

function* linesOf(chain: string, { run, head }: Chain): Generator<object> {
  const [first] = run;
  if (first === undefined) return;
  yield chainLine({ chain, base: { seq: first.seq - 1, hash: first.prev }, head });
  for (const entry of run) yield entryLine(chain, entry);
}

type Period = Parameters<typeof runWithin>[1];

async function recordChain(env: Env, entity: EntityRef, period: Period): Promise<Chain> {
  const object = env.ENTITY.getByName(entityName(entity));
  const entries = await allOf((after) => object.timeline(after, LIMITS.pageItems));
  return chainOf(entries, period);
}

async function operatorsChain(env: Env, period: Period): Promise<Chain> {
  const log = auditLog(env);
  return chainOf(await allOf((after) => log.page(after, LIMITS.pageItems)), period);
}

const chainOf = (entries: readonly Entry[], period: Period): Chain => {
  const { seq, hash } = entries.at(-1) ?? GENESIS;
  return { entries, run: runWithin(entries, period), head: { seq, hash } };
};

async function allOf(read: (afterSeq: number) => Promise<readonly Entry[]>): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const page = await read(entries.at(-1)?.seq ?? 0);
    entries.push(...page);
    if (page.length < LIMITS.pageItems) return entries;
  }
}

interface Ending {
  readonly part: ExportPart;
  readonly signer: AuditSigner;
  readonly nextId: string | null;
}

/** Sends lines as they come, and at the end what signs them. An error on the way cuts it off: a part without its end is none. */
function streamed(lines: AsyncGenerator<object>, { part, signer, nextId }: Ending): Response {
  const digest = newSha256();
  let count = 0;
  const text = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done !== true) {
        const bytes = bytesOf(value);
        digest.update(bytes);
        count++;
        controller.enqueue(bytes);
        return;
      }
      const sha256 = digest.digest("hex");
      const manifest = manifestOf(part, { sha256, lines: count, last: nextId === null, at: new Date().toISOString() });
      const next = nextId === null ? null : { fromId: nextId, part: part.part + 1, before: sha256 };
      controller.enqueue(bytesOf({ line: "end", next, signature: await signer.sign(manifest) }));
      controller.close();
    },
  });
  return new Response(text, {
    headers: {
      "content-type": "application/x-ndjson",
      "content-disposition": `attachment; filename="signalbox-audit-${part.from.slice(0, 10)}-${part.part}.ndjson"`,
      "cache-control": "no-store",
    },
  });
}

const bytesOf = (line: object): Uint8Array => new TextEncoder().encode(`${JSON.stringify(line)}\n`);
