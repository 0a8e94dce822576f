import * as z from "zod";
import { ANSWER_BY_STATUS, readParts, toItem, unintelligible } from "../decoding/document.ts";
import {
  OrganizationIds,
  longId,
  mayOrganizationSend,
  recordShape,
  salesforceObjects,
  withLongId,
} from "../decoding/salesforce-records.ts";
import { readOutboundMessage, type Notification, type UnreadableNotification } from "../decoding/soap.ts";
import { readXml } from "../decoding/xml.ts";
import type { JsonObject } from "../domain/json.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { Authentication, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import {
  defineSource,
  type DecodeFailure,
  type GenuineRequest,
  type ObjectMaps,
  type Part,
  type Reply,
  type SourceItem,
} from "./define.ts";

const Settings = z.strictObject({
  organizationIds: OrganizationIds,
  /** How else than by a token in the URL a message proves its sender, such as Salesforce's client certificate. */
  authentication: Authentication.default({ type: "query", parameter: "token" }),
  ...recordShape,
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** One business event a notification. Content is what the record was when it was sent, which a repeated id may have newer. */
function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly Part[], DecodeFailure> {
  const envelope = readXml(request.body);
  if (!envelope.ok) return envelope;
  const message = readOutboundMessage(envelope.value);
  if (!message.ok) return unintelligible(message.failure);
  const { organizationId, notifications } = message.value;
  if (!mayOrganizationSend(organizationId, settings.organizationIds)) return fail({ kind: "rejected", reason: "sender_not_allowed" });
  return readParts(notifications, (notification) => decodeOne(notification, objects), contentOf);
}

type Read = Result<Notification, UnreadableNotification>;

const contentOf = (notification: Read): string =>
  notification.ok ? JSON.stringify([notification.value.object, withLongId(notification.value.fields)]) : notification.failure.content;

function decodeOne(notification: Read, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  if (!notification.ok) return unintelligible(notification.failure.why);
  const { id, object, fields } = notification.value;
  const record = withLongId(fields);
  const modifiedAt = modificationTime(record);
  if (!modifiedAt.ok) return unintelligible(`${object}: ${modifiedAt.failure}`);
  return toItem(
    {
      type: object,
      object,
      record,
      deliveryId: longId(id),
      occurredAtMs: modifiedAt.value,
      order: modifiedAt.value === null ? NO_ORDER : timeToken(modifiedAt.value),
      nature: "snapshot",
      deleted: false,
    },
    objects,
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
 * Salesforce outbound messages: SOAP without a signature. A token in the URL, or what `authentication` names instead, and
 * the organization's id say who sends, so nothing proves the body. Up to 100 notifications a message, at least once, in no
 * order: the newer `LastModifiedDate` counts. Retried for 24 hours, with gaps growing to 2 hours, until Ack is true.
 */
export const salesforceOutboundMessage = defineSource<Settings>({
  scheme: "salesforce-outbound-message",
  title: "Salesforce outbound messages",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  forStorage: withoutSession,
  objects: salesforceObjects,
  statusPolicy: { ...ANSWER_BY_STATUS, stored: ACK, notUnderstood: ACK },
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    succeeds: [200],
    timeoutMs: 60_000,
    source:
      "developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm, read 2026-11-24; " +
      "the time limit is not documented there",
  },
  setup: [
    "In Setup, under Outbound Messages, create one for the object and add the fields to send, LastModifiedDate among them.",
    "Enter {url}?token={secret} as its endpoint URL.",
    "Leave Send Session ID unticked: it would let whoever reads the message act in your organization.",
    "Let a record-triggered flow send the message when a record is created or changed.",
    "Copy the Organization ID from Setup, Company Information, into the source's organizationIds.",
  ],
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
