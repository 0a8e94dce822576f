import * as z from "zod";
import { Guid, dataverseTables, moneyShape, withCurrency } from "../decoding/dataverse-tables.ts";
import { ANSWER_BY_STATUS, readJson, readName, toItem, unintelligible, unmapped, type Found } from "../decoding/document.ts";
import { readDate, readExecutionContext, type ExecutionContext, type Images } from "../decoding/remote-execution-context.ts";
import type { JsonObject } from "../domain/json.ts";
import { scalarText } from "../domain/mapping.ts";
import { NO_ORDER, timeToken, type OrderToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { HeaderName, verificationOf } from "../verification/settings.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type Sample, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** What Dataverse can prove itself by: WebhookKey (`code` in the query), HttpQueryString or HttpHeader. Nothing of it covers the body. */
  authentication: z
    .discriminatedUnion("type", [
      z.strictObject({ type: z.literal("query"), parameter: z.string().min(1).default("code") }),
      z.strictObject({ type: z.literal("header"), name: HeaderName, prefix: z.string().default("") }),
    ])
    .default({ type: "query", parameter: "code" }),
  /** The environments that may send. Absent: whichever has the secret. */
  organizationIds: z.array(Guid).min(1).optional(),
  /** Alias of the image that holds the row. Absent: the first that somebody registered. */
  image: z.string().min(1).optional(),
  /** Users as which we ourselves write: their changes are an echo of our own. */
  ownUserIds: z.array(Guid).default([]),
  /** Changes deeper than this are caused by plug-ins and workflows: 1 lets in only what people and programs do themselves. */
  ignoreDepthAbove: z.int().min(1).optional(),
  ...moneyShape,
});
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const read = readExecutionContext(document.value);
  if (!read.ok) return unintelligible(read.failure);
  const context = request.headers.has(CUT) ? { ...read.value, target: null, before: {}, after: {} } : read.value;
  if (settings.organizationIds !== undefined && !holds(settings.organizationIds, context.organizationId))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const labels = { type: `${context.table}.${context.message}`, deliveryId: deliveryIdOf(context) };
  const why = whyIgnored(context, settings);
  if (why !== null) return unmapped(labels, why);
  if (context.rowId === null) return unintelligible(`${labels.type} is of no single row: register the step on Create, Update or Delete`);
  const item = itemOf(context, { ...labels, rowId: context.rowId }, { settings, objects });
  return item.ok ? ok([item.value]) : item;
}

interface Labels {
  readonly type: string;
  readonly deliveryId: string | null;
  readonly rowId: string;
}

function itemOf(
  context: ExecutionContext,
  { rowId, ...labels }: Labels,
  { settings, objects }: Context,
): Result<SourceItem, DecodeFailure> {
  const { columns, ...told } = context.message === "Delete" ? deletionOf(context, settings) : changeOf(context, settings);
  const order = orderOf(columns, context);
  if (!order.ok) return unintelligible(`${labels.type}: ${order.failure}`);
  const nature = told.deleted && order.value.kind === "none" ? "hint" : told.nature;
  const record = { [`${context.table}id`]: rowId, ...withCurrency(columns, settings) };
  const found = {
    ...labels,
    ...told,
    nature,
    object: context.table,
    record,
    order: order.value,
    occurredAtMs: occurredAt(columns, context),
  };
  // Steps of one table may tell of one version twice, each as an operation of its own: what they say is then the same.
  return toItem(nature === "hint" ? found : { ...found, content: JSON.stringify([context.table, told, record]) }, objects);
}

/** Sent when the message was over 256 KB and has lost its row: whatever is left of it must not pass for the row. */
const CUT = "x-ms-dynamics-msg-size-exceeded";

const holds = (ids: readonly string[], id: string | null): boolean => ids.some((one) => one.toLowerCase() === id?.toLowerCase());

