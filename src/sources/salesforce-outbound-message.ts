import { z } from "zod";
import type { JsonObject } from "../domain/json.ts";
import { day, money, object, text, time, word } from "../domain/mapping.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Reply, type SourceItem } from "./define.ts";
import { readText, toItem, unintelligible, unmapped } from "./document.ts";
import { readOutboundMessage, type Notification } from "./soap.ts";
import { readTimestamp } from "./signature.ts";

const ORGANIZATION = /^00D(?:[A-Za-z0-9]{12}|[A-Za-z0-9]{15})$/;

const Settings = z.strictObject({
  /** Organizations that may send, by their 15- or 18-character id. */
  organizationIds: z
    .array(
      z.string().regex(ORGANIZATION, "must be an organization id: 00D and 12 or 15 more letters and digits"),
      "must list the organizations that may send",
    )
    .min(1, "must list the organizations that may send"),
  /** ISO 4217 code of amounts in an organization without several currencies. */
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
    .optional(),
  /** What further stage names mean. */
  stages: z.record(z.string(), z.enum(["open", "won", "lost"])).default({}),
});
type Settings = z.infer<typeof Settings>;

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

const lowerCaseKeys = <T>(words: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(words).map(([name, value]) => [name.toLowerCase(), value]));

const objects = ({ currency, stages }: Settings): ObjectMaps => ({
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
});

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** A declaration of types or entities has no business in SOAP 1.1 and serves only attacks; refused before any parsing. */
const DECLARATION = /<!(?:doctype|entity)/i;
const FOREIGN_ENCODING = /^<\?xml[^>]*\sencoding\s*=\s*["'](?!utf-8["'])/i;

/** One business event a notification. Content is what the record was when it was sent, which a repeated id may have newer. */
function decode(request: GenuineRequest, context: Context): Result<readonly SourceItem[], DecodeFailure> {
  const xml = readText(request.body);
  if (xml === null || FOREIGN_ENCODING.test(xml)) return unintelligible("the body is not XML in UTF-8");
  if (DECLARATION.test(xml)) return fail({ kind: "rejected", reason: "doctype_forbidden" });
  const message = readOutboundMessage(xml);
  if (!message.ok) return unintelligible(message.failure);
  const { organizationId, notifications } = message.value;
  const allowed = context.settings.organizationIds.map(longId);
  if (organizationId === null || !allowed.includes(longId(organizationId))) return fail({ kind: "rejected", reason: "sender_not_allowed" });
  return decodeAll(notifications, context);
}

/** Salesforce sends records of one type a message; were only some of them mapped, the others must not vanish silently. */
function decodeAll(notifications: readonly Notification[], context: Context): Result<readonly SourceItem[], DecodeFailure> {
  const items: SourceItem[] = [];
  for (const [index, notification] of notifications.entries()) {
    const item = decodeOne(notification, context);
    if (item.ok) items.push(item.value);
    else if (item.failure.kind === "unintelligible")
      return unintelligible(`notification ${index + 1} of ${notifications.length}: ${item.failure.detail}`);
    else if (notifications.every(({ object: name }) => name === notification.object))
      return batchUnmapped(notifications, notification, item.failure);
    else return unintelligible(`the message mixes record types, and ${notification.object} is not mapped`);
  }
  return ok(items);
}

const batchUnmapped = (
  all: readonly Notification[],
  { object: type, id }: Notification,
  failure: DecodeFailure,
): Result<never, DecodeFailure> =>
  unmapped({ type, deliveryId: all.length === 1 ? longId(id) : null }, "detail" in failure ? failure.detail : "");

function decodeOne({ id, object: name, fields }: Notification, context: Context): Result<SourceItem, DecodeFailure> {
  const record = typeof fields["Id"] === "string" ? { ...fields, Id: longId(fields["Id"]) } : fields;
  const modifiedAt = modificationTime(record);
  if (!modifiedAt.ok) return unintelligible(`${name}: ${modifiedAt.failure}`);
  return toItem(
    {
      type: name,
      object: name,
      record,
      deliveryId: longId(id),
      occurredAtMs: modifiedAt.value,
      order: modifiedAt.value === null ? NO_ORDER : timeToken(modifiedAt.value),
      nature: "snapshot",
      deleted: false,
      content: JSON.stringify([name, record]),
    },
    context.objects,
  );
}

function modificationTime(record: JsonObject): Result<number | null, string> {
  for (const field of ["LastModifiedDate", "SystemModstamp"]) {
    const value = record[field];
    if (value === undefined || value === null || value === "") continue;
    const ms = typeof value === "string" ? readTimestamp(value, "iso") : null;
    return ms === null ? fail(`${field} is not an ISO 8601 time with its zone`) : ok(ms);
  }
  return ok(null);
}

/** From its start tag, unless that closes itself, to its end tag or, in a mutilated body, to the very end. */
const SESSION_ID = /(<(?:[\w.-]+:)?SessionId(?:\s[^>]*)?(?<!\/)>)[\s\S]*?(?=<\/(?:[\w.-]+:)?SessionId|$)/g;
const lossy = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** SessionId lets its holder act in the sender's organization: it is blanked before the body is kept anywhere. */
function withoutSession(body: Uint8Array): Uint8Array {
  const xml = lossy.decode(body);
  const blanked = xml.replace(SESSION_ID, "$1");
  return blanked === xml ? body : new TextEncoder().encode(blanked);
}

/** Anything but a 200 with exactly this body is retried for 24 hours, so it also answers duplicates and what we quarantine. */
const ACK: Reply = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>',
};

