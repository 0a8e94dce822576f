import * as z from "zod";
import type { AuditCursor, AuditScope } from "../domain/audit/part.ts";
import { FIRST_PART } from "../domain/audit/export.ts";
import { firstEventIdAt } from "../domain/event-id.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { isEntityKind, type AnswerOf } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused } from "./ops-ports.ts";

/** The ops API's calls for the auditor. */
export const auditHandlers = (ports: OpsPorts): Pick<Handlers, "verifyAudit" | "exportAudit"> => ({
  verifyAudit: (call) => verifyAudit(ports, call),
  exportAudit: (call) => exportAudit(ports, call),
});

const refuse = (detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code: "invalid_request", detail });

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const VerifyCursor = z.discriminatedUnion("at", [
  z.object({ at: z.literal("rows"), fromId: z.string().max(64) }),
  z.object({ at: z.literal("anchors"), after: z.tuple([z.string().max(64), z.string().max(256)]) }),
  z.object({ at: z.literal("actions"), seq: z.number().int().min(0), hash: Hash }),
  z.object({ at: z.literal("listed"), after: z.string().max(64) }),
]);
const ExportCursor = z.object({ fromId: z.string().max(64), part: z.number().int().min(1), before: Hash });

const written = (cursor: object): string => btoa(JSON.stringify(cursor));

function read<T extends z.ZodType>(schema: T, cursor: string): Result<z.infer<T>, Refused> {
  try {
    const parsed = schema.safeParse(JSON.parse(atob(cursor)));
    return parsed.success ? ok(parsed.data) : refuse("cursor: not one that this API gave");
  } catch {
    return refuse("cursor: not one that this API gave");
  }
}

async function verifyAudit(ports: OpsPorts, { body }: Call<"verifyAudit">): Promise<Result<AnswerOf<"verifyAudit">, Refused>> {
  const scope = scopeOf(body);
  if (!scope.ok) return scope;
  const cursor = body.cursor === undefined ? ok(null) : read<z.ZodType<AuditCursor>>(VerifyCursor, body.cursor);
  if (!cursor.ok) return cursor;
  const { checked, broken, next } = await ports.audit.verify(scope.value, cursor.value);
  return ok({
    intact: broken.length === 0,
    checked,
    broken: [...broken],
    nextCursor: next === null ? null : written(next),
  });
}

function scopeOf({ entity, from, to }: Call<"verifyAudit">["body"]): Result<AuditScope, Refused> {
  if (entity === undefined)
    return ok({
      kind: "period",
      fromId: from === undefined ? "evt_" : firstEventIdAt(Date.parse(from)),
      toId: to === undefined ? "evt_~" : firstEventIdAt(Date.parse(to)),
    });
  const slash = entity.indexOf("/");
  const kind = entity.slice(0, slash);
  return isEntityKind(kind)
    ? ok({ kind: "entity", entity: { kind, key: entity.slice(slash + 1) } })
    : refuse("entity: must be <kind>/<key>, with a kind of the canonical model");
}

async function exportAudit(ports: OpsPorts, { query }: Call<"exportAudit">): Promise<Result<Response, Refused>> {
  const [fromMs, toMs] = [Date.parse(query.from), Date.parse(query.to)];
  if (fromMs >= toMs) return refuse("from must be before to");
  const cursor = query.cursor === undefined ? ok({ ...FIRST_PART, fromId: null }) : read(ExportCursor, query.cursor);
  if (!cursor.ok) return cursor;
  const part = await ports.audit.export({ fromMs, toMs, ...cursor.value });
  return part.ok ? part : fail({ code: "unavailable", detail: part.failure });
}
