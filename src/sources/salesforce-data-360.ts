import * as z from "zod";
import { ANSWER_BY_STATUS, readJson, readName, readParts, toItem, unintelligible } from "../decoding/document.ts";
import { readInstant } from "../decoding/salesforce-relayed-event.ts";
import { NATURES } from "../domain/event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import { money, object, text } from "../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import type { Result } from "../domain/result.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Part, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Whether an action's payload holds the whole record, only what changed, or too little to go by. */
  nature: z.enum(NATURES).default("snapshot"),
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

const MOST_EVENTS = 1_000;

/** Every event of the request is one part. */
function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly Part[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const list = document.value["events"];
  if (!Array.isArray(list)) return unintelligible('no list at "events": this is no request of a data action');
  const events = list as readonly JsonValue[];
  if (events.length > MOST_EVENTS) return unintelligible(`${events.length} events; at most ${MOST_EVENTS} are read`);
  return readParts(events, (event) => decodeOne(event, settings, objects), JSON.stringify);
}

function decodeOne(event: JsonValue, settings: Settings, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  if (!isJsonObject(event)) return unintelligible("an event is no JSON object");
  const name = readName(event["SourceObjectDeveloperName"]);
  const prompt = readName(event["EventPrompt"])?.toUpperCase();
  if (name === null || prompt === undefined) return unintelligible("an event must have SourceObjectDeveloperName and EventPrompt");
  const type = `${name}.${prompt}`;
  const deleted = prompt === "DELETE";
  const record = recordIn(event["PayloadCurrentValue"]) ?? (deleted ? recordIn(event["PayloadPrevValue"]) : null);
  if (record === null) return unintelligible(`${type}: PayloadCurrentValue is neither a JSON object nor the text of one`);
  const atMs = readInstant(event["EventCreationDateTime"]) ?? readInstant(event["EventPublishDateTime"]);
  return toItem(
    {
      type,
      object: name,
      record,
      deliveryId: readName(event["EventUuid"]),
      occurredAtMs: atMs,
      order: atMs === null ? NO_ORDER : timeToken(atMs),
      nature: deleted ? "snapshot" : settings.nature,
      deleted,
    },
    objects,
  );
}

/** The record, which comes as an object or as the text of one. */
function recordIn(value: JsonValue | undefined): JsonObject | null {
  const parsed = typeof value === "string" ? readJson(new TextEncoder().encode(value)) : null;
  const record = parsed === null ? value : parsed.ok ? parsed.value : null;
  return isJsonObject(record) && Object.keys(record).length > 0 ? record : null;
}

const PROVENANCE =
  "developer.salesforce.com/docs/data/data-cloud-ref (webhook data action targets) and " +
  "docs/platform/platform-events (DataObjectDataChgEvent), read 2026-11-24; values made up";

const sampled = { contentType: "application/json", provenance: PROVENANCE };

/**
 * Salesforce Data 360 (Data Cloud), data action target of type webhook. `x-signature` is base64 HMAC-SHA256 with the key that
 * Setup generates, taken as text, over the body as it was sent. Salesforce asks that the payload be escaped as JSON before it is
 * hashed and does not say how, so that text cannot be offered: try a real delivery before relying on it. No time is signed. A regenerated key takes up to 15 minutes to
 * act: keep both secrets meanwhile. Events come in batches; the newer `EventCreationDateTime` counts. Which objects there are,
 * and their fields, is the organization's own: configure them by their developer names. Retries are not documented.
 */
export const salesforceData360 = defineSource<Settings>({
  scheme: "salesforce-data-360",
  title: "Salesforce Data 360 data actions",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-signature",
    form: { type: "bare" },
    algorithm: "SHA-256",
    encoding: "base64",
    secretEncoding: "utf8",
    template: "{body}",
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode,
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: [],
    harmful: [],
    timeoutMs: null,
    source: `${PROVENANCE.split(",")[0]}, read 2026-11-24: neither retries nor a time limit are documented`,
  },
  setup: [
    "In Data 360, under Data Action Targets, create a target of type Webhook with {url} as its URL.",
    "Generate its secret key, and store that as the source's secret: {secret}.",
    "Create a data action on the object with this target, and choose the fields to send, the record's id among them.",
    "Map each object in the source's objects, by its developer name.",
    "Send one event, and look whether it was let in: if its signature does not match, the payload was escaped before it was signed.",
  ],
  samples: [
    {
      ...sampled,
      name: "pipeline-insight",
      objects: {
        AccountPipeline__cio: object("customer", "AccountPipeline__cio_AccountId__c", { name: text("AccountPipeline__cio_Name__c") }),
      },
      body: `{"creationDateTime":"{now:iso}","count":1,"schemas":[{"schemaId":"PipelineUpdate","schema":"{}"}],"events":[{"EventUuid":"{id}","ActionDeveloperName":"PipelineUpdate","EventType":"DataObjectDataChgEvent","EventPrompt":"UPDATE","EventSchemaVersion":"1","Offset":"1","SourceObjectDeveloperName":"AccountPipeline__cio","EventCreationDateTime":"{now:iso}","EventPublishDateTime":"{now:iso}","PayloadCurrentValue":{"AccountPipeline__cio_AccountId__c":"0012400000Ab1cDAAR","AccountPipeline__cio_Name__c":"Müller & Söhne – 東京","AccountPipeline__cio_Total__c":1200.50,"AccountPipeline__cio_Ref__c":820982911946154508}}]}`,
      expect: {
        kind: "customer",
        key: "0012400000Ab1cDAAR",
        type: "AccountPipeline__cio.UPDATE",
        data: {
          name: "Müller & Söhne – 東京",
          extra: { AccountPipeline__cio_Total__c: "1200.50", AccountPipeline__cio_Ref__c: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "order-payload-as-text",
      objects: { Order__dlm: object("order", "Id__c", { total: money("Total__c", "Currency__c") }) },
      body: `{"creationDateTime":"{now:iso}","count":1,"schemas":[],"events":[{"ActionDeveloperName":"BigOrder","EventType":"DataObjectDataChgEvent","EventPrompt":"INSERT","SourceObjectDeveloperName":"Order__dlm","EventCreationDateTime":"{now:iso}","EventPublishDateTime":"{now:iso}","PayloadCurrentValue":"{\\"Id__c\\":\\"8012400000Kl1mNAAR\\",\\"Total__c\\":99.90,\\"Currency__c\\":\\"EUR\\",\\"Land__c\\":\\"Österreich\\"}"}]}`,
      expect: {
        kind: "order",
        key: "8012400000Kl1mNAAR",
        type: "Order__dlm.INSERT",
        data: { total: { amount: "99.90", currency: "EUR" }, extra: { Land__c: "Österreich" } },
      },
    },
  ],
});