const PROVENANCE =
  "outbound messaging WSDL as on salesforce.com/us/developer/docs/api (sforce_api_om_outboundmessaging_wsdl), read 2026-11-24; record made up";

const envelope = (notification: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D24000000abcDEAQ</OrganizationId>
   <ActionId>04k24000000PXYZAA4</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/61.0/00D24000000abcD</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/61.0/00D24000000abcD</PartnerUrl>
   ${notification}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;

const sampled = {
  provenance: PROVENANCE,
  contentType: "text/xml; charset=utf-8",
  headers: { soapaction: '""' },
  settings: { organizationIds: ["00D24000000abcD"], currency: "EUR" },
};

/**
 * Salesforce outbound messages: SOAP without a signature. A token in the URL and the organization's id say who sends, so
 * the verdict is `authenticated`. Up to 100 notifications a message, at least once, in no order; retried for 24 hours.
 */
export const salesforceOutboundMessage = defineSource<Settings>({
  scheme: "salesforce-outbound-message",
  title: "Salesforce outbound messages",
  settings: Settings,
  verdict: "authenticated",
  verification: () => ({ kind: "queryToken", parameter: "token" }),
  decode,
  forStorage: withoutSession,
  objects,
  statusPolicy: { stored: ACK, notVerified: 401, cannotStore: 503, notUnderstood: ACK },
  samples: [
    {
      ...sampled,
      name: "opportunity-won",
      body: envelope(`<Notification>
    <Id>{id}</Id>
    <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>0062400000Zz1aB</sf:Id>
     <sf:AccountId>0012400000Ab1cDAAR</sf:AccountId>
     <sf:Amount>1200.50</sf:Amount>
     <sf:CloseDate>2026-11-30</sf:CloseDate>
     <sf:LastModifiedDate>{now:iso}</sf:LastModifiedDate>
     <sf:Legacy_Number__c>820982911946154508</sf:Legacy_Number__c>
     <sf:Name>Größenwahn &amp; Co – 東京 🚂</sf:Name>
     <sf:OwnerId>0052400000Ef1gHAAR</sf:OwnerId>
     <sf:StageName>Closed Won</sf:StageName>
    </sObject>
   </Notification>`),
      expect: {
        kind: "opportunity",
        key: "0062400000Zz1aBAAR",
        type: "Opportunity",
        data: {
          name: "Größenwahn & Co – 東京 🚂",
          stage: "won",
          stageRaw: "Closed Won",
          amount: { amount: "1200.50", currency: "EUR" },
          customerId: "0012400000Ab1cDAAR",
          ownerId: "0052400000Ef1gHAAR",
          closeDate: "2026-11-30",
          extra: { Legacy_Number__c: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "account-changed",
      body: envelope(`<Notification>
    <Id>{id}</Id>
    <sObject xsi:type="sf:Account" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>0012400000Ab1cDAAR</sf:Id>
     <sf:AccountNumber>00420</sf:AccountNumber>
     <sf:BillingCountry>Österreich</sf:BillingCountry>
     <sf:BillingPostalCode>01067</sf:BillingPostalCode>
     <sf:Name>Acme GmbH</sf:Name>
     <sf:SystemModstamp>{now:iso}</sf:SystemModstamp>
    </sObject>
   </Notification>`),
      expect: {
        kind: "customer",
        key: "0012400000Ab1cDAAR",
        type: "Account",
        data: { name: "Acme GmbH", number: "00420", region: "Österreich", extra: { BillingPostalCode: "01067" } },
      },
    },
  ],
});
