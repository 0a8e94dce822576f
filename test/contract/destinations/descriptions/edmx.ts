import { readFileSync } from "node:fs";
import path from "node:path";
import { XmlElement, parseXml } from "@rgrove/parse-xml";

export interface Property {
  readonly name: string;
  /** Without `Edm.`. */
  readonly type: string;
  readonly maxLength: number;
  readonly creatable: boolean;
  readonly updatable: boolean;
  readonly upperCase: boolean;
}

export interface EntitySet {
  readonly name: string;
  readonly keys: readonly string[];
  readonly properties: ReadonlyMap<string, Property>;
  readonly creatable: boolean;
  readonly deletable: boolean;
}

/** The entity sets of a published OData description (EDMX) in this folder, with SAP's own annotations. */
export function readEdmx(file: string): ReadonlyMap<string, EntitySet> {
  const document = parseXml(readFileSync(path.join(import.meta.dirname, `${file}.edmx`), "utf8"));
  const types = new Map(elements(document, "EntityType").map((type) => [type.attributes["Name"] ?? "", type]));
  const sets = elements(document, "EntitySet").map((set): EntitySet => {
    const type = types.get(set.attributes["EntityType"]?.split(".").at(-1) ?? "");
    if (type === undefined) throw new Error(`${file}: the set ${set.attributes["Name"]} has no type`);
    return {
      name: set.attributes["Name"] ?? "",
      keys: elements(type, "PropertyRef").map(({ attributes }) => attributes["Name"] ?? ""),
      properties: new Map(elements(type, "Property").map((each) => [each.attributes["Name"] ?? "", propertyOf(each)])),
      creatable: allows(set, "creatable"),
      deletable: allows(set, "deletable"),
    };
  });
  return new Map(sets.map((set) => [set.name, set]));
}

const propertyOf = (element: XmlElement): Property => ({
  name: element.attributes["Name"] ?? "",
  type: (element.attributes["Type"] ?? "").replace("Edm.", ""),
  maxLength: Number(element.attributes["MaxLength"] ?? Number.POSITIVE_INFINITY),
  creatable: allows(element, "creatable"),
  updatable: allows(element, "updatable"),
  upperCase: element.attributes["sap:display-format"] === "UpperCase",
});

const allows = ({ attributes }: XmlElement, what: string): boolean => attributes[`sap:${what}`] !== "false";

const elements = (parent: { readonly children: readonly unknown[] }, name: string): readonly XmlElement[] =>
  parent.children.flatMap((child) =>
    child instanceof XmlElement ? [...(child.name === name ? [child] : []), ...elements(child, name)] : [],
  );
