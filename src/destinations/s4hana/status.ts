import type { JsonObject } from "../../domain/json.ts";
import { textAt } from "./odata.ts";

/** One line of a status table: it holds where the field has one of the letters. The first that holds decides. */
interface StatusRule {
  readonly field: string;
  readonly letters: readonly string[];
  readonly is: string;
}

const APPROVAL = "SalesDocApprovalStatus";

/** Letters of a sales document: blank not relevant, A not yet, B partially, C completely (support note 3472797). */
const ORDER_STATUS: readonly StatusRule[] = [
  { field: "OverallSDProcessStatus", letters: ["C"], is: "closed" },
  { field: "OverallOrdReltdBillgStatus", letters: ["C"], is: "invoiced" },
  { field: "OverallOrdReltdBillgStatus", letters: ["B"], is: "partially_invoiced" },
  { field: "OverallTotalDeliveryStatus", letters: ["C"], is: "fulfilled" },
  { field: "OverallTotalDeliveryStatus", letters: ["B"], is: "partially_fulfilled" },
  { field: "OverallDeliveryStatus", letters: ["C"], is: "fulfilled" },
  { field: "OverallDeliveryStatus", letters: ["B"], is: "partially_fulfilled" },
];
/** What stands before any progress. */
const ORDER_STOPPED: readonly StatusRule[] = [
  { field: "OverallSDDocumentRejectionSts", letters: ["C"], is: "cancelled" },
  { field: "TotalBlockStatus", letters: ["B", "C"], is: "on_hold" },
];
const ORDER_OTHERWISE = "confirmed";

/**
 * Letters of a bill: OverallBillingStatus A completed, B to be posted, C cancelled, D incomplete; AccountingTransferStatus
 * C journal entry created; InvoiceClearingStatus C cleared, B in part.
 */
const INVOICE_STATUS: readonly StatusRule[] = [
  { field: "BillingDocumentIsCancelled", letters: ["true"], is: "void" },
  { field: "OverallBillingStatus", letters: ["C"], is: "void" },
  { field: "InvoiceClearingStatus", letters: ["C"], is: "paid" },
  { field: "AccountingTransferStatus", letters: ["C"], is: "open" },
  { field: "OverallBillingStatus", letters: ["A"], is: "open" },
  { field: "OverallBillingStatus", letters: ["B", "D"], is: "draft" },
];
const INVOICE_OTHERWISE = "unknown";

const fieldsOf = (...tables: readonly (readonly StatusRule[])[]): readonly string[] => [
  ...new Set(tables.flat().map(({ field }) => field)),
];

/** The status fields of each document in a version's description: version 4 has no total delivery status. */
export const ORDER_STATUS_FIELDS: Readonly<Record<"v2" | "v4", readonly string[]>> = {
  v2: [...fieldsOf(ORDER_STOPPED, ORDER_STATUS), APPROVAL],
  v4: [...fieldsOf(ORDER_STOPPED, ORDER_STATUS), APPROVAL].filter((field) => field !== "OverallTotalDeliveryStatus"),
};
export const INVOICE_STATUS_FIELDS = fieldsOf(INVOICE_STATUS);

/** An order's status in canonical words, since the system has none but letters for each aspect; and the letters. */
export function orderStatus(record: JsonObject, approvalStatuses: Readonly<Record<string, string>>): JsonObject {
  const [stopped, approval] = [firstThatHolds(ORDER_STOPPED, record), approvalStatuses[textAt(record, APPROVAL)]];
  const status = stopped ?? approval ?? firstThatHolds(ORDER_STATUS, record) ?? ORDER_OTHERWISE;
  return { status, statusRaw: lettersOf(record, ORDER_STATUS_FIELDS.v2) };
}

export const invoiceStatus = (record: JsonObject): JsonObject => ({
  status: firstThatHolds(INVOICE_STATUS, record) ?? INVOICE_OTHERWISE,
  statusRaw: lettersOf(record, INVOICE_STATUS_FIELDS),
});

const firstThatHolds = (rules: readonly StatusRule[], record: JsonObject): string | undefined =>
  rules.find(({ field, letters }) => letters.includes(textAt(record, field)))?.is;

const lettersOf = (record: JsonObject, fields: readonly string[]): string =>
  fields.flatMap((field) => (textAt(record, field) === "" ? [] : [`${field}=${textAt(record, field)}`])).join(" ");
