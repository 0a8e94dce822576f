import { day, money, object, text, time, word } from "../domain/mapping.ts";
import type { ObjectMaps } from "../sources/define.ts";

/**
 * NetSuite's record types, with fields as NetSuite names them, beside the envelope's own `internalId` and `tranId`.
 * `currency` is that of amounts whose record names none.
 */
export const netsuiteObjects = ({ currency }: { readonly currency?: string | undefined }): ObjectMaps => ({
  ...salesObjects(currency),
  ...invoiceObjects(currency),
  ...OTHER_OBJECTS,
});

const salesObjects = (currency: string | undefined): ObjectMaps => ({
  salesorder: object("order", "internalId", {
    number: text("tranId"),
    customerId: text("entity"),
    opportunityId: text("opportunity"),
    status: word("orderstatus", {
      a: "pending_approval",
      b: "confirmed",
      c: "cancelled",
      d: "partially_fulfilled",
      e: "partially_fulfilled",
      f: "fulfilled",
      g: "invoiced",
      h: "closed",
    }),
    total: money("total", "currencycode", currency),
    orderedAt: time("trandate"),
  }),
  opportunity: object("opportunity", "internalId", {
    name: text("title"),
    stage: word("status", {
      inprogress: "open",
      "in progress": "open",
      issuedestimate: "open",
      "issued estimate": "open",
      closedwon: "won",
      "closed - won": "won",
      closedlost: "lost",
      "closed - lost": "lost",
    }),
    amount: money("projectedtotal", "currencycode", currency),
    customerId: text("entity"),
    ownerId: text("salesrep"),
    closeDate: day("expectedclosedate"),
  }),
});

const invoiceObjects = (currency: string | undefined): ObjectMaps => ({
  invoice: object("invoice", "internalId", {
    number: text("tranId"),
    orderId: text("createdfrom"),
    opportunityId: text("opportunity"),
    customerId: text("entity"),
    status: word("status", {
      pendingapproval: "draft",
      "pending approval": "draft",
      open: "open",
      paidinfull: "paid",
      "paid in full": "paid",
      rejected: "void",
      voided: "void",
    }),
    total: money("total", "currencycode", currency),
    amountDue: money("amountremaining", "currencycode", currency),
    amountPaid: money("amountpaid", "currencycode", currency),
    issuedAt: time("trandate"),
    dueDate: day("duedate"),
  }),
});

const OTHER_OBJECTS: ObjectMaps = {
  customer: object("customer", "internalId", {
    name: text("companyname"),
    number: text("entityid"),
    email: text("email"),
    phone: text("phone"),
    taxId: text("vatregnumber"),
    region: text("billcountry"),
    currency: text("currencycode"),
    status: word("stage", { customer: "active", prospect: "prospect", lead: "prospect", inactive: "inactive" }),
  }),
  itemfulfillment: object("shipment", "internalId", {
    number: text("tranId"),
    orderId: text("createdfrom"),
    customerId: text("entity"),
    status: word("shipstatus", { a: "picked", b: "packed", c: "shipped" }),
    carrier: text("shipcarrier"),
    trackingNumber: text("linkedtrackingnumbers"),
  }),
  supportcase: object("case", "internalId", {
    number: text("casenumber"),
    subject: text("title"),
    // The ids of the statuses and priorities that every account begins with, and their English names.
    status: word("status", {
      "1": "new",
      "not started": "new",
      "2": "open",
      "in progress": "open",
      "3": "open",
      escalated: "open",
      "4": "open",
      "re-opened": "open",
      "5": "closed",
      closed: "closed",
    }),
    priority: word("priority", { "1": "high", high: "high", "2": "normal", medium: "normal", "3": "low", low: "low" }),
    customerId: text("company"),
    requesterId: text("contact"),
    requesterEmail: text("email"),
    openedAt: time("createddate"),
  }),
};
