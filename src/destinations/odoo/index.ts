import { stepByStep } from "../../connection/step-by-step.ts";
import { withTeamFields, writtenPart } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { confirmsByWriting, defineDestination, type ChangePage, type ChangeQuery, type Delivery, type Failed } from "../define.ts";
import { authentication, type Session } from "./api.ts";
import { bareState, remoteOf, rowsOf, stateOf, toOdooTime, wholeRows } from "./read.ts";
import { KINDS, recordOf } from "./records.ts";
import { Settings } from "./settings.ts";
import { find, next, take, wantedLines, type Step } from "./steps.ts";

const NO_KIND: Failed = {
  kind: "failed",
  class: "config",
  detail: "this Odoo is not set up to hold this kind; cases need the setting tickets",
};

/**
 * Odoo over its external API (https://www.odoo.com/documentation/19.0/developer/reference/external_api.html), or the JSON-RPC
 * of the versions before 19. The base URL is the server's. Secret `apiKey` of a user of its own.
 */
export const odoo = defineDestination<Settings>({
  module: "odoo",
  title: "Odoo",
  settings: Settings,
  facts: {
    auth: "API key: a bearer token, or in the body of the older API",
    upsert: "looked for by `ref` or `client_order_ref`, which are not unique, then created, one at a time",
    order: "`write_date` in whole seconds",
    changedSince: "windows of `write_date`, by keyset on id within one",
    limits: "none told",
    proven: "strict fake",
  },
  secretNames: () => ["apiKey"],
  kinds: KINDS,
  deduplicates: false,
  authentication,
  write: (delivery, session) => {
    const record = recordOf(delivery.entity.kind, session.settings);
    if (record === undefined) return Promise.resolve(NO_KIND);
    const wanted = { record, delivery, session };
    return stepByStep<JsonObject, Step>({
      find: () => find(wanted),
      next: (row) => next(row, wanted),
      take: (step, row) => take(step, row, wanted),
      mark: (step, row) => `${nameOf(step)} ${scalarText(row?.["id"]) ?? ""} ${scalarText(row?.["state"]) ?? ""}`,
      unchanged: (step, row) => unchanged(step, record.noun, row),
      creates: ({ does }) => does === "create",
      remoteOf,
    });
  },
  confirm: confirmsByWriting,
  written: (delivery, settings) => written(delivery, settings),
  read: async (ref, session) => {
    const record = recordOf(ref.kind, session.settings);
    if (record === undefined) return fail(NO_KIND);
    const domain: readonly JsonValue[] =
      ref.by === "id" ? [["id", "=", Number(ref.value)]] : [[record.keyField(session.settings), "=", ref.value]];
    const rows = await wholeRows(session, { record, kind: ref.kind, domain, limit: 3 });
    if (!rows.ok) return rows;
    const row = rows.value.find((each) => each["state"] !== "cancel") ?? rows.value[0];
    if (row === undefined) return ok("absent");
    const state = stateOf(record, ref.kind, row, session.settings);
    return state.ok ? state : fail({ kind: "failed", class: "config", detail: state.failure });
  },
  changes: {
    kinds: KINDS,
    resolutionMs: 1_000,
    overlapMs: 300_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page: (query, session) => page(query, session),
  },
});

const nameOf = (step: Step): string => (step.does === "press" ? step.button : step.does);

/** A button that a state does not allow may do nothing, and say nothing. */
const unchanged = (step: Step, noun: string, row: JsonObject | null): Failed => ({
  kind: "failed",
  class: step.does === "press" ? "business" : "conflict",
  detail: `Odoo took "${nameOf(step)}" and left the ${noun} ${scalarText(row?.["name"]) ?? ""} as it was`,
});

/**
 * One page. Times are told in whole seconds and stored finer, so they cannot be a place to go on from: within the window the
 * ids are. What changes meanwhile gets a later time, and comes with the next run.
 */
async function page(query: ChangeQuery, session: Session): Promise<Result<ChangePage, Failed>> {
  const record = recordOf(query.kind, session.settings);
  if (record === undefined) return fail(NO_KIND);
  if (query.cursor !== null && !/^\d{1,15}$/.test(query.cursor)) return fail({ ...NO_KIND, detail: "no cursor of Odoo" });
  const domain: readonly JsonValue[] = [
    ...(query.fromMs === null ? [] : [["write_date", ">=", toOdooTime(query.fromMs)]]),
    ["write_date", "<", toOdooTime(query.untilMs)],
    ...(query.cursor === null ? [] : [["id", ">", Number(query.cursor)]]),
  ];
  const rows = await rowsOf(session, { record, kind: query.kind, domain, limit: query.limit });
  if (!rows.ok) return rows;
  return ok({
    // One that cannot be said in canonical words must not stop the rest: it differs in everything, and a person sees it.
    records: rows.value.map((row) => {
      const state = stateOf(record, query.kind, row, session.settings);
      return state.ok ? state.value : bareState(record, row, session.settings);
    }),
    nextCursor: rows.value.length < query.limit ? null : (scalarText(rows.value.at(-1)?.["id"]) ?? null),
    serverNowMs: null,
  });
}

/** The part of a delivery that a later reading tells again. */
function written(delivery: Delivery, settings: Settings): JsonObject {
  const record = recordOf(delivery.entity.kind, settings);
  if (record === undefined || delivery.deleted) return {};
  const words = contentForErp(delivery);
  const lines = record.hasLines ? wantedLines(words, settings.amountProduct) : ok(null);
  const customerId = record.hasPartner ? readPath(words, "customerId") : undefined;
  return {
    ...writtenPart(words, withTeamFields(record.pairs, settings.fields?.[delivery.entity.kind])),
    ...(customerId === undefined || delivery.entity.kind === "invoice" ? {} : { customerId }),
    ...(lines.ok && lines.value !== null ? { lines: [...lines.value] } : {}),
  };
}
