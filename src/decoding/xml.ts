import { XmlElement, XmlError, parseXml } from "@rgrove/parse-xml";
import { fail, ok, type Result } from "../domain/result.ts";
import type { DecodeFailure } from "../sources/define.ts";
import { readText, unintelligible } from "./document.ts";

/** The namespaces in force at an element, by their prefix; the default one has the empty prefix. */
export type XmlScope = Readonly<Record<string, string>>;

/** An element with its name resolved. `namespace` is empty where it has none, undefined where its prefix is not declared. */
export interface XmlNode {
  readonly namespace: string | undefined;
  readonly local: string;
  readonly element: XmlElement;
  readonly scope: XmlScope;
}

/** A name such as `sf:Opportunity`, in an element, an attribute or a value, resolved where it stands. */
export interface XmlName {
  readonly namespace: string | undefined;
  readonly local: string;
}

export const XML_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance";
const XML = "http://www.w3.org/XML/1998/namespace";

/** Deeper than any sender's document, and far from what the parser, which recurses, could run out of stack on. */
const DEEPEST = 32;
const MOST_ELEMENTS = 100_000;

/** A declaration of types or entities has no business in a message between systems and serves only attacks. */
const DECLARATION = /<!(?:doctype|entity)/i;
const FOREIGN_ENCODING = /^<\?xml[^>]*\sencoding\s*=\s*["'](?!utf-8["'])/i;

/** Whether a text declares types or entities. To be asked before any parsing; a body that does is refused. */
export const refusedDeclaration = (text: string): boolean => DECLARATION.test(text);

/** The text of a body that must be XML in UTF-8, without its byte order mark. */
export function readXmlText(body: Uint8Array): Result<string, DecodeFailure> {
  const text = readText(body);
  return text === null || FOREIGN_ENCODING.test(text) ? unintelligible("the body is not XML in UTF-8") : ok(text);
}

/** Reads a body that must be one XML document: its root. A declaration of types or entities rejects the request. */
export function readXml(body: Uint8Array): Result<XmlNode, DecodeFailure> {
  const text = readXmlText(body);
  if (!text.ok) return text;
  if (refusedDeclaration(text.value)) return fail({ kind: "rejected", reason: "doctype_forbidden" });
  const root = parseXmlDocument(text.value);
  return root.ok ? root : unintelligible(root.failure);
}

/**
 * Parses a document strictly, within limits of depth and size. Never throws; a failure says what is wrong in words that
 * quote nothing of the content. Declarations of types and entities must have been refused before.
 */
export function parseXmlDocument(text: string): Result<XmlNode, string> {
  const excess = excessOf(text);
  if (excess !== null) return fail(excess);
  try {
    const { root } = parseXml(text);
    return root === null ? fail("the XML has no root element") : ok(nodeOf(root, { "": "", xml: XML }));
  } catch (error) {
    // The first line says what is wrong; the next ones quote the content, which may hold a credential.
    return fail(
      `the body is not well-formed XML: ${error instanceof XmlError ? (error.message.split("\n")[0] ?? "") : "the parser gave up"}`,
    );
  }
}

function nodeOf(element: XmlElement, outer: XmlScope): XmlNode {
  let scope = outer;
  for (const name in element.attributes) {
    if (name !== "xmlns" && !name.startsWith("xmlns:")) continue;
    scope = { ...scope, [name.slice("xmlns:".length)]: element.attributes[name] ?? "" };
  }
  const { namespace, local } = resolveName(element.name, scope);
  return { namespace, local, element, scope };
}

/** What a name means where these namespaces are in force. One without a prefix is in the default namespace. */
export function resolveName(name: string, scope: XmlScope): XmlName {
  const colon = name.indexOf(":");
  const prefix = colon < 0 ? "" : name.slice(0, colon);
  return { namespace: Object.hasOwn(scope, prefix) ? scope[prefix] : undefined, local: name.slice(colon + 1) };
}

export const isNamed = (node: XmlNode, namespace: string, local: string): boolean => node.local === local && node.namespace === namespace;

/** The elements in an element, in the order of the document. */
export function childrenOf({ element, scope }: XmlNode): readonly XmlNode[] {
  const children: XmlNode[] = [];
  for (const child of element.children) if (child instanceof XmlElement) children.push(nodeOf(child, scope));
  return children;
}

/** The children of this name, in the order of the document. */
export function childrenNamed(parent: XmlNode, namespace: string, local: string): readonly XmlNode[] {
  const children: XmlNode[] = [];
  for (const child of parent.element.children) {
    if (!(child instanceof XmlElement) || !child.name.endsWith(local)) continue;
    const node = nodeOf(child, parent.scope);
    if (isNamed(node, namespace, local)) children.push(node);
  }
  return children;
}

/** The child of this name, if there is exactly one. Of no parent, none: so calls can be nested. */
export function only(parent: XmlNode | null, namespace: string, local: string): XmlNode | null {
  const found = parent === null ? [] : childrenNamed(parent, namespace, local);
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** All text in an element, as it was sent: nothing trimmed, nothing made a number. */
export const textOf = ({ element }: XmlNode): string => element.text;

/** The value of an attribute; its namespace is empty for one without a prefix, which no default namespace reaches. */
export function attributeOf({ element, scope }: XmlNode, namespace: string, local: string): string | undefined {
  if (namespace === "") return Object.hasOwn(element.attributes, local) ? element.attributes[local] : undefined;
  for (const name in element.attributes) {
    if (!name.includes(":")) continue;
    const resolved = resolveName(name, scope);
    if (resolved.namespace === namespace && resolved.local === local) return element.attributes[name];
  }
  return undefined;
}

/** Whether `xsi:nil` says that an element stands for nothing. */
export const isNil = (node: XmlNode): boolean => ["true", "1"].includes(attributeOf(node, XML_SCHEMA_INSTANCE, "nil") ?? "");

/** Counts tags without parsing, so that the parser is never given a nest it could run out of stack on. */
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
