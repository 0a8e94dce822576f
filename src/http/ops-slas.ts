import type { RouterConfig } from "../domain/config.ts";
import { durationMs, isRate, type SlaConfig } from "../domain/slas/declare.ts";
import { statementOf } from "../domain/slas/statement.ts";
import { lagAtMostMs, standingOf, type LateSpan, type SlaReading } from "../domain/slas/standing.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { AnswerOf } from "./operations.ts";
import type { SlaView } from "./operations-slas.ts";
import type { Call, Handlers, OpsPorts, Refused } from "./ops-ports.ts";
import { ownerOf } from "./owners.ts";
import { iso } from "./views.ts";

/** The ops API's calls about SLAs. */
export const slaHandlers = (ports: OpsPorts): Pick<Handlers, "listSlas" | "getSla"> => ({
  listSlas: async () => ok({ items: await slaViews(ports), nextCursor: null }),
  getSla: (call) => getSla(ports, call),
});

async function slaViews({ slas, config }: OpsPorts): Promise<SlaView[]> {
  const readings = await slas.readings();
  return readings.flatMap((reading) => {
    const declared = config.slas?.[reading.name];
    return declared === undefined ? [] : [slaView(config, declared, reading)];
  });
}

function slaView(config: RouterConfig, sla: SlaConfig, reading: SlaReading): SlaView {
  const { name, atMs, open, overdue } = reading;
  const { good, bad } = reading.window;
  const within = isRate(sla) ? null : sla.within;
  const lag = (part: number): number | null => (within === null ? null : lagAtMostMs(reading.window, part, durationMs(within) ?? 0));
  return {
    name,
    title: sla.title,
    statement: statementOf(sla, reading),
    owner: ownerOf(config, sla.owner),
    routes: config.routes.filter((route) => route.sla === name).map((route) => route.name),
    measures: isRate(sla) ? sla.rate : "milestones",
    within,
    window: sla.window,
    target: sla.target,
    at: iso(atMs),
    ...standingOf(reading, sla.target),
    good,
    bad,
    open,
    overdue,
    medianAtMostMs: lag(0.5),
    p95AtMostMs: lag(0.95),
  };
}

async function getSla(ports: OpsPorts, { params, query }: Call<"getSla">): Promise<Result<AnswerOf<"getSla">, Refused>> {
  const name = params["name"] ?? "";
  const view = (await slaViews(ports)).find((each) => each.name === name);
  if (view === undefined) return fail({ code: "not_found", detail: `there is no SLA "${name}"` });
  const before = query.cursor === undefined ? undefined : cursorIn(query.cursor);
  if (before === null) return fail({ code: "invalid_request", detail: "cursor: not one that this API gave" });
  const found = await ports.slas.late({ sla: name, state: query.state, before, limit: query.limit + 1 });
  const items = found.slice(0, query.limit);
  const last = items.at(-1);
  const nextCursor = found.length > query.limit && last !== undefined ? `${last.dueMs}~${last.subject}` : null;
  return ok({ sla: view, late: { items: items.map(lateView), nextCursor } });
}

function cursorIn(cursor: string): { readonly dueMs: number; readonly subject: string } | null {
  const [, due, subject] = /^(\d{1,15})~([\s\S]+)$/.exec(cursor) ?? [];
  return due === undefined || subject === undefined ? null : { dueMs: Number(due), subject };
}

const lateView = ({
  kind,
  entityKey,
  eventId,
  startMs,
  dueMs,
  endMs,
  withdrawn,
}: LateSpan): AnswerOf<"getSla">["late"]["items"][number] => ({
  entity: { kind, key: entityKey },
  eventId,
  startedAt: iso(startMs),
  dueAt: iso(dueMs),
  endedAt: endMs === null ? null : iso(endMs),
  withdrawn,
});
