import { isRecord, type JsonRecord } from "./exact-json.ts";

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The ERP's own list: what it does not know, it refuses. */
const ORDER_STATUSES: ReadonlySet<unknown> = new Set([
  "draft",
  "pending_approval",
  "confirmed",
  "on_hold",
  "partially_fulfilled",
  "fulfilled",
  "partially_invoiced",
  "invoiced",
  "closed",
  "cancelled",
]);

/** What is wrong with an order, field by field; nothing when it may be stored. */
export function orderErrors(order: JsonRecord, currencies: ReadonlySet<string>): readonly FieldError[] {
  const { status, total } = order;
  const unknownStatus = status !== undefined && !ORDER_STATUSES.has(status);
  return [
    ...(unknownStatus ? [{ field: "status", message: `${JSON.stringify(status)} is not a status of an order` }] : []),
    ...(total === undefined ? [] : totalErrors(total, currencies)),
  ];
}

function totalErrors(total: unknown, currencies: ReadonlySet<string>): readonly FieldError[] {
  if (!isRecord(total)) return [{ field: "total", message: "must be an amount with its currency" }];
  const { amount, currency } = total;
  const enabled = typeof currency === "string" && currencies.has(currency);
  return [
    ...amountErrors(amount),
    ...(enabled ? [] : [{ field: "total.currency", message: `currency ${JSON.stringify(currency ?? null)} is not enabled` }]),
  ];
}

/** Amounts are text from end to end: a number has lost its digits on the way. */
function amountErrors(amount: unknown): readonly FieldError[] {
  if (typeof amount !== "string" || !/^-?\d+(\.\d+)?$/.test(amount)) {
    return [{ field: "total.amount", message: "must be decimal text such as 1200.50" }];
  }
  const positive = !amount.startsWith("-") && /[1-9]/.test(amount);
  return positive ? [] : [{ field: "total.amount", message: "must be greater than 0" }];
}
