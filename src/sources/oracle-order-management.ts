import * as z from "zod";
import { ANSWER_BY_STATUS, readName, readParts, toItem, unintelligible, unmapped } from "../decoding/document.ts";
import { childrenOf, isNil, parseXmlDocument, readXml, refusedDeclaration, textOf, type XmlNode } from "../decoding/xml.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/json.ts";
import { object, text, word } from "../domain/mapping.ts";
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
  type Sample,
  type SourceItem,
} from "./define.ts";

const Settings = z.strictObject({
  /** "basic" for the connector's user name and password, "query" for a token in its URL, "clientCertificate", "ipRanges", or several. */
  authentication: Authentication,
});
type Settings = z.infer<typeof Settings>;

/** Names that the same fact has in the connector's payload, in Fusion's REST resource and in its services; ours is the first. */
const NAMES: readonly (readonly [string, ...string[]])[] = [
  ["HeaderId", "OrchestrationOrderId"],
  ["OrderNumber", "OrchestrationOrderNumber"],
  ["SourceTransactionNumber", "SourceOrderNumber"],
  ["StatusCode", "StatusCodeNewValue"],
  ["CustomerId", "BuyingPartyId", "SoldToPartyId"],
];
const KEY = "HeaderId";

const OBJECTS: ObjectMaps = {
  SalesOrder: object("order", KEY, {
    number: text("OrderNumber"),
    customerId: text("CustomerId"),
    status: word("StatusCode", {
      doo_draft: "draft",
      open: "confirmed",
      partial_close: "partially_fulfilled",
      closed: "closed",
      canceled: "cancelled",
    }),
  }),
};

function decode(request: GenuineRequest, objects: ObjectMaps): Result<readonly Part[], DecodeFailure> {
  const root = readXml(request.body);
  if (!root.ok) return root;
  const [header, body] = ["Header", "Body"].map((name) => childrenOf(root.value).find(({ local }) => local === name));
  const operation = root.value.local === "Envelope" && body !== undefined ? childrenOf(body)[0] : undefined;
  if (operation?.local !== "pushPayload") return unintelligible("no SOAP envelope with pushPayload in its body");
  const payload = payloadOf(operation);
  if (!payload.ok) return payload;
  const orders = ordersIn(payload.value).map(recordOf);
  if (orders.length === 0) return unintelligible("pushPayload holds no order header");
  const messageId = header === undefined ? null : messageIdOf(header);
  return readParts(
    orders,
    (record, index) => readOrder(record, messageId === null || orders.length === 1 ? messageId : `${messageId}#${index}`, objects),
    (record) => JSON.stringify(record),
  );
}

/** The payload comes as elements, or as one text that is a document of its own. */
function payloadOf(operation: XmlNode): Result<XmlNode, DecodeFailure> {
  const said = textOf(operation).trim();
  if (!said.startsWith("<") || ordersIn(operation).length > 0) return ok(operation);
  if (refusedDeclaration(said)) return fail({ kind: "rejected", reason: "doctype_forbidden" });
  const document = parseXmlDocument(said);
  return document.ok ? document : unintelligible(`the text in pushPayload: ${document.failure}`);
}

/** WS-Addressing's id of the message, where the connector's policy adds one. */
function messageIdOf(header: XmlNode): string | null {
  const id = childrenOf(header).find(({ local }) => local === "MessageID");
  return id === undefined ? null : readName(textOf(id).trim());
}

/** The outermost elements that are an order header, by their name or by an id in them. */
function ordersIn(node: XmlNode): readonly XmlNode[] {
  const children = childrenOf(node);
  if (node.local === "OrderHeader" || children.some(({ local }) => NAMES[0]?.includes(local) === true)) return [node];
  return children.flatMap(ordersIn);
}

/** What an order header holds, by local names, ids as text. Elements of one name are a list. */
function recordOf(node: XmlNode): JsonObject {
  const fields = fieldsOf(node);
  for (const [name, ...others] of NAMES) {
    const other = others.find((candidate) => fields.has(candidate));
    if (other === undefined || fields.has(name)) continue;
    fields.set(name, fields.get(other) ?? null);
    fields.delete(other);
  }
  return Object.fromEntries(fields);
}