/** A job's second attempt has its OperationId again. A synchronous step has none: what it was part of, and when, stands in. */
function deliveryIdOf({ organizationId, operationId, correlationId, operationCreatedOn, ...context }: ExecutionContext): string | null {
  if (operationId === null && correlationId === null) return null;
  const operation = operationId ?? `${correlationId}|${operationCreatedOn ?? ""}`;
  return readName([organizationId ?? "", operation, context.message, context.rowId ?? "", context.stage ?? ""].join("|"));
}

const AFTER_THE_OPERATION = 40;

function whyIgnored({ depth, stage, initiatingUserId }: ExecutionContext, settings: Settings): string | null {
  const { ignoreDepthAbove = Number.POSITIVE_INFINITY, ownUserIds } = settings;
  if (depth > ignoreDepthAbove)
    return `an echo: its depth is ${depth}, and what is deeper than ${ignoreDepthAbove} is caused by plug-ins or workflows`;
  if (holds(ownUserIds, initiatingUserId)) return `an echo of our own write: user ${initiatingUserId} made it`;
  return stage !== null && Number(stage) < AFTER_THE_OPERATION
    ? "its step runs before the change is made, which may still be refused: register it in stage PostOperation"
    : null;
}

type Told = Pick<Found, "nature" | "deleted"> & { readonly columns: JsonObject };

const imageOf = (images: Images, { image }: Settings): JsonObject | undefined =>
  image === undefined ? Object.values(images)[0] : Object.hasOwn(images, image) ? images[image] : undefined;

/** An image is the row; so is what a Create writes. Of an Update that is what has changed, and whatever says less is a hint. */
function changeOf({ after, target, message }: ExecutionContext, settings: Settings): Told {
  const image = imageOf(after, settings);
  if (image !== undefined) return { nature: "snapshot", deleted: false, columns: image };
  if (target === null) return { nature: "hint", deleted: false, columns: {} };
  return { nature: message === "Create" ? "snapshot" : "delta", deleted: false, columns: target };
}

const deletionOf = ({ before }: ExecutionContext, settings: Settings): Told => ({
  nature: "snapshot",
  deleted: true,
  columns: imageOf(before, settings) ?? {},
});

/** The row's version, else the time of its change. A deletion comes right after the last state, which is the one it shows. */
function orderOf(columns: JsonObject, { message, target }: ExecutionContext): Result<OrderToken, string> {
  const later = message === "Delete" ? 1 : 0;
  const version = scalarText(columns["versionnumber"]);
  if (version === undefined) {
    const ms = modifiedOn(columns) ?? modifiedOn(target ?? {});
    return ok(ms === null ? NO_ORDER : timeToken(ms + later));
  }
  return /^\d{1,20}$/.test(version)
    ? ok({ kind: "int", value: String(BigInt(version) + BigInt(later)) })
    : fail("versionnumber is no whole number");
}

const modifiedOn = (columns: JsonObject): number | null => readTimestamp(scalarText(columns["modifiedon"]) ?? "", "iso");

/** An operation's own time is of another clock and form than a row's: it only stands in where the row has none. */
const occurredAt = (columns: JsonObject, { message, target, operationCreatedOn }: ExecutionContext): number | null =>
  (message === "Delete" ? null : (modifiedOn(columns) ?? modifiedOn(target ?? {}))) ?? readDate(operationCreatedOn ?? "");

const sampled: Pick<Sample, "contentType" | "settings"> = {
  contentType: "application/json; charset=utf-8",
  settings: { organizationIds: ["4ef5b371-e89e-e711-8122-000d3aa2331c"], currency: "EUR" },
};

const DOCUMENTED =
  "RemoteExecutionContext as in github.com/MicrosoftDocs/powerapps-docs, developer/data-platform/use-webhooks.md, read 2026-11-24; ";

