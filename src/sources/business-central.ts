import * as z from "zod";
import { RenewalSettings, businessCentralRenewal } from "../decoding/business-central-subscriptions.ts";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { ENTITY_KINDS } from "../domain/entities/index.ts";
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../domain/json.ts";
import { object } from "../domain/mapping.ts";
import { NO_ORDER, timeToken } from "../domain/order.ts";
import { ok, type Result } from "../domain/result.ts";
import { readTimestamp } from "../verification/signature.ts";
import {
  defineSource,
  type DecodeFailure,
  type GenuineRequest,
  type ObjectMaps,
  type OddPart,
  type Part,
  type Reply,
  type Sample,
} from "./define.ts";

const Settings = z.strictObject({
  /** What further collections hold, by the name they have in the API, such as `{ serviceOrders: "case" }`. */
  resources: z.record(z.string().regex(/^\w+$/, "must be a collection's name, such as salesQuotes"), z.enum(ENTITY_KINDS)).default({}),
  /** How subscriptions are renewed before their three days are over. Absent: somebody else does it. */
  renewal: RenewalSettings.optional(),
});
type Settings = z.infer<typeof Settings>;

const COLLECTIONS = { salesOrders: "order", salesInvoices: "invoice", customers: "customer", salesShipments: "shipment" } as const;

/** A notification says no more of a record than where it is. */
const objects = ({ resources }: Settings): ObjectMaps =>
  Object.fromEntries(Object.entries({ ...COLLECTIONS, ...resources }).map(([collection, kind]) => [collection, object(kind, "id", {})]));

const MOST_ITEMS = 1_000;

function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly Part[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const list = document.value["value"];
  if (!Array.isArray(list)) return unintelligible('no list of notifications at "value"');
  const items = list as readonly JsonValue[];
  if (items.length === 0) return unmapped({ type: "batch", deliveryId: null }, "an empty batch");
  if (items.length > MOST_ITEMS) return unintelligible(`${items.length} notifications; at most ${MOST_ITEMS} are read`);
  return ok(items.map((item) => partOf(isJsonObject(item) ? withoutCredential(item) : {}, objects)));
}

const withoutCredential = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => name.toLowerCase() !== "clientstate"));

/** `[api/v2.0/]companies(<id>)/<collection>(<key>)`, with or without a slash or an address before it; or a collection and its filter. */
const RESOURCE = /(?:^|\/)companies\(([^()/]{1,100})\)\/(\w{1,100})(?:\(([^()/]{1,256})\))?(?:\?.*)?$/s;

const CHANGES: ReadonlySet<string> = new Set(["created", "updated", "deleted"]);

function partOf(item: JsonObject, objects: ObjectMaps): Part {
  const { expirationDateTime: _later, ...said } = item;
  // A subscription's end moves with every renewal: a notice that comes again after one still says the same.
  const content = JSON.stringify(said);
  const resource = typeof item["resource"] === "string" ? item["resource"] : "";
  const [, company, collection, key] = RESOURCE.exec(resource) ?? [];
  const changeType = readName(item["changeType"]) ?? "";
  if (company === undefined || collection === undefined) return odd({ type: "unreadable", content }, NO_RESOURCE);
  const type = `${collection}.${changeType}`;
  if (changeType === "collection") return odd({ type, content }, reconcile(collection, company, resource));
  if (key === undefined || !CHANGES.has(changeType))
    return odd(
      { type: readName(type) ?? collection, content },
      `neither one record's change nor a collection's: reconcile ${collection} of company ${company}`,
    );
  const ms = readTimestamp(readName(item["lastModifiedDateTime"]) ?? "", "iso");
  const read = toItem(
    {
      type,
      object: collection,
      record: { ...said, id: unquoted(key), companyId: unquoted(company) },
      deliveryId: null,
      occurredAtMs: ms,
      order: ms === null ? NO_ORDER : timeToken(ms),
      nature: "hint",
      deleted: changeType === "deleted",
      content,
    },
    objects,
  );
  if (read.ok) return read.value;
  const detail = "detail" in read.failure ? read.failure.detail : "";
  return { ...odd({ type, content }, detail), odd: read.failure.kind === "unmapped" ? "unmapped" : "unintelligible" };
}