function fieldsOf(node: XmlNode): Map<string, JsonValue> {
  const values = new Map<string, JsonValue[]>();
  for (const child of childrenOf(node)) {
    const value = valueOf(child);
    const others = values.get(child.local);
    if (others === undefined) values.set(child.local, [value]);
    else others.push(value);
  }
  return new Map([...values].map(([name, list]) => [name, list.length === 1 ? (list[0] ?? null) : list]));
}

function valueOf(node: XmlNode): JsonValue {
  const fields = fieldsOf(node);
  return fields.size > 0 ? Object.fromEntries(fields) : isNil(node) ? null : textOf(node);
}

function readOrder(record: JsonObject, deliveryId: string | null, objects: ObjectMaps): Result<SourceItem, DecodeFailure> {
  const type = typeOf(record);
  if (record[KEY] === undefined && record["OrderLine"] !== undefined)
    return unmapped({ type, deliveryId }, "it tells of order lines and names no order header");
  const modifiedAt = readTimestamp(readName(record["LastUpdateDate"]) ?? "", "iso");
  return toItem(
    {
      type,
      object: "SalesOrder",
      record,
      deliveryId,
      occurredAtMs: modifiedAt,
      order: modifiedAt === null ? NO_ORDER : timeToken(modifiedAt),
      nature: "hint",
      deleted: false,
    },
    objects,
  );
}

/** The event's code stands in the header or, where the event is of lines, in the first of them. */
function typeOf(record: JsonObject): string {
  const lines = record["OrderLine"];
  const first: unknown = Array.isArray(lines) ? lines[0] : lines;
  return readName(record["EventCode"]) ?? (isJsonObject(first) ? readName(first["EventCode"]) : null) ?? "pushPayload";
}

/** Credentials of WS-Security, should the connector's policy send them: from the start tag to the end tag, or to the very end. */
const CREDENTIAL =
  /(<(?:[\w.-]+:)?(?:Password|BinarySecurityToken)(?:\s[^<>]*)?(?<!\/)>)[\s\S]*?(?=<\/(?:[\w.-]+:)?(?:Password|BinarySecurityToken)|$)/g;
const lossy = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

function withoutCredentials(body: Uint8Array): Uint8Array {
  const xml = lossy.decode(body);
  const blanked = xml.replace(CREDENTIAL, "$1");
  return blanked === xml ? body : new TextEncoder().encode(blanked);
}

/** The operation is one-way: there is nothing to say but that the message arrived. */
const EMPTY: Reply = {
  status: 200,
  contentType: "text/xml; charset=utf-8",
  body: '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body/></soapenv:Envelope>',
};

