import { describe, expect, it } from "vitest";
import {
  attributeOf,
  childrenNamed,
  childrenOf,
  isNamed,
  isNil,
  only,
  parseXmlDocument,
  readXml,
  resolveName,
  textOf,
  type XmlNode,
} from "../../src/decoding/xml.ts";
import { bytes } from "./support.ts";

function rootOf(text: string): XmlNode {
  const parsed = parseXmlDocument(text);
  if (!parsed.ok) throw new Error(parsed.failure);
  return parsed.value;
}

describe("an XML element", () => {
  it("is named by its namespace, whatever its prefix, and by none where a default one is taken back", () => {
    const root = rootOf('<a:r xmlns:a="urn:one" xmlns="urn:two"><x/><a:x/><x xmlns=""/><b:x/></a:r>');
    expect(isNamed(root, "urn:one", "r")).toBe(true);
    expect(childrenOf(root).map(({ namespace, local }) => [namespace, local])).toEqual([
      ["urn:two", "x"],
      ["urn:one", "x"],
      ["", "x"],
      [undefined, "x"],
    ]);
    expect(childrenNamed(root, "urn:one", "x")).toHaveLength(1);
  });

  it("is the only one of its name, or none is", () => {
    const root = rootOf("<r><one>1</one><two/><two/><more><one/></more></r>");
    expect(textOf(only(root, "", "one") ?? root)).toBe("1");
    expect(only(root, "", "two")).toBeNull();
    expect(only(only(root, "", "none"), "", "one")).toBeNull();
    expect(only(only(root, "", "more"), "", "one")).not.toBeNull();
  });

  it("has attributes by namespace, which the default one does not reach", () => {
    const root = rootOf('<r xmlns="urn:d" xmlns:p="urn:p" id="plain" p:id="named" q:id="undeclared"/>');
    expect(attributeOf(root, "", "id")).toBe("plain");
    expect(attributeOf(root, "urn:p", "id")).toBe("named");
    expect(attributeOf(root, "urn:d", "id")).toBeUndefined();
    expect(attributeOf(root, "", "toString")).toBeUndefined();
  });

  it("stands for nothing only where xsi:nil says so, and names of values resolve where they stand", () => {
    const root = rootOf(
      '<r xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><a i:nil="true"/><a i:nil="false"/><a nil="1"/><a i:nil="1"/></r>',
    );
    expect(childrenOf(root).map(isNil)).toEqual([true, false, false, true]);
    expect(resolveName("i:x", root.scope).namespace).toContain("XMLSchema-instance");
    expect(resolveName("constructor:x", root.scope).namespace).toBeUndefined();
  });

  it("keeps its text as it was sent", () => {
    expect(textOf(rootOf("<r> 007 <![CDATA[<b>]]>&amp;<!-- no --><i>ü</i>\n</r>"))).toBe(" 007 <b>&ü\n");
  });
});

describe("a body that must be XML", () => {
  it("is UTF-8, and its byte order mark is no part of it", () => {
    expect(readXml(new Uint8Array([0xef, 0xbb, 0xbf, ...bytes("<r>ü</r>")]))).toMatchObject({ ok: true, value: { local: "r" } });
    expect(readXml(new Uint8Array([0x3c, 0x72, 0x3e, 0xfc]))).toMatchObject({ failure: { kind: "unintelligible" } });
    expect(readXml(bytes('<?xml version="1.0" encoding="utf-16"?><r/>'))).toMatchObject({ failure: { kind: "unintelligible" } });
  });

  it("is refused with a declaration of types or entities, wherever that stands", () => {
    for (const text of ["<!DOCTYPE r><r/>", "<r><!entity e></r>", '<!-- --><!DocType r [<!ENTITY e "x">]><r>&e;</r>'])
      expect(readXml(bytes(text))).toEqual({ ok: false, failure: { kind: "rejected", reason: "doctype_forbidden" } });
  });

  it.each([
    ["too deep", `${"<a>".repeat(33)}${"</a>".repeat(33)}`, "deeper than 32"],
    ["too large", `<a>${"<b/>".repeat(100_000)}</a>`, "more than 100000"],
    ["not well-formed", "<a><b></a>", "not well-formed"],
    ["empty", "", "not well-formed"],
  ])("is not read when it is %s, and nothing of it is quoted", (_what, text, words) => {
    const secret = text.replace("<a>", "<a>geheim");
    const read = readXml(bytes(secret));
    expect(read).toMatchObject({ failure: { kind: "unintelligible", detail: expect.stringContaining(words) } });
    expect(JSON.stringify(read)).not.toContain("geheim");
  });
});