/** Keys that are no GUIDs, as custom APIs have them, are in quotes, with a quote in them doubled. */
const unquoted = (key: string): string => (/^'.+'$/s.test(key) ? key.slice(1, -1).replaceAll("''", "'") : key);

const NO_RESOURCE = 'a notification without a "resource" of a company, such as "api/v2.0/companies(<id>)/salesOrders(<id>)"';

const reconcile = (collection: string, company: string, resource: string): string =>
  `too many ${collection} of company ${company} have changed to be told one by one: reconcile them; those changed are at ${resource}`;

const LONGEST_DETAIL = 400;

const odd = (labels: Pick<OddPart, "type" | "content">, detail: string): OddPart => ({
  odd: "unintelligible",
  deliveryId: null,
  ...labels,
  detail: detail.slice(0, LONGEST_DETAIL).toWellFormed(),
});

/** The value of each `clientState`, up to its closing quote or, in a mutilated body, the very end. */
const CLIENT_STATE = /("clientState"\s*:\s*")(?:[^"\\]|\\[\s\S]|\\$)*/gi;
const lossy = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** `clientState` is the shared secret itself: it is blanked before the body is kept anywhere, however its name is escaped. */
function withoutClientState(body: Uint8Array): Uint8Array {
  const json = lossy.decode(body);
  const blanked = json.replace(CLIENT_STATE, "$1");
  const parsed = parseJson(blanked.replace(/^\uFEFF/, ""));
  const safe = parsed.ok && showsCredential(parsed.value) ? JSON.stringify(blankIn(parsed.value)) : blanked;
  return safe === json ? body : new TextEncoder().encode(safe);
}

const listOf = (document: JsonValue): readonly JsonValue[] =>
  isJsonObject(document) && Array.isArray(document["value"]) ? (document["value"] as readonly JsonValue[]) : [];

const showsCredential = (document: JsonValue): boolean =>
  listOf(document).some((item) => isJsonObject(item) && typeof item["clientState"] === "string" && item["clientState"] !== "");

const blankIn = (document: JsonValue): JsonValue => ({
  value: listOf(document).map((item) => (isJsonObject(item) ? withoutCredential(item) : item)),
});

/** Any answer but a success and those that mean "again" deletes the subscription: so refusals and our own mistakes say "again" too. */
const RECEIVED: Reply = { status: 200, contentType: "text/plain; charset=utf-8", body: "" };

const PROVENANCE =
  "github.com/MicrosoftDocs/dynamics365smb-devitpro-pb, dev-itpro/api-reference/v2.0/dynamics-subscriptions.md, read 2026-11-24; values made up";

const sampled: Pick<Sample, "contentType"> = { contentType: "application/json; charset=utf-8" };

const COMPANY = "b18aed47-c385-49d2-b954-dbdf8ad71780";

/**
 * Business Central: lists of notices, each only of where a changed record is, so that it must be read back. Each holds
 * the `clientState` of its subscription, which proves the sender and not the body. Notices are held for 30 seconds,
 * of several changes to a record the last is told, and of more than 1,000 only that there were many. 408, 429 and 5xx
 * are tried again for 36 hours; any other refusal deletes the subscription. One ends after three days unless renewed.
 */