const NAMESPACE = "http://xmlns.oracle.com/apps/scm/doo";
const envelope = (header: string, payload: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">
 <soapenv:Header>${header}</soapenv:Header>
 <soapenv:Body>
  <client:pushPayload xmlns:client="${NAMESPACE}/taskLayer/externalInterfaceLayer/DooTaskExternalInterfaceVirtualPartnersComposite/BusinessEventsConnector">${payload}</client:pushPayload>
 </soapenv:Body>
</soapenv:Envelope>`;

const sampled: Pick<Sample, "contentType" | "provenance" | "headers" | "settings"> = {
  provenance:
    "operation and type of docs.oracle.com/en/cloud/saas/supply-chain-and-manufacturing/25d/oessc/salesorderbusinessevent-d37629e79.html, elements as Oracle's mappings of the order status composite (found by code search on GitHub) write them, read 2026-11-24; values made up",
  contentType: "text/xml; charset=utf-8",
  headers: { soapaction: '"pushPayload"' },
  settings: { authentication: { type: "basic" } },
};

/**
 * Oracle Fusion Order Management, whose connector posts each business event of sales orders as the one-way SOAP
 * operation pushPayload. Nothing is signed. A payload names one order or several, and the lines that the event is of,
 * without a version: the order is to be read back by its header id. A failed call is recovered by people in Fusion.
 */
export const oracleOrderManagement = defineSource<Settings>({
  scheme: "oracle-order-management",
  title: "Oracle Fusion, Order Management connector",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode: (request, context) => decode(request, context.objects),
  forStorage: withoutCredentials,
  objects: () => OBJECTS,
  statusPolicy: { ...ANSWER_BY_STATUS, stored: EMPTY, notUnderstood: EMPTY },
  behaviour: {
    retries: [],
    harmful: [],
    timeoutMs: null,
    source:
      "docs.oracle.com/en/cloud/saas/supply-chain-and-manufacturing/26a/faiom/send-notifications-from-order-management-to-other-systems.html, read 2026-11-24: says nothing of retries or of a time limit",
  },
  setup: [
    "In Setup and Maintenance, task Manage External Interface Web Service Details, add a connector with {url} as Connector URL, and the user name and password that {secret} holds.",
    'Some policies send these in the SOAP header, where they are not checked: then put a token into the URL ({url}?token={secret}, authentication {type: "query"}), or use a client certificate or address ranges.',
    "In Manage Business Event Trigger Points, activate the events, above all Order Header Status Update, and name the connector.",
    "Let the route read the order back through REST (salesOrdersForOrderHub) by its header id.",
  ],
  samples: [
    {
      ...sampled,
      name: "order-header-status",
      body: envelope(
        `<wsa:MessageID xmlns:wsa="http://www.w3.org/2005/08/addressing">urn:uuid:{id}</wsa:MessageID>`,
        `
   <ns1:results xmlns:ns1="${NAMESPACE}/decomposition/DooDecompositionOrderStatusUpdateComposite">
    <ns1:OrderHeader>
     <ns1:EventCode>HEADER_STATUS_UPDATE</ns1:EventCode>
     <ns1:SourceOrderSystem>GPR</ns1:SourceOrderSystem>
     <ns1:SourceOrderId>SO-2026-0001</ns1:SourceOrderId>
     <ns1:SourceOrderNumber>SO-2026-0001</ns1:SourceOrderNumber>
     <ns1:OrchestrationOrderNumber>50001</ns1:OrchestrationOrderNumber>
     <ns1:OrchestrationOrderId>300100543210987654</ns1:OrchestrationOrderId>
     <ns1:CustomerId>300000012345678</ns1:CustomerId>
     <ns1:HoldComments>Größe geklärt – 確認済み</ns1:HoldComments>
     <ns1:StatusCodeOldValue>OPEN</ns1:StatusCodeOldValue>
     <ns1:StatusCodeNewValue>CLOSED</ns1:StatusCodeNewValue>
    </ns1:OrderHeader>
   </ns1:results>
  `,
      ),
      expect: {
        kind: "order",
        key: "300100543210987654",
        type: "HEADER_STATUS_UPDATE",
        data: {
          number: "50001",
          customerId: "300000012345678",
          status: "closed",
          statusRaw: "CLOSED",
          extra: {
            EventCode: "HEADER_STATUS_UPDATE",
            SourceOrderSystem: "GPR",
            SourceOrderId: "SO-2026-0001",
            SourceTransactionNumber: "SO-2026-0001",
            HoldComments: "Größe geklärt – 確認済み",
            StatusCodeOldValue: "OPEN",
          },
        },
      },
    },
    {
      ...sampled,
      name: "line-split-as-text",
      body: envelope(
        "",
        `<client:payload><![CDATA[<ns1:results xmlns:ns1="${NAMESPACE}/decomposition/DooDecompositionOrderStatusUpdateComposite"><ns1:OrderHeader><ns1:EventCode>SPLIT</ns1:EventCode><ns1:OrchestrationOrderNumber>50002</ns1:OrchestrationOrderNumber><ns1:OrchestrationOrderId>300100543210987999</ns1:OrchestrationOrderId><ns1:OrderLine><ns1:OrchestrationOrderLineId>300100543210987001</ns1:OrchestrationOrderLineId><ns1:PreSplitOrderedQuantity>10</ns1:PreSplitOrderedQuantity></ns1:OrderLine></ns1:OrderHeader></ns1:results>]]></client:payload>`,
      ),
      expect: {
        kind: "order",
        key: "300100543210987999",
        type: "SPLIT",
        data: {
          number: "50002",
          extra: {
            EventCode: "SPLIT",
            OrderLine: { OrchestrationOrderLineId: "300100543210987001", PreSplitOrderedQuantity: "10" },
          },
        },
      },
    },
  ],
});
