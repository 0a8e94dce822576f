import type { JsonObject, JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import {
  XML_SCHEMA_INSTANCE,
  attributeOf,
  childrenNamed,
  childrenOf,
  isNamed,
  isNil,
  only,
  resolveName,
  textOf,
  type XmlNode,
} from "./xml.ts";

/** One change in an outbound message. Field values are text, null where `xsi:nil` says so, or an object of a related record. */
export interface Notification {
  readonly id: string;
  /** The record's type: the local name of its `xsi:type`. */
  readonly object: string;
  readonly fields: JsonObject;
}

/** A notification that cannot be read: why, in words that quote nothing of it, and what it holds, to tell copies by. */
export interface UnreadableNotification {
  readonly why: string;
  readonly content: string;
}

export interface OutboundMessage {
  readonly organizationId: string | null;
  /** In the order sent. One that cannot be read stands alone: the others are good without it. */
  readonly notifications: readonly Result<Notification, UnreadableNotification>[];
}

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const OUTBOUND = "http://soap.sforce.com/2005/09/outbound";

/** https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm (read 2026-11-24) */
const MOST_NOTIFICATIONS = 100;

/**
 * Reads the SOAP document of a Salesforce outbound message. Strict within a notification: an undeclared prefix or a field
 * given twice makes it unreadable. `SessionId` is never looked at.
 */
export function readOutboundMessage(envelope: XmlNode): Result<OutboundMessage, string> {
  if (!isNamed(envelope, SOAP, "Envelope")) return fail("the document is no SOAP 1.1 envelope");
  const notifications = only(only(envelope, SOAP, "Body"), OUTBOUND, "notifications");
  if (notifications === null) return fail("the envelope holds no outbound message (one Body with one notifications element)");
  const found = childrenNamed(notifications, OUTBOUND, "Notification");
  if (found.length === 0 || found.length > MOST_NOTIFICATIONS)
    return fail(`${found.length} notifications; an outbound message has 1 to ${MOST_NOTIFICATIONS}`);
  const organization = only(notifications, OUTBOUND, "OrganizationId");
  return ok({ organizationId: organization === null ? null : textOf(organization), notifications: found.map(readOne) });
}

function readOne(node: XmlNode, index: number, all: readonly XmlNode[]): Result<Notification, UnreadableNotification> {
  const read = readNotification(node);
  if (read.ok) return read;
  return fail({ why: `notification ${index + 1} of ${all.length}: ${read.failure}`, content: JSON.stringify(node.element) });
}

function readNotification(notification: XmlNode): Result<Notification, string> {
  const idNode = only(notification, OUTBOUND, "Id");
  const id = idNode === null ? "" : textOf(idNode);
  const record = only(notification, OUTBOUND, "sObject");
  if (id === "" || record === null) return fail("it must have one Id and one sObject");
  const type = resolveName(attributeOf(record, XML_SCHEMA_INSTANCE, "type") ?? "", record.scope);
  if (type.local === "" || type.namespace === undefined) return fail("its sObject has no xsi:type with a declared prefix");
  const fields = readFields(childrenOf(record));
  return fields.ok ? ok({ id, object: type.local, fields: fields.value }) : fields;
}

function readFields(elements: readonly XmlNode[]): Result<JsonObject, string> {
  const fields = new Map<string, JsonValue>();
  for (const field of elements) {
    if (field.namespace === undefined) return fail(`the prefix of ${field.element.name} is not declared`);
    if (fields.has(field.local)) return fail(`field ${field.local} is there twice`);
    const value = readValue(field);
    if (!value.ok) return value;
    fields.set(field.local, value.value);
  }
  return ok(Object.fromEntries(fields));
}

function readValue(field: XmlNode): Result<JsonValue, string> {
  const nested = childrenOf(field);
  if (nested.length > 0) return readFields(nested);
  return ok(isNil(field) ? null : textOf(field));
}
