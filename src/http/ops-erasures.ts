import type { ErasureProgress, Subject } from "../domain/erasure/erasure.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { isEntityKind, type AnswerOf, type BodyOf } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused } from "./ops-ports.ts";
import type { ErasureRecord } from "./ports-audit.ts";
import { iso } from "./views.ts";

type ErasureView = AnswerOf<"getErasure">;
type Viewed = Promise<Result<ErasureView, Refused>>;

/** The ops API's calls that erase. */
export const erasureHandlers = (ports: OpsPorts): Pick<Handlers, "listErasures" | "getErasure" | "createErasure" | "continueErasure"> => ({
  listErasures: async ({ query }) => {
    const found = await ports.erasures.list({ beforeId: query.cursor, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    return ok({ items: items.map(erasureView), nextCursor: found.length > query.limit ? (items.at(-1)?.id ?? null) : null });
  },
  getErasure: async ({ params }) => {
    const found = await ports.erasures.find(params["id"] ?? "");
    return found === null ? refuse("not_found", `no erasure has the id ${params["id"]}`) : ok(erasureView(found));
  },
  createErasure: (call) => createErasure(ports, call),
  continueErasure: (call) => continueErasure(ports, call),
});

const refuse = (code: Refused["code"], detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

function subjectOf({ email, entity }: BodyOf<"createErasure">["subject"]): Result<Subject, Refused> {
  if ((email === undefined) === (entity === undefined)) return refuse("invalid_request", "subject: give either email or entity");
  if (email !== undefined) return ok({ kind: "email", email });
  const [kind = "", ...rest] = (entity ?? "").split("/");
  return isEntityKind(kind)
    ? ok({ kind: "entity", entity: { kind, key: rest.join("/") } })
    : refuse("invalid_request", "subject.entity: must be <kind>/<key>, with a kind of the canonical model");
}

async function createErasure(ports: OpsPorts, { body, actor }: Call<"createErasure">): Viewed {
  const subject = subjectOf(body.subject);
  if (!subject.ok) return subject;
  const by = { actor: actor.name, reason: body.reason };
  if (!body.dryRun) return viewed(await ports.erasures.begin(subject.value, by));
  const cursor = body.cursor === undefined ? null : parsedCursor(body.cursor);
  if (cursor === undefined) return refuse("invalid_request", "cursor: not one that this API gave");
  const looked = await ports.erasures.look(subject.value, by, cursor);
  if (!looked.ok) return refuse("unavailable", looked.failure);
  const { progress } = looked.value;
  const isComplete = progress.phase === "done";
  return ok({ ...erasureView(looked.value), id: null, state: "dryRun", nextCursor: isComplete ? null : btoa(JSON.stringify(progress)) });
}

/** A dry run changes nothing: whoever makes up a cursor is only told something made up. */
function parsedCursor(text: string): ErasureProgress | undefined {
  try {
    const parsed = JSON.parse(atob(text)) as ErasureProgress;
    return Array.isArray(parsed.records) && parsed.records.every(({ kind }) => isEntityKind(kind)) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function continueErasure(ports: OpsPorts, { params, body }: Call<"continueErasure">): Viewed {
  const subject = subjectOf(body.subject);
  if (!subject.ok) return subject;
  const id = params["id"] ?? "";
  const found = await ports.erasures.find(id);
  if (found === null) return refuse("not_found", `no erasure has the id ${id}`);
  const gone = await ports.erasures.goOn(found, subject.value);
  if (!gone.ok && gone.failure === "another subject") return refuse("conflict", "this erasure is of another subject");
  return viewed(gone);
}

const viewed = (done: Result<ErasureRecord, string>): Result<ErasureView, Refused> =>
  done.ok ? ok(erasureView(done.value)) : refuse("unavailable", done.failure);

const erasureView = (erasure: ErasureRecord): ErasureView => ({
  id: erasure.id,
  state: erasure.state,
  complete: erasure.progress.phase === "done",
  subject: erasure.subjectDigest,
  phase: erasure.progress.phase,
  counts: { ...erasure.progress.counts },
  askedBy: erasure.askedBy,
  reason: erasure.reason,
  createdAt: erasure.createdAtMs === 0 ? null : iso(erasure.createdAtMs),
  updatedAt: erasure.updatedAtMs === 0 ? null : iso(erasure.updatedAtMs),
  receipt: erasure.progress.receipt ?? null,
  nextCursor: null,
});