export const businessCentral = defineSource<Settings>({
  scheme: "business-central",
  title: "Dynamics 365 Business Central",
  settings: Settings,
  verification: () => ({ kind: "tokenInBody", list: "value", member: "clientState" }),
  decode: (request, { objects }) => decode(request, objects),
  handshakes: () => [{ kind: "validationToken", parameter: "validationToken" }],
  forStorage: withoutClientState,
  renewal: ({ renewal }) => (renewal === undefined ? null : businessCentralRenewal(renewal)),
  objects,
  statusPolicy: { ...ANSWER_BY_STATUS, stored: RECEIVED, notUnderstood: RECEIVED, notVerified: 503, tooLarge: 503, wrongEncoding: 503 },
  behaviour: {
    retries: [408, 429, "5xx"],
    harmful: ["3xx", "4xx"],
    harmlessExceptions: [408, 429],
    timeoutMs: 5_000,
    source:
      "github.com/MicrosoftDocs/dynamics365smb-devitpro-pb, dev-itpro/api-reference/v2.0/dynamics-subscriptions.md, read 2026-11-24; " +
      "the time limit is that of the handshake, as kauffmann.nl reports it",
  },
  setup: [
    'For each collection, POST {"notificationUrl":"{url}","resource":"/api/v2.0/companies(<company id>)/salesOrders","clientState":"{secret}"} to https://api.businesscentral.dynamics.com/v2.0/<tenant id>/<environment>/api/v2.0/subscriptions. The router answers the handshake.',
    "In Microsoft Entra, register an app with the application permission API.ReadWrite.All of Dynamics 365 Business Central, grant it admin consent, and make a client secret. Add the app on Business Central's page Microsoft Entra Applications, with permission sets that read the collections.",
    "Put the app's client id, its client secret and the clientState as secrets, and name them in settings.renewal with tenant, environment and {url} as notificationUrl: else the subscriptions end after three days.",
    "Let the source read back from the destination that reads Business Central: a notice says only that a record has changed.",
    "On a dead letter that says reconcile, compare the whole collection: Business Central tells of more than 1,000 changes in 30 seconds as one.",
  ],
  samples: [
    {
      ...sampled,
      name: "order-changed",
      provenance: `${PROVENANCE}, one member added`,
      body: `{"value":[{"subscriptionId":"salesOrders-größe","clientState":"{secret}","expirationDateTime":"2026-11-27T00:00:00Z","resource":"api/v2.0/companies(${COMPANY})/salesOrders(26814998-936a-401c-81c1-0e848a64971d)","changeType":"updated","lastModifiedDateTime":"{now:iso}","sequenceNumber":820982911946154508}]}`,
      expect: {
        kind: "order",
        key: "26814998-936a-401c-81c1-0e848a64971d",
        type: "salesOrders.updated",
        data: {
          extra: {
            companyId: COMPANY,
            subscriptionId: "salesOrders-größe",
            resource: `api/v2.0/companies(${COMPANY})/salesOrders(26814998-936a-401c-81c1-0e848a64971d)`,
            changeType: "updated",
            sequenceNumber: "820982911946154508",
          },
        },
      },
    },
    {
      ...sampled,
      name: "customer-deleted-and-invoice-created",
      provenance: PROVENANCE,
      body: `{"value":[{"subscriptionId":"webhookCustomersId","clientState":"{secret}","expirationDateTime":"2026-11-27T00:00:00Z","resource":"/api/v2.0/companies(${COMPANY})/customers(4b4f31f0-dc1c-4033-b2aa-ab03ca1d6ebc)","changeType":"deleted","lastModifiedDateTime":"{now:iso}"},{"subscriptionId":"salesInvoice","clientState":"{secret}","expirationDateTime":"2026-11-27T00:00:00Z","resource":"/api/v2.0/companies(${COMPANY})/salesInvoices(130bbd17-dbb9-4790-9b12-2b0e9c9d22c3)","changeType":"created","lastModifiedDateTime":"{now:iso}"}]}`,
      expect: {
        kind: "customer",
        key: "4b4f31f0-dc1c-4033-b2aa-ab03ca1d6ebc",
        type: "customers.deleted",
        data: { extra: { companyId: COMPANY, subscriptionId: "webhookCustomersId", changeType: "deleted" } },
      },
    },
  ],
});
