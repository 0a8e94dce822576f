import { pair, toRemote, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import type { Failed } from "../define.ts";
import { differing, teamOf, typed, type RecordKind, type Step, type Wanted } from "./converge.ts";
import { linesDiffer, linesOf, wantedLines } from "./sale-lines.ts";
import { creation, rewriting, type SaleContent } from "./sale-values.ts";

/** Where Tryton's sale must come to for each canonical status; "sent" and "paid" are processed ones, as their shipments and invoices tell. */
const STAGES = {
  draft: "draft",
  confirmed: "processing",
  partially_fulfilled: "processing",
  partially_invoiced: "processing",
  fulfilled: "sent",
  invoiced: "paid",
  closed: "done",
  cancelled: "cancelled",
};

const PAIRS: readonly FieldPair[] = [
  pair.text("number", "number", { way: "in" }),
  pair.text("customerId", "party.code"),
  pair.word("status", "stage", STAGES),
  pair.money("total", "total_amount", { currencyAt: "currency.code", way: "in" }),
  // A day in Tryton, a time in our words.
  pair.day("orderedAt", "sale_date", { way: "out" }),
  pair.time("orderedAt", "sale_date", { way: "in" }),
];

/**
 * An order, or the order that an opportunity becomes, is a sale with our key as its `reference`. That is not unique in
 * Tryton: of two that our own user made, since an answer came too late, the draft is cancelled; any others need a person.
 */
export const sale: RecordKind = {
  model: "sale.sale",
  noun: "sale",
  pairs: PAIRS,
  fields: [
    "reference",
    "state",
    "invoice_state",
    "shipment_state",
    "lines.product.code",
    "lines.quantity",
    "lines.unit_price",
    "lines.description",
  ],
  made: ["stage"],
  byKey: (key, { company }) => [
    ["reference", "=", key],
    ["company", "=", company],
  ],
  scope: ({ company }) => [["company", "=", company]],
  keyOf: (row) => scalarText(row["reference"]) ?? null,
  view: (row) => ({ ...row, stage: stageOf(row) }),
  more: (row) => ({ statusRaw: stateIn(row), lines: linesOf(row) }),
  choose: (rows) => Promise.resolve(choose(rows)),
  next,
};

const stateIn = (row: JsonObject): string => scalarText(row["state"]) ?? "";

/** How far a sale is, in words that tell more than its state. A quotation binds nobody yet. */
function stageOf(row: JsonObject): string {
  const state = stateIn(row);
  if (state === "quotation") return "draft";
  if (state !== "confirmed" && state !== "processing") return state;
  return row["invoice_state"] === "paid" ? "paid" : row["shipment_state"] === "sent" ? "sent" : "processing";
}

const FURTHEST_FIRST = ["done", "processing", "confirmed", "quotation", "draft", "cancelled"];

/** The furthest of them. A second one that lives is one too many: a draft of the same user's making is marked, to be cancelled first. */
function choose(rows: readonly JsonObject[]): Result<JsonObject | null, Failed> {
  const [first, second] = rows.toSorted((left, right) => FURTHEST_FIRST.indexOf(stateIn(left)) - FURTHEST_FIRST.indexOf(stateIn(right)));
  if (first === undefined) return ok(null);
  if (second === undefined || stateIn(second) === "cancelled") return ok(first);
  if (stateIn(second) === "draft" && second["create_uid"] === first["create_uid"]) return ok({ ...second, isSurplus: true });
  const names = rows.map((row) => scalarText(row["number"]) ?? `id ${scalarText(row["id"]) ?? ""}`).join(", ");
  return fail(unwritable([{ field: "reference", message: `the sales ${names} all carry it; take it off all but one in Tryton` }]));
}

async function next(row: JsonObject | null, wanted: Wanted): Promise<Result<Step | "done", Failed>> {
  if (row?.["isSurplus"] === true) return ok({ method: "cancel" });
  const { delivery, session } = wanted;
  const order = contentForErp(delivery);
  const remote = toRemote(order, withTeamFields(PAIRS, teamOf(delivery.entity.kind, session.settings)), delivery.cleared);
  if (!remote.ok) return fail(unwritable(remote.failure));
  const { stage, party: _party, ...own } = remote.value;
  const goal = delivery.deleted ? "cancelled" : (scalarText(stage) ?? (row === null ? "draft" : null));
  if (goal === "cancelled") return towardsCancelled(row);
  const lines = wantedLines(order, session.settings);
  if (!lines.ok) return fail(unwritable(lines.failure));
  const content = { customerId: scalarText(readPath(remote.value, "party.code")), lines: lines.value, own, order };
  return row === null ? creation(content, wanted) : towards(row, goal, content, wanted);
}

/** Tryton lets contents of a sale under way be changed without a word, so this does not: other contents are for drafts. */
async function towards(row: JsonObject, goal: string | null, content: SaleContent, wanted: Wanted): Promise<Result<Step | "done", Failed>> {
  const { settings } = wanted.session;
  const state = stateIn(row);
  const { changed, rest } = changesOf(row, content);
  if (changed.length > 0) {
    if (state === "draft") return rewriting(row, rest, wanted);
    // Without a status to come back to, a sale is not taken back to a draft.
    return goal === null || state === "processing" || state === "done" ? fail(tooLate(row, changed)) : ok({ method: "draft" });
  }
  if (Object.keys(rest.own).length > 0) return ok({ method: "write", values: typed(rest.own, settings) });
  if (goal === null) return ok("done");
  const ways = goal === "draft" ? TO_DRAFT : settings.process ? TO_PROCESSING : TO_CONFIRMED;
  const way = ways[state];
  return way === undefined ? fail(tooLate(row, ["status"])) : ok(way === "done" ? way : { method: way });
}

type Ways = Readonly<Record<string, string>>;
/** The call that leads on from each state, `done` where it is reached, and nothing where Tryton has no way. */
const TO_CONFIRMED: Ways = {
  cancelled: "draft",
  draft: "quote",
  quotation: "confirm",
  confirmed: "done",
  processing: "done",
  done: "done",
};
const TO_PROCESSING: Ways = { ...TO_CONFIRMED, confirmed: "process" };
const TO_DRAFT: Ways = { cancelled: "draft", draft: "done", quotation: "done", confirmed: "draft" };
const TO_CANCELLED: Ways = { draft: "cancel", quotation: "cancel", confirmed: "draft", cancelled: "done" };

/** A sale that was never here has nothing to cancel. Deleting is cancelling too: Tryton keeps its numbers without gaps. */
function towardsCancelled(row: JsonObject | null): Result<Step | "done", Failed> {
  const way = row === null ? "done" : TO_CANCELLED[stateIn(row)];
  if (way !== undefined) return ok(way === "done" ? way : { method: way });
  return fail(tooLate(row ?? {}, ["status"]));
}

/** What differs: contents that only a draft may change, and our own fields, which Tryton takes at any time. */
function changesOf(row: JsonObject, { customerId, lines, own, order }: SaleContent) {
  const otherParty = customerId !== undefined && customerId !== scalarText(readPath(row, "party.code"));
  const otherLines = lines !== null && linesDiffer(lines, linesOf(row));
  const { sale_date: date, ...others } = own;
  const isOpen = ["draft", "quotation", "cancelled"].includes(stateIn(row));
  const ownChanges = differing({ ...others, ...(date === undefined || !isOpen ? {} : { sale_date: date }) }, row);
  return {
    changed: [...(otherParty ? ["customerId"] : []), ...(otherLines ? ["lines"] : [])],
    // Lines are chosen for a customer, so another one has them made anew.
    rest: {
      customerId: otherParty || otherLines ? customerId : undefined,
      lines: otherParty || otherLines ? lines : null,
      own: ownChanges,
      order,
    },
  };
}

const tooLate = (row: JsonObject, fields: readonly string[]): Failed =>
  unwritable(
    fields.map((field) => ({
      field,
      message: `sale ${scalarText(row["number"]) ?? ""} is "${stateIn(row)}" in Tryton, too late for this change; correct it there`,
    })),
  );
