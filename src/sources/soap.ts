import { XmlElement, XmlError, parseXml } from "@rgrove/parse-xml";
import type { JsonObject, JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** One change in an outbound message. Field values are text, null where `xsi:nil` says so, or an object of a related record. */
export interface Notification {
  readonly id: string;
  /** The record's type: the local name of its `xsi:type`. */
  readonly object: string;
  readonly fields: JsonObject;
}

export interface OutboundMessage {
  readonly organizationId: string | null;
  readonly notifications: readonly Notification[];
}

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const OUTBOUND = "http://soap.sforce.com/2005/09/outbound";
const XSI = "http://www.w3.org/2001/XMLSchema-instance";
const XML = "http://www.w3.org/XML/1998/namespace";

/** A record of a related record is the deepest that is sent: envelope, body, notifications, notification, record, field, field. */
const DEEPEST = 16;
const MOST_ELEMENTS = 100_000;
/** https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm (read 2026-11-24) */
const MOST_NOTIFICATIONS = 100;

/**
 * Reads the SOAP body of a Salesforce outbound message. Strict: malformed XML, an undeclared prefix, a field given twice
 * or too deep a nest is a failure, in words that quote nothing of the content. `SessionId` is never looked at.
 */
export function readOutboundMessage(text: string): Result<OutboundMessage, string> {
  const excess = excessOf(text);
  if (excess !== null) return fail(excess);
  const root = parse(text);
  if (!root.ok) return root;
  const envelope = named(root.value, { "": "", xml: XML });
  if (!is(envelope, SOAP, "Envelope")) return fail("the document is no SOAP 1.1 envelope");
  const notifications = only(only(envelope, SOAP, "Body"), OUTBOUND, "notifications");
  if (notifications === null) return fail("the envelope holds no outbound message (one Body with one notifications element)");
  const found = childrenOf(notifications).filter((child) => is(child, OUTBOUND, "Notification"));
  if (found.length === 0 || found.length > MOST_NOTIFICATIONS)
    return fail(`${found.length} notifications; an outbound message has 1 to ${MOST_NOTIFICATIONS}`);
  const read: Notification[] = [];
  for (const [index, element] of found.entries()) {
    const notification = readNotification(element);
    if (!notification.ok) return fail(`notification ${index + 1} of ${found.length}: ${notification.failure}`);
    read.push(notification.value);
  }
  return ok({ organizationId: only(notifications, OUTBOUND, "OrganizationId")?.element.text ?? null, notifications: read });
}

function parse(text: string): Result<XmlElement, string> {
  try {
    const { root } = parseXml(text);
    return root === null ? fail("the XML has no root element") : ok(root);
  } catch (error) {
    // The first line says what is wrong; the next ones quote the content, which may hold a credential.
    return fail(
      `the body is not well-formed XML: ${error instanceof XmlError ? (error.message.split("\n")[0] ?? "") : "the parser gave up"}`,
    );
  }
}

/** Counts tags without parsing, so that the parser, which recurses, is never given a nest it could run out of stack on. */
function excessOf(text: string): string | null {
  let depth = 0;
  let elements = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at)) {
    const end = endOfMarkup(text, at);
    if (end < 0) return null;
    const next = text[at + 1];
    if (next === "/") depth--;
    else if (next !== "!" && next !== "?") {
      elements++;
      if (text[end - 1] !== "/") depth++;
    }
    if (depth > DEEPEST) return `the XML nests deeper than ${DEEPEST} levels`;
    if (elements > MOST_ELEMENTS) return `the XML has more than ${MOST_ELEMENTS} elements`;
    at = end;
  }
  return null;
}

/** Markup that may hold anything up to its own end. */
const BRACKETS = [
  ["<!--", "-->"],
  ["<![CDATA[", "]]>"],
  ["<?", "?>"],
] as const;

/** Where the markup that begins at `at` ends; -1 if it does not, which the parser refuses. */
function endOfMarkup(text: string, at: number): number {
  const next = text[at + 1];
  const bracket = next === "!" || next === "?" ? BRACKETS.find(([open]) => text.startsWith(open, at)) : undefined;
  if (bracket !== undefined) {
    const [open, close] = bracket;
    const end = text.indexOf(close, at + open.length);
    return end < 0 ? -1 : end + close.length - 1;
  }
  let quote = 0;
  for (let here = at + 1; here < text.length; here++) {
    const code = text.charCodeAt(here);
    if (quote !== 0) quote = code === quote ? 0 : quote;
    else if (code === 0x22 || code === 0x27) quote = code;
    else if (code === 0x3e) return here;
  }
  return -1;
}

type Scope = Readonly<Record<string, string>>;

/** An element with its name resolved; `namespace` is undefined where its prefix is not declared. */
interface Named {
  readonly element: XmlElement;
  readonly scope: Scope;
  readonly namespace: string | undefined;
  readonly local: string;
}

function named(element: XmlElement, outer: Scope): Named {
  let scope = outer;
  for (const name in element.attributes) {
    if (name !== "xmlns" && !name.startsWith("xmlns:")) continue;
    scope = { ...scope, [name.slice("xmlns:".length)]: element.attributes[name] ?? "" };
  }
  return { element, scope, ...resolved(element.name, scope) };
}

function resolved(name: string, scope: Scope): { readonly namespace: string | undefined; readonly local: string } {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  return { namespace: Object.hasOwn(scope, prefix) ? scope[prefix] : undefined, local: name.slice(colon + 1) };
}

const is = (node: Named, namespace: string, local: string): boolean => node.local === local && node.namespace === namespace;

function childrenOf({ element, scope }: Named): readonly Named[] {
  const children: Named[] = [];
  for (const child of element.children) if (child instanceof XmlElement) children.push(named(child, scope));
  return children;
}

/** The child of this name, if there is exactly one. */
function only(parent: Named | null, namespace: string, local: string): Named | null {
  const found = parent === null ? [] : childrenOf(parent).filter((child) => is(child, namespace, local));
  return found.length === 1 ? (found[0] ?? null) : null;
}

function attribute({ element, scope }: Named, local: string): string | undefined {
  for (const name in element.attributes) {
    if (!name.includes(":")) continue;
    const attributeName = resolved(name, scope);
    if (attributeName.namespace === XSI && attributeName.local === local) return element.attributes[name];
  }
  return undefined;
}

function readNotification(notification: Named): Result<Notification, string> {
  const id = only(notification, OUTBOUND, "Id")?.element.text ?? "";
  const record = only(notification, OUTBOUND, "sObject");
  if (id === "" || record === null) return fail("it must have one Id and one sObject");
  const type = resolved(attribute(record, "type") ?? "", record.scope);
  if (type.local === "" || type.namespace === undefined) return fail("its sObject has no xsi:type with a declared prefix");
  const fields = readFields(childrenOf(record));
  return fields.ok ? ok({ id, object: type.local, fields: fields.value }) : fields;
}

function readFields(elements: readonly Named[]): Result<JsonObject, string> {
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

function readValue(field: Named): Result<JsonValue, string> {
  const nested = childrenOf(field);
  if (nested.length > 0) return readFields(nested);
  return ok(["true", "1"].includes(attribute(field, "nil") ?? "") ? null : field.element.text);
}
