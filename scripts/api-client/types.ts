import type { Schema } from "./description.ts";

/** Names of shapes by their text in full, as `typeOf` writes it without names. */
export type Names = ReadonlyMap<string, string>;

const NO_NAMES: Names = new Map();

const SIMPLE: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

/** A schema as a TypeScript type, in full. Two shapes with the same text are one type. */
export const shapeOf = (schema: Schema): string => typeOf(schema, NO_NAMES);

/** A schema as a TypeScript type, by its name where it has one. */
export function typeOf(schema: Schema, names: Names): string {
  const name = names.size === 0 ? undefined : names.get(shapeOf(schema));
  return name ?? bodyOf(schema, names);
}

/** A schema as a TypeScript type, itself in full and what it holds by name. */
export function bodyOf(schema: Schema, names: Names): string {
  if (schema.$ref !== undefined) return "unknown";
  if (schema.anyOf !== undefined) return schema.anyOf.map((each) => typeOf(each, names)).join(" | ");
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type }, names)).join(" | ");
  if (schema.type === "array") return `readonly (${schema.items === undefined ? "unknown" : typeOf(schema.items, names)})[]`;
  if (schema.type === "object") return objectType(schema, names);
  return typeof schema.type === "string" ? (SIMPLE[schema.type] ?? "unknown") : "unknown";
}

function objectType(schema: Schema, names: Names): string {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined) return `{ ${fieldsOf(schema, names).join("\n")} }`;
  return `Readonly<Record<string, ${typeof additionalProperties === "object" ? typeOf(additionalProperties, names) : "unknown"}>>`;
}

/** An object's fields, one declaration each. */
export const fieldsOf = ({ properties = {}, required = [] }: Schema, names: Names): readonly string[] =>
  Object.entries(properties).map(([name, field]) => {
    const type = typeOf(field, names);
    const optional = !required.includes(name);
    const said = field.description === undefined ? "" : `/** ${field.description} */\n`;
    // `unknown` holds undefined already.
    return `${said}readonly ${JSON.stringify(name)}${optional ? "?" : ""}: ${type}${optional && type !== "unknown" ? " | undefined" : ""};`;
  });