const CONTRACTS = "http:\\/\\/schemas.microsoft.com\\/xrm\\/2011\\/Contracts";
const choice = (value: number): string => `{"__type":"OptionSetValue:${CONTRACTS}","Value":${value}}`;
const amount = (value: string): string => `{"__type":"Money:${CONTRACTS}","Value":${value}}`;
const reference = (table: string, id: string): string =>
  `{"__type":"EntityReference:${CONTRACTS}","Id":"${id}","KeyAttributes":[],"LogicalName":"${table}","Name":null,"RowVersion":null}`;
const entity = (table: string, id: string, columns: Readonly<Record<string, string>>): string => {
  const attributes = Object.entries(columns).map(([key, value]) => `{"key":"${key}","value":${value}}`);
  return `{"__type":"Entity:${CONTRACTS}","Attributes":[${attributes.join(",")}],"EntityState":null,"FormattedValues":[],"Id":"${id}","KeyAttributes":[],"LogicalName":"${table}","RelatedEntities":[],"RowVersion":null}`;
};

interface Operation {
  readonly message: string;
  readonly table: string;
  readonly id: string;
  readonly target: string;
  readonly before?: string;
  readonly after?: string;
}

const operation = ({ message, table, id, target, before, after }: Operation): string => {
  const image = (alias: string, row: string | undefined): string => (row === undefined ? "" : `,{"key":"${alias}","value":${row}}`);
  const name = `{"key":"AsynchronousStepPrimaryName","value":${entity(table, id, { [`${table}id`]: `"${id}"` })}}`;
  return `{"BusinessUnitId":"e2b9dd85-e89e-e711-8122-000d3aa2331c","CorrelationId":"b374239d-4233-41a9-8b17-a86cb4f737b5","Depth":1,"InitiatingUserId":"75c2dd85-e89e-e711-8122-000d3aa2331c","InputParameters":[{"key":"Target","value":${target}}],"IsExecutingOffline":false,"IsInTransaction":false,"IsOfflinePlayback":false,"IsolationMode":1,"MessageName":"${message}","Mode":1,"OperationCreatedOn":"\\/Date({now:ms}+0000)\\/","OperationId":"{id}","OrganizationId":"4ef5b371-e89e-e711-8122-000d3aa2331c","OrganizationName":"acme","OutputParameters":[],"ParentContext":null,"PostEntityImages":[${name}${image("PostImage", after)}],"PreEntityImages":[${image("PreImage", before).slice(1)}],"PrimaryEntityId":"${id}","PrimaryEntityName":"${table}","RequestId":null,"SecondaryEntityName":"none","SharedVariables":[],"Stage":40,"UserId":"75c2dd85-e89e-e711-8122-000d3aa2331c"}`;
};

const ORDER = "6d81597f-0f9f-e711-8122-000d3aa2331c";
const CONTACT = "7e92608a-0f9f-e711-8122-000d3aa2331c";
const CASE = "8fa3719b-0f9f-e711-8122-000d3aa2331c";
const ACCOUNT = "90b482ac-0f9f-e711-8122-000d3aa2331c";

/**
 * Dataverse, and Dynamics 365 on it: a webhook step posts what an operation did to a row, with a static secret in the
 * query or a header, so nothing proves the body. Only 502, 503 and 504 are tried again, once; all else fails the step,
 * and of a synchronous one the user's save. Nothing is ordered and there is no delivery id: a registered image of the
 * row brings its version, and the operation's ids stand in for an id. Over 256 KB the row is left out: a hint.
 */
