import * as z from "zod";
import { day, money, object, text, time, word } from "../domain/mapping.ts";
import type { JsonObject } from "../domain/json.ts";
import type { ObjectMaps } from "../sources/define.ts";

const ORGANIZATION = /^00D(?:[A-Za-z0-9]{12}|[A-Za-z0-9]{15})$/;

/** Organizations that may send, by their 15- or 18-character id. */
export const OrganizationIds = z
  .array(
    z.string().regex(ORGANIZATION, "must be an organization id: 00D and 12 or 15 more letters and digits"),
    "must list the organizations that may send",
  )
  .min(1, "must list the organizations that may send");

/** What an organization must say of its records, however they are sent. */
export const recordShape = {
  /** ISO 4217 code of amounts in an organization without several currencies. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
    .optional(),
  /** What further stage names mean. */
  stages: z.record(z.string(), z.enum(["open", "won", "lost"])).default({}),
};
const RecordSettings = z.object(recordShape);
export type RecordSettings = z.infer<typeof RecordSettings>;

const SUFFIX_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/**
 * A record id in 18 characters. Of a 15-character one, which differs by case alone, each block of five gets a character
 * for which of them are capitals, first one lowest bit. Anything else is returned as it is.
 */
export function longId(id: string): string {
  if (!/^[A-Za-z0-9]{15}$/.test(id)) return id;
  const capitals = (block: string): number =>
    Array.from(block).reduce((bits, character, at) => bits + (/[A-Z]/.test(character) ? 2 ** at : 0), 0);
  return [0, 5, 10].reduce((long, start) => long + (SUFFIX_ALPHABET[capitals(id.slice(start, start + 5))] ?? ""), id);
}

/** The record with its id in the one form that compares. */
export function withLongId(record: JsonObject): JsonObject {
  const id = record["Id"];
  const long = typeof id === "string" ? longId(id) : id;
  return long === undefined || long === id ? record : { ...record, Id: long };
}

/** Whether an organization is among those that may send, whichever form of the id either side has. */
export const mayOrganizationSend = (organizationId: string | null, allowed: readonly string[]): boolean =>
  organizationId !== null && allowed.some((id) => longId(id) === longId(organizationId));

const lowerCaseKeys = <T>(words: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(words).map(([name, value]) => [name.toLowerCase(), value]));

/** Salesforce's standard objects, by the names that its APIs give them and their fields. */
export const salesforceObjects = (settings: RecordSettings): ObjectMaps => ({ ...salesObjects(settings), ...SERVICE_OBJECTS });

const salesObjects = ({ currency, stages }: RecordSettings): ObjectMaps => ({
  Opportunity: object("opportunity", "Id", {
    name: text("Name"),
    stage: word("StageName", { "closed won": "won", "closed lost": "lost", ...lowerCaseKeys(stages) }, "open"),
    amount: money("Amount", "CurrencyIsoCode", currency),
    customerId: text("AccountId"),
    ownerId: text("OwnerId"),
    closeDate: day("CloseDate"),
  }),
  Account: object("customer", "Id", {
    name: text("Name"),
    number: text("AccountNumber"),
    phone: text("Phone"),
    region: text("BillingCountry"),
    currency: text("CurrencyIsoCode"),
  }),
  Contact: object("customer", "Id", {
    name: text("Name"),
    email: text("Email"),
    phone: text("Phone"),
    region: text("MailingCountry"),
    currency: text("CurrencyIsoCode"),
  }),
  Order: object("order", "Id", {
    number: text("OrderNumber"),
    customerId: text("AccountId"),
    opportunityId: text("OpportunityId"),
    status: word("Status", {
      draft: "draft",
      "in approval process": "pending_approval",
      activated: "confirmed",
      cancelled: "cancelled",
      canceled: "cancelled",
    }),
    total: money("TotalAmount", "CurrencyIsoCode", currency),
    orderedAt: time("EffectiveDate"),
  }),
});

const SERVICE_OBJECTS: ObjectMaps = {
  Case: object("case", "Id", {
    number: text("CaseNumber"),
    subject: text("Subject"),
    description: text("Description"),
    status: word("Status", {
      new: "new",
      working: "open",
      "in progress": "open",
      escalated: "open",
      waiting: "pending",
      "on hold": "on_hold",
      closed: "closed",
    }),
    priority: word("Priority", { low: "low", medium: "normal", high: "high", critical: "urgent" }),
    customerId: text("AccountId"),
    requesterId: text("ContactId"),
    requesterEmail: text("SuppliedEmail"),
    openedAt: time("CreatedDate"),
  }),
  Entitlement: object("entitlement", "Id", {
    name: text("Name"),
    customerId: text("AccountId"),
    serviceLevel: text("Type"),
    status: word("Status", { active: "active", inactive: "pending", expired: "expired" }),
    startsAt: time("StartDate"),
    endsAt: time("EndDate"),
  }),
};
