import { pair, toRemote, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import { readPath, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Failed } from "../define.ts";
import { differing, rowsOf, teamOf, typed, type RecordKind, type Step, type Wanted } from "./converge.ts";
import type { Settings } from "./settings.ts";

/** Posting is the furthest that we bring an invoice: whether it is paid follows from the payments in Tryton's books. */
const STATES = {
  draft: "draft",
  open: "posted",
  past_due: "posted",
  uncollectible: "posted",
  paid: "paid",
  void: "cancelled",
};

const PAIRS: readonly FieldPair[] = [
  pair.text("number", "number", { way: "in" }),
  pair.text("customerId", "party.code", { way: "in" }),
  pair.word("status", "state", STATES),
  pair.money("total", "total_amount", { currencyAt: "currency.code", way: "in" }),
  pair.money("amountDue", "amount_to_pay", { currencyAt: "currency.code", way: "in" }),
  pair.text("orderId", "orderId", { way: "in" }),
  pair.day("issuedAt", "invoice_date", { way: "out" }),
  pair.time("issuedAt", "invoice_date", { way: "in" }),
];

/**
 * An invoice of a customer. Tryton makes it of a sale, so nothing is created here: the one that carries our key as its
 * `reference`, or else the one of the named sale that carries none, is given the key and the date, and posted.
 */
export const invoice: RecordKind = {
  model: "account.invoice",
  noun: "invoice",
  pairs: PAIRS,
  fields: ["reference", "state", "sales.reference"],
  made: ["orderId"],
  byKey: (key, settings) => [["reference", "=", key], ...scope(settings)],
  scope,
  keyOf: (row) => scalarText(row["reference"]) ?? null,
  view: (row) => ({ ...row, orderId: readPath(row, "sales.0.reference") ?? null }),
  more: () => ({}),
  choose: async (rows, wanted) => (rows.length === 0 && !isCredit(wanted.delivery.data) ? ofSale(wanted) : onlyOne(rows, "reference")),
  next: (row, wanted) => Promise.resolve(next(row, wanted)),
};

function scope({ company }: Settings) {
  return [
    ["company", "=", company],
    ["type", "=", "out"],
  ];
}

/** The invoice of the sale that the delivery names, as long as it carries no key of another. */
async function ofSale({ delivery, session }: Wanted): Promise<Result<JsonObject | null, Failed>> {
  const order = scalarText(delivery.data["orderId"]) ?? scalarText(delivery.data["opportunityId"]);
  if (order === undefined) return ok(null);
  const domain = [["sales.reference", "=", order], ["reference", "=", null], ["state", "!=", "cancelled"], ...scope(session.settings)];
  const rows = await rowsOf(invoice, session, { entity: "invoice", domain, limit: 2, headers: traceHeaders(delivery) });
  return rows.ok ? onlyOne(rows.value, "orderId") : rows;
}

const onlyOne = (rows: readonly JsonObject[], field: string): Result<JsonObject | null, Failed> =>
  rows.length < 2
    ? ok(rows[0] ?? null)
    : fail(unwritable([{ field, message: "several invoices in Tryton fit; say which in Tryton, by its reference" }]));

/** A credit is a document of its own: the sale's invoice must not be taken for it. */
const isCredit = (data: JsonObject): boolean => readPath(data, "custom.type") === "credit";

type Ways = Readonly<Record<string, string>>;
const TO_POSTED: Ways = { draft: "post", validated: "post", posted: "done", paid: "done" };
const TO_CANCELLED: Ways = { draft: "cancel", validated: "cancel", posted: "cancel", cancelled: "done" };
/** What is posted stays so: a draft that is told later is an older state. */
const TO_DRAFT: Ways = { draft: "done", validated: "done", posted: "done", paid: "done" };
const WAYS: Readonly<Record<string, Ways>> = { draft: TO_DRAFT, posted: TO_POSTED, paid: TO_POSTED, cancelled: TO_CANCELLED };

function next(row: JsonObject | null, { delivery, session }: Wanted): Result<Step | "done", Failed> {
  const { data, deleted, entity } = delivery;
  const remote = toRemote(data, withTeamFields(PAIRS, teamOf("invoice", session.settings)), delivery.cleared);
  if (!remote.ok) return fail(unwritable(remote.failure));
  const { state: wantedState, ...own } = remote.value;
  const goal = deleted ? "cancelled" : (scalarText(wantedState) ?? "draft");
  if (row === null) {
    if (goal === "cancelled") return ok("done");
    const named = scalarText(data["orderId"]) ?? scalarText(data["opportunityId"]);
    const message = isCredit(data)
      ? "Tryton credits an invoice by its wizard, which asks what it refunds: credit it there"
      : named === undefined
        ? "an invoice in Tryton is made of a sale; say which"
        : `the sale "${named}" has no invoice in Tryton yet; confirm it first`;
    return fail(unwritable([{ field: "orderId", message }]));
  }
  const state = scalarText(row["state"]) ?? "";
  const missing = differing({ reference: entity.key, ...(state === "draft" && goal !== "cancelled" ? own : {}) }, row);
  if (Object.keys(missing).length > 0) return ok({ method: "write", values: typed(missing, session.settings) });
  const way = WAYS[goal]?.[state];
  if (way !== undefined) return ok(way === "done" ? way : { method: way });
  const message = `invoice ${scalarText(row["number"]) ?? ""} is "${state}" in Tryton, from where it cannot become "${goal}"`;
  return fail(unwritable([{ field: "status", message }]));
}
