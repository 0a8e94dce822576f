import * as z from "zod";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible } from "../decoding/document.ts";
import { Currency, envelopeSignature, optionalObject, orderByCounter } from "../decoding/envelope.ts";
import { netsuiteObjects } from "../decoding/netsuite-records.ts";
import type { JsonObject } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Account = z.string().regex(/^[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)?$/, "must be an account id such as 1234567 or 1234567_SB1");

const Settings = z.strictObject({
  /** Accounts that may send; a sandbox such as 1234567_SB1 is one of its own. Absent: whoever has the secret. */
  accounts: z.array(Account).min(1).optional(),
  /** Of amounts whose record names no currency, as in an account with only one. */
  currency: Currency.optional(),
});
type Settings = z.infer<typeof Settings>;

/** One event a request: the envelope that integrations/netsuite/signalbox_envelope.js builds. */
function decode(request: GenuineRequest, settings: Settings, objectMaps: ObjectMaps): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const envelope = document.value;
  if (settings.accounts !== undefined && !mayAccountSend(readName(envelope["account"]), settings.accounts))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const [recordType, internalId, eventType] = ["recordType", "internalId", "eventType"].map((name) => readName(envelope[name]));
  if (!recordType || !internalId || !eventType) return unintelligible("the envelope must have recordType, internalId and eventType");
  const type = `${recordType}.${eventType}`;
  const fields = optionalObject(envelope["fields"]);
  if (fields === null) return unintelligible(`${type}: its fields are no object`);
  const changedAtMs = changeTime(envelope);
  if (!changedAtMs.ok) return unintelligible(`${type}: ${changedAtMs.failure}`);
  const order = orderByCounter(envelope, "seq", changedAtMs.value);
  if (!order.ok) return unintelligible(`${type}: ${order.failure}`);
  const thin = fields === undefined || order.value.kind === "none";
  const item = toItem(
    {
      type,
      object: recordType,
      record: recordOf(envelope, fields),
      deliveryId: readName(envelope["eventId"]),
      occurredAtMs: changedAtMs.value,
      order: order.value,
      // Edited in a list, a record comes with the edited fields alone.
      nature: thin ? "hint" : eventType === "xedit" ? "delta" : "snapshot",
      deleted: eventType === "delete",
    },
    objectMaps,
  );
  return item.ok ? ok([item.value]) : item;
}

/** NetSuite writes a sandbox's id as 1234567_SB1, and as 1234567-sb1 in its addresses. */
const canonicalAccount = (id: string): string => id.replace("-", "_").toUpperCase();

const mayAccountSend = (account: string | null, allowed: readonly string[]): boolean =>
  account !== null && allowed.some((id) => canonicalAccount(id) === canonicalAccount(account));

function changeTime(envelope: JsonObject): Result<number | null, string> {
  const value = envelope["lastModified"];
  if (value === undefined || value === null) return ok(null);
  const ms = readTimestamp(readName(value) ?? "", "iso");
  return ms === null ? fail("its lastModified is not an ISO 8601 time with its zone") : ok(ms);
}

const OWN_FIELDS = ["internalId", "tranId", "externalId", "subsidiary"];

/** The fields and the envelope's own in one record. An inactive customer is one whatever its stage. */
function recordOf(envelope: JsonObject, fields: JsonObject | undefined): JsonObject {
  const own = OWN_FIELDS.flatMap((name) =>
    envelope[name] === undefined || envelope[name] === null ? [] : [[name, envelope[name]] as const],
  );
  const inactive = fields?.["isinactive"] === true || fields?.["isinactive"] === "T";
  return { ...fields, ...Object.fromEntries(own), ...(inactive && envelope["recordType"] === "customer" ? { stage: "INACTIVE" } : {}) };
}

const PROVENANCE =
  "integrations/netsuite/signalbox_envelope.js of 2026-11-24, which writes this envelope, with field ids of NetSuite's record browser; records made up";

/**
 * NetSuite by SuiteScript: our own envelope, as the scripts in integrations/netsuite build and sign it. Hex HMAC-SHA256 over
 * `{timestamp}.{body}`; the time is that of the attempt, `eventId` is kept over the attempts. The counter `seq` says which
 * event is newer, or else `lastModified`, in whole seconds. What is not answered with a 2xx is sent again for a day.
 */
export const netsuite = defineSource<Settings>({
  scheme: "netsuite",
  title: "NetSuite",
  settings: Settings,
  verification: () => envelopeSignature({ encoding: "hex", secretEncoding: "utf8" }),
  decode: (request, context) => decode(request, context.settings, context.objects),
  objects: netsuiteObjects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: 45_000,
    source: "integrations/netsuite/signalbox_dispatcher.js, read 2026-11-24; the time limit is that of the N/https module",
  },
  setup: [
    "In Setup, Company, API Secrets, create a secret with the id custsecret_signalbox and the value {secret}.",
    "Create the custom record Signalbox Outbox and upload the three scripts of integrations/netsuite, as its README says.",
    "Deploy signalbox_dispatcher.js as a map/reduce script with {url} in its parameter, scheduled every 15 minutes.",
    "Deploy signalbox_sender.js as a user event script to each record type.",
    "Put the account's id, as in Setup, Company, Company Information, into the source's accounts.",
  ],
  samples: [
    {
      name: "sales-order-edited",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      settings: { accounts: ["1234567_SB1"], currency: "EUR" },
      body: `{"eventId":"{id}","account":"1234567_SB1","recordType":"salesorder","internalId":"50001","tranId":"SO-1001","externalId":"0062400000Zz1aBAAR","subsidiary":"3","eventType":"edit","seq":17,"lastModified":"{now:iso}","fields":{"entity":"812","orderstatus":"B","total":"1200.5","currencycode":"USD","trandate":"2026-01-01","memo":"Gr\\u00f6\\u00dfe gepr\\u00fcft","custbody_legacy":820982911946154508}}`,
      expect: {
        kind: "order",
        key: "50001",
        type: "salesorder.edit",
        data: {
          number: "SO-1001",
          customerId: "812",
          status: "confirmed",
          statusRaw: "B",
          total: { amount: "1200.5", currency: "USD" },
          orderedAt: "2026-01-01T00:00:00.000Z",
          extra: { externalId: "0062400000Zz1aBAAR", subsidiary: "3", memo: "Größe geprüft", custbody_legacy: "820982911946154508" },
        },
      },
    },
    {
      name: "customer-edited-in-a-list",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      body: `{"eventId":"{id}","account":"1234567","recordType":"customer","internalId":"812","eventType":"xedit","lastModified":"{now:iso}","fields":{"phone":null,"email":"einkauf@mueller.example"}}`,
      expect: { kind: "customer", key: "812", type: "customer.xedit", data: { email: "einkauf@mueller.example" } },
    },
    {
      name: "fulfillment-shipped",
      provenance: PROVENANCE,
      contentType: "application/json; charset=utf-8",
      body: `{"eventId":"{id}","account":"1234567","recordType":"itemfulfillment","internalId":"61002","tranId":"IF-77","eventType":"ship","seq":3,"lastModified":"{now:iso}","fields":{"entity":"812","createdfrom":"50001","shipstatus":"C","shipcarrier":"ups","linkedtrackingnumbers":"1Z999AA10123456784"}}`,
      expect: {
        kind: "shipment",
        key: "61002",
        type: "itemfulfillment.ship",
        data: {
          number: "IF-77",
          orderId: "50001",
          customerId: "812",
          status: "shipped",
          statusRaw: "C",
          carrier: "ups",
          trackingNumber: "1Z999AA10123456784",
        },
      },
    },
  ],
});
