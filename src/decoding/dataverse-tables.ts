import * as z from "zod";
import type { JsonObject } from "../domain/json.ts";
import { day, money, object, scalarText, text, time, word } from "../domain/mapping.ts";
import type { ObjectMaps } from "../sources/define.ts";

/** An id of Dataverse, in either case. */
export const Guid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, "must be an id such as 4ef5b371-e89e-e711-8122-000d3aa2331c");
const Currency = z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR");

/** What an environment must say of the money in its rows. */
export const moneyShape = {
  /** The currency of all amounts, in an environment that has one. */
  currency: Currency.optional(),
  /** Codes of the currencies by the ids of their rows, in an environment that has several; `currency` then counts for nothing. */
  currencies: z.record(Guid, Currency).default({}),
};
const MoneySettings = z.object(moneyShape);
export type MoneySettings = z.infer<typeof MoneySettings>;

/** Under this name the record shows the code of its currency, of which a row holds only the id. */
const CODE = "isocurrencycode";

const ACTIVE = word("statecode", { 0: "active", 1: "inactive" });

const CUSTOMERS: ObjectMaps = {
  account: object("customer", "accountid", {
    name: text("name"),
    number: text("accountnumber"),
    email: text("emailaddress1"),
    phone: text("telephone1"),
    region: text("address1_country"),
    currency: text(CODE),
    status: ACTIVE,
  }),
  contact: object("customer", "contactid", {
    name: text("fullname"),
    email: text("emailaddress1"),
    phone: text("telephone1"),
    region: text("address1_country"),
    currency: text(CODE),
    status: ACTIVE,
  }),
};

/** Words are those of the standard status reasons; of one that a team has added, its object in router.config.ts says what it means. */
export function dataverseTables({ currency, currencies }: MoneySettings): ObjectMaps {
  const amount = (from: string) => money(from, CODE, Object.keys(currencies).length === 0 ? currency : undefined);
  return {
    ...CUSTOMERS,
    opportunity: object("opportunity", "opportunityid", {
      name: text("name"),
      stage: word("statecode", { 0: "open", 1: "won", 2: "lost" }),
      amount: amount("estimatedvalue"),
      customerId: text("customerid"),
      ownerId: text("ownerid"),
      closeDate: day("estimatedclosedate"),
    }),
    salesorder: object("order", "salesorderid", {
      number: text("ordernumber"),
      customerId: text("customerid"),
      opportunityId: text("opportunityid"),
      status: word("statuscode", {
        1: "draft",
        2: "draft",
        3: "confirmed",
        4: "cancelled",
        100001: "fulfilled",
        100002: "partially_fulfilled",
        100003: "invoiced",
      }),
      total: amount("totalamount"),
      orderedAt: time("createdon"),
    }),
    invoice: object("invoice", "invoiceid", {
      number: text("invoicenumber"),
      orderId: text("salesorderid"),
      opportunityId: text("opportunityid"),
      customerId: text("customerid"),
      // 100002 is "Partial": paid in part, so that something is still open.
      status: word("statuscode", {
        1: "draft",
        2: "open",
        3: "void",
        4: "open",
        5: "open",
        6: "open",
        7: "paid",
        100001: "paid",
        100002: "open",
        100003: "void",
      }),
      total: amount("totalamount"),
      issuedAt: time("createdon"),
      dueDate: day("duedate"),
    }),
    ...SERVICE_OBJECTS,
  };
}

const SERVICE_OBJECTS: ObjectMaps = {
  incident: object("case", "incidentid", {
    number: text("ticketnumber"),
    subject: text("title"),
    description: text("description"),
    status: word("statuscode", {
      1: "open",
      2: "on_hold",
      3: "pending",
      4: "open",
      5: "resolved",
      6: "closed",
      1000: "resolved",
      2000: "closed",
    }),
    priority: word("prioritycode", { 1: "high", 2: "normal", 3: "low" }),
    customerId: text("customerid"),
    requesterId: text("primarycontactid"),
    requesterEmail: text("emailaddress"),
    openedAt: time("createdon"),
  }),
  entitlement: object("entitlement", "entitlementid", {
    name: text("name"),
    customerId: text("customerid"),
    plan: text("entitlementtemplateid"),
    serviceLevel: text("slaid"),
    status: word("statecode", { 0: "pending", 1: "active", 2: "cancelled", 3: "expired", 4: "pending" }),
    startsAt: time("startdate"),
    endsAt: time("enddate"),
  }),
};

/** A row refers to its currency by id: the code that the settings give for it is put beside. */
export function withCurrency(columns: JsonObject, { currencies }: MoneySettings): JsonObject {
  const id = scalarText(columns["transactioncurrencyid"])?.toLowerCase();
  const [, code] = Object.entries(currencies).find(([known]) => known.toLowerCase() === id) ?? [];
  return code === undefined ? columns : { ...columns, [CODE]: code };
}
