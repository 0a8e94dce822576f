import * as z from "zod";
import { ANSWER_BY_STATUS, readEvents, readName, readParts, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { OrganizationIds, longId, mayOrganizationSend, recordShape, salesforceObjects } from "../decoding/salesforce-records.ts";
import { readInstant } from "../decoding/salesforce-relayed-event.ts";
import { NATURES } from "../domain/event.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { fail, type Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Part, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Organizations that may send. Absent: whoever has the secret. */
  organizationIds: OrganizationIds.optional(),
  /** Whether `fields` holds the whole record, only what changed, or too little to go by. */
  nature: z.enum(NATURES).default("snapshot"),
  ...recordShape,
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** As many as a trigger is given at once. */
const MOST_EVENTS = 200;

/** One envelope or a list of them; each is an event of its own. */
function decode(request: GenuineRequest, context: Context): Result<readonly Part[], DecodeFailure> {
  const events = readEvents(request.body, MOST_EVENTS);
  if (!events.ok) return events;
  return readParts(events.value, (event) => decodeOne(event, context), JSON.stringify);
}

const DELETED: Readonly<Record<string, boolean>> = { insert: false, update: false, undelete: false, delete: true };

function decodeOne(event: JsonObject, { settings, objects }: Context): Result<SourceItem, DecodeFailure> {
  if (settings.organizationIds !== undefined && !mayOrganizationSend(readName(event["organizationId"]), settings.organizationIds))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const [eventId, object, recordId, operation] = ["eventId", "object", "recordId", "operation"].map((name) => readName(event[name]));
  if (!eventId || !object || !recordId || !operation) return unintelligible("an event must have eventId, object, recordId and operation");
  const type = `${object}.${operation}`;
  const deleted = Object.hasOwn(DELETED, operation) ? DELETED[operation] : undefined;
  if (deleted === undefined) return unmapped({ type, deliveryId: eventId }, `an operation is one of ${Object.keys(DELETED).join(", ")}`);
  const fields = event["fields"];
  if (!isJsonObject(fields)) return unintelligible(`${type}: no record at "fields"`);
  const stamp = [event["systemModstamp"], event["lastModifiedDate"]].find((value) => value !== undefined && value !== null);
  const atMs = stamp === undefined ? null : readInstant(stamp);
  if (stamp !== undefined && atMs === null) return unintelligible(`${type}: systemModstamp or lastModifiedDate is no time in ISO 8601`);
  const order = atMs === null ? NO_ORDER : timeToken(atMs);
  const nature = deleted ? "snapshot" : settings.nature;
  const record = { ...fields, Id: longId(recordId) };
  return toItem({ type, object, record, deliveryId: eventId, occurredAtMs: atMs, order, nature, deleted }, objects);
}

const PROVENANCE = "integrations/salesforce/SignalboxSender.cls of 2026-11-24, which writes this envelope; records made up";

const sampled = { contentType: "application/json; charset=utf-8", provenance: PROVENANCE, settings: { currency: "EUR" } };

/**
 * Salesforce by Apex: our own envelope, as integrations/salesforce/SignalboxSender.cls builds and signs it. Hex HMAC-SHA256
 * over `{timestamp}.{body}`; the time is that of the attempt, `eventId` is kept over the attempts. Jobs run in no order: the
 * newer `systemModstamp`, which has whole seconds, counts. The class tries again after every answer but a 2xx, for about an
 * hour and a half, so that a wrong secret loses nothing if it is put right by then.
 */
export const salesforceApex = defineSource<Settings>({
  scheme: "salesforce-apex",
  title: "Salesforce by Apex callout",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-signalbox-signature",
    form: { type: "bare" },
    algorithm: "SHA-256",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "{timestamp}.{body}",
    timestamp: { header: "x-signalbox-timestamp", format: "s" },
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode,
  objects: salesforceObjects,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [],
    timeoutMs: 10_000,
    source: "integrations/salesforce/SignalboxSender.cls, read 2026-11-24; authors of other classes should do the same",
  },
  setup: [
    "Create a custom setting Signalbox of type Hierarchy with a text field Secret, and set its organization-wide value to {secret}.",
    "Create a legacy named credential Signalbox with URL {url} and no authentication.",
    "Deploy the classes of integrations/salesforce, as its README says.",
    "Call SignalboxSender.send(Trigger.operationType, Trigger.isDelete ? Trigger.old : Trigger.new) in an after trigger of each object.",
  ],
  samples: [
    {
      ...sampled,
      name: "opportunity-updated",
      body: `[{"eventId":"{id}","organizationId":"00D24000000abcDEAQ","object":"Opportunity","recordId":"0062400000Zz1aBAAR","lastModifiedDate":"{now:iso}","systemModstamp":"{now:iso}","operation":"update","fields":{"Id":"0062400000Zz1aBAAR","Name":"Größenwahn & Co – 東京 🚂","StageName":"Closed Won","Amount":1200.50,"CloseDate":"2026-11-30","AccountId":"0012400000Ab1cDAAR","OwnerId":"0052400000Ef1gHAAR","Legacy_Number__c":820982911946154508}}]`,
      expect: {
        kind: "opportunity",
        key: "0062400000Zz1aBAAR",
        type: "Opportunity.update",
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
      name: "contact-deleted",
      body: `{"eventId":"{id}","organizationId":"00D24000000abcDEAQ","object":"Contact","recordId":"0032400000Gh1iJAAR","lastModifiedDate":"{now:iso}","systemModstamp":"{now:iso}","operation":"delete","fields":{"Id":"0032400000Gh1iJAAR","Name":"Jörg Weiß","Email":"joerg@example.com","MailingCountry":"Österreich","Department":"Einkauf"}}`,
      expect: {
        kind: "customer",
        key: "0032400000Gh1iJAAR",
        type: "Contact.delete",
        data: { name: "Jörg Weiß", email: "joerg@example.com", region: "Österreich", extra: { Department: "Einkauf" } },
      },
    },
  ],
});