export const dataverse = defineSource<Settings>({
  scheme: "dataverse",
  title: "Dynamics 365, Dataverse",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  objects: dataverseTables,
  statusPolicy: { ...ANSWER_BY_STATUS, rateLimited: 503 },
  behaviour: {
    retries: [502, 503, 504],
    harmful: [],
    timeoutMs: 60_000,
    source: "github.com/MicrosoftDocs/powerapps-docs, developer/data-platform/use-webhooks.md, read 2026-11-24",
  },
  setup: [
    "In the Plug-in Registration Tool, register a new web hook: endpoint {url}, authentication WebhookKey, value {secret}. HttpQueryString and HttpHeader do as well, with the same pair in settings.authentication.",
    "Register steps on it for Create, Update and Delete of each table: stage PostOperation, execution mode Asynchronous. A synchronous step would undo the user's save whenever an answer fails.",
    "Add an image to each step, with all columns, versionnumber and modifiedon among them: a post image to Create and Update, a pre image to Delete. Without it an Update tells only what has changed, and a Delete has no order.",
    "List the environment's organization id (Settings, Developer resources) in settings.organizationIds.",
    "Say in settings.currency which currency amounts are in, or in settings.currencies which code each transactioncurrencyid stands for.",
    "Put the application user as which the router writes to Dataverse into settings.ownUserIds, so that its writes do not come back.",
    "Look at the failed ones of the steps' system jobs from time to time: what was refused twice is not sent again.",
  ],
  samples: [
    {
      ...sampled,
      name: "order-updated",
      provenance: `${DOCUMENTED}the order and its image made up`,
      headers: {
        "x-ms-dynamics-organization": "acme.crm4.dynamics.com",
        "x-ms-dynamics-entity-name": "salesorder",
        "x-ms-dynamics-request-name": "Update",
      },
      body: operation({
        message: "Update",
        table: "salesorder",
        id: ORDER,
        target: entity("salesorder", ORDER, { statuscode: choice(100002), modifiedon: '"\\/Date({now:ms})\\/"' }),
        after: entity("salesorder", ORDER, {
          ordernumber: '"SO-1001"',
          name: '"Größenwahn – 東京 🚂"',
          customerid: reference("account", ACCOUNT),
          statecode: choice(3),
          statuscode: choice(100002),
          totalamount: amount("1200.50"),
          createdon: '"\\/Date(1767225600000)\\/"',
          modifiedon: '"\\/Date({now:ms})\\/"',
          versionnumber: "4830218",
          acme_legacynumber: "820982911946154508",
        }),
      }),
      expect: {
        kind: "order",
        key: ORDER,
        type: "salesorder.Update",
        data: {
          number: "SO-1001",
          customerId: ACCOUNT,
          status: "partially_fulfilled",
          statusRaw: "100002",
          total: { amount: "1200.50", currency: "EUR" },
          orderedAt: "2026-01-01T00:00:00.000Z",
          extra: { name: "Größenwahn – 東京 🚂", statecode: 3, versionnumber: 4830218, acme_legacynumber: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "contact-changed-without-an-image",
      provenance: `${DOCUMENTED}names as there, address added`,
      body: operation({
        message: "Update",
        table: "contact",
        id: CONTACT,
        target: entity("contact", CONTACT, {
          fullname: '"James Glynn (sample)"',
          emailaddress1: '"james@example.com"',
          telephone1: "null",
          modifiedon: '"\\/Date({now:ms})\\/"',
          modifiedby: reference("systemuser", "75c2dd85-e89e-e711-8122-000d3aa2331c"),
        }),
      }),
      expect: {
        kind: "customer",
        key: CONTACT,
        type: "contact.Update",
        data: { name: "James Glynn (sample)", email: "james@example.com", extra: { modifiedby: "75c2dd85-e89e-e711-8122-000d3aa2331c" } },
      },
    },
    {
      ...sampled,
      name: "case-deleted",
      provenance: `${DOCUMENTED}the case and its image made up`,
      body: operation({
        message: "Delete",
        table: "incident",
        id: CASE,
        target: reference("incident", CASE),
        before: entity("incident", CASE, {
          ticketnumber: '"CAS-01213-P8B3G0"',
          title: '"Lieferung unvollständig"',
          versionnumber: "4830219",
        }),
      }),
      expect: {
        kind: "case",
        key: CASE,
        type: "incident.Delete",
        data: { number: "CAS-01213-P8B3G0", subject: "Lieferung unvollständig" },
      },
    },
  ],
});
