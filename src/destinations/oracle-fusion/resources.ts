import type { EntityKind } from "../../domain/entities/index.ts";
import { pair, withTeamFields, type FieldPair } from "../../domain/field-pairs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed } from "../define.ts";
import type { Settings } from "./settings.ts";

/** Kinds as Fusion keeps them: a sale is its order. */
export type Kind = "customer" | "order" | "invoice" | "case";

/** Kinds that are written, and those whose changes are told. Invoices are Fusion's own. */
export const WRITTEN_KINDS = ["opportunity", "order", "customer", "case"] as const satisfies readonly EntityKind[];
export const READ_KINDS = [...WRITTEN_KINDS, "invoice"] as const satisfies readonly EntityKind[];

/** One REST resource, and where its facts are. */
export interface Resource {
  readonly kind: Kind;
  /** Below the base URL, with a slash before it and none after. */
  readonly path: string;
  /** What addresses a record there. */
  readonly idAt: string;
  /** A number that rises from record to record: what pages are read by. */
  readonly sequenceAt: string;
  readonly numberAt: string;
  readonly keyAt: string;
  /** Which system the key is of: ours only then. Null where every record has its key. */
  readonly systemAt: string | null;
  /** The field that refers to a customer, by party id. */
  readonly customerAt: string | null;
  readonly pairs: readonly FieldPair[];
}

const PARTY = "PartyId";

const ORDER_PAIRS: readonly FieldPair[] = [
  pair.text("number", "OrderNumber", { way: "in" }),
  pair.text("customerId", "BuyingPartyId"),
  pair.text("total.currency", "TransactionalCurrencyCode", { way: "out", maxCharacters: 15 }),
  pair.time("orderedAt", "TransactionOn"),
  // Written by submitting and cancelling, never as a code. Words from memory.
  pair.word(
    "status",
    "StatusCode",
    { draft: "DOO_DRAFT", confirmed: "OPEN", partially_fulfilled: "PARTIAL_CLOSE", closed: "CLOSED", cancelled: "CANCELED" },
    {
      way: "in",
      readAs: { DOO_APPROVAL_PENDING: "pending_approval", DOO_CREDIT_REVIEW_PENDING: "pending_approval", PARTIAL_CANCEL: "confirmed" },
    },
  ),
];

const CUSTOMER_PAIRS: readonly FieldPair[] = [
  pair.text("name", "OrganizationName", { maxCharacters: 360 }),
  pair.text("number", "PartyNumber", { way: "in" }),
  pair.text("email", "EmailAddress", { maxCharacters: 320 }),
  pair.text("taxId", "JgzzFiscalCode", { maxCharacters: 20 }),
  // A prospect is an active party.
  pair.word("status", "Status", { active: "A", prospect: "A", inactive: "I" }),
];

const INVOICE_PAIRS: readonly FieldPair[] = [
  pair.text("number", "TransactionNumber", { way: "in" }),
  pair.word("status", "InvoiceStatus", { open: "Complete", draft: "Incomplete" }, { way: "in", readAs: { Frozen: "open" } }),
  pair.money("total", "EnteredAmount", { way: "in", currencyAt: "InvoiceCurrencyCode" }),
  pair.money("amountDue", "InvoiceBalanceAmount", { way: "in", currencyAt: "InvoiceCurrencyCode" }),
  pair.time("issuedAt", "TransactionDate", { way: "in" }),
  pair.day("dueDate", "DueDate", { way: "in" }),
];

const CASE_PAIRS: readonly FieldPair[] = [
  pair.text("number", "SrNumber", { way: "in" }),
  pair.text("subject", "Title", { maxCharacters: 400 }),
  pair.text("description", "ProblemDescription", { maxCharacters: 1000 }),
  pair.word("status", "StatusCd", {
    new: "ORA_SVC_NEW",
    open: "ORA_SVC_INPROGRESS",
    pending: "ORA_SVC_WAITING",
    on_hold: "ORA_SVC_WAITING",
    resolved: "ORA_SVC_RESOLVED",
    closed: "ORA_SVC_CLOSED",
  }),
  pair.word("priority", "SeverityCd", { urgent: "ORA_SVC_SEV1", high: "ORA_SVC_SEV2", normal: "ORA_SVC_SEV3", low: "ORA_SVC_SEV4" }),
  pair.text("customerId", "AccountPartyId"),
];

type Facts = Omit<Resource, "kind" | "pairs" | "path"> & {
  readonly pairs: readonly FieldPair[];
  readonly api: string;
  readonly name: string;
};

const RESOURCES: Readonly<Record<Kind, (settings: Settings) => Facts>> = {
  order: () => ({
    api: "fscmRestApi",
    name: "salesOrdersForOrderHub",
    idAt: "HeaderId",
    sequenceAt: "HeaderId",
    numberAt: "OrderNumber",
    keyAt: "SourceTransactionId",
    systemAt: "SourceTransactionSystem",
    customerAt: "BuyingPartyId",
    pairs: ORDER_PAIRS,
  }),
  customer: () => ({
    api: "crmRestApi",
    name: "hubOrganizations",
    idAt: "PartyNumber",
    sequenceAt: PARTY,
    numberAt: "PartyNumber",
    keyAt: "SourceSystemReferenceValue",
    systemAt: "SourceSystem",
    customerAt: null,
    pairs: CUSTOMER_PAIRS,
  }),
  // Not the resource `invoices`, which holds what suppliers bill us.
  invoice: () => ({
    api: "fscmRestApi",
    name: "receivablesInvoices",
    idAt: "CustomerTransactionId",
    sequenceAt: "CustomerTransactionId",
    numberAt: "TransactionNumber",
    keyAt: "CustomerTransactionId",
    systemAt: null,
    customerAt: null,
    pairs: INVOICE_PAIRS,
  }),
  case: ({ caseKeyField }) => ({
    api: "crmRestApi",
    name: "serviceRequests",
    idAt: "SrNumber",
    sequenceAt: "SrId",
    numberAt: "SrNumber",
    keyAt: caseKeyField,
    systemAt: null,
    customerAt: "AccountPartyId",
    pairs: CASE_PAIRS,
  }),
};

const kindOf = (kind: EntityKind): Kind | null =>
  kind === "opportunity" ? "order" : kind === "customer" || kind === "order" || kind === "invoice" || kind === "case" ? kind : null;

/** The resource of a kind as this team has it. Fails (`config`) for a kind that Fusion is not asked for. */
export function resourceOf(entityKind: EntityKind, settings: Settings): Result<Resource, Failed> {
  const kind = kindOf(entityKind);
  if (kind === null) return fail({ kind: "failed", class: "config", detail: `no resource of Oracle Fusion is known for ${entityKind}` });
  const { api, name, pairs, ...facts } = RESOURCES[kind](settings);
  return ok({
    kind,
    path: `/${api}/resources/${settings.version}/${name}`,
    ...facts,
    pairs: withTeamFields(pairs, settings.fields?.[kind]),
  });
}

/** The fields that a page of changes asks for. */
export function fieldsOf({ idAt, sequenceAt, numberAt, keyAt, systemAt, customerAt, pairs }: Resource): string {
  const mapped = pairs.flatMap(({ at, currencyAt }) => [at, currencyAt ?? at]).map((at) => at.split(".")[0] ?? at);
  const all = [idAt, sequenceAt, numberAt, keyAt, systemAt, customerAt, "LastUpdateDate", ...mapped];
  return [...new Set(all.filter((name) => name !== null))].join(",");
}
