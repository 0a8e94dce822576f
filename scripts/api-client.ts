import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openapi } from "../src/http/openapi.ts";
import { ROOT } from "./local.ts";

/** Writes the client's types from the OpenAPI description; with --check only says whether they are as it would make them. */
const FILE = path.join(ROOT, "cli", "client", "operations.ts");

/** The part of JSON Schema that the description uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly { readonly name: string; readonly in: "path" | "query"; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content: Content }>>;
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: "string",
  number: "number",
  integer: "number",
  boolean: "boolean",
  null: "null",
};

/** A schema as a TypeScript type. */
function typeOf(schema: Schema | undefined): string {
  if (schema === undefined || schema.$ref !== undefined) return "unknown";
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type })).join(" | ");
  if (schema.type === "array") return `readonly (${typeOf(schema.items)})[]`;
  if (schema.type === "object") return objectType(schema);
  return typeof schema.type === "string" ? (SIMPLE[schema.type] ?? "unknown") : "unknown";
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  if (properties === undefined)
    return `Readonly<Record<string, ${typeof additionalProperties === "object" ? typeOf(additionalProperties) : "unknown"}>>`;
  const fields = Object.entries(properties).map(([name, field]) => {
    const type = typeOf(field);
    const optional = !required.includes(name);
    const said = field.description === undefined ? "" : `/** ${field.description} */\n`;
    // `unknown` holds undefined already.
    return `${said}readonly ${JSON.stringify(name)}${optional ? "?" : ""}: ${type}${optional && type !== "unknown" ? " | undefined" : ""};`;
  });
  return `{ ${fields.join("\n")} }`;
}

const fieldsOf = (operation: Described, place: "path" | "query"): readonly (readonly [string, Schema])[] =>
  operation.parameters.filter((parameter) => parameter.in === place).map(({ name, schema }) => [name, schema] as const);

function answerType({ responses }: Described): string {
  const content = responses["200"]?.content ?? {};
  return content["application/json"] === undefined ? "Bytes" : typeOf(content["application/json"].schema);
}

function operationType(operation: Described): string {
  const params = fieldsOf(operation, "path");
  const query = fieldsOf(operation, "query");
  const body = operation.requestBody?.content["application/json"]?.schema;
  return `/** ${operation.summary}. ${operation.description ?? ""} */
${operation.operationId}: {
  readonly params: ${objectType({ properties: Object.fromEntries(params), required: params.map(([name]) => name) })};
  readonly query: ${objectType({ properties: Object.fromEntries(query) })};
  readonly body: ${body === undefined ? "undefined" : typeOf(body)};
  readonly answer: ${answerType(operation)};
};`;
}

function clientTypes(description: Description): string {
  const calls = Object.entries(description.paths)
    .filter(([where]) => where.startsWith("/ops/v1/"))
    .flatMap(([where, methods]) => Object.entries(methods).map(([method, operation]) => ({ where, method, operation })));
  return `/** Made from the OpenAPI description by \`npm run docs\`; \`npm run check\` says when it is stale. */

/** A body that is not JSON. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** What each call takes and answers. */
export interface Operations {
${calls.map(({ operation }) => operationType(operation)).join("\n")}
}

/** Where each call goes. */
export const ROUTES = {
${calls.map(({ where, method, operation }) => `${operation.operationId}: { method: ${JSON.stringify(method)}, path: ${JSON.stringify(where)} },`).join("\n")}
} as const satisfies Readonly<Record<keyof Operations, { readonly method: "get" | "post"; readonly path: string }>>;
`;
}

/** As the formatter of this project writes it. */
async function formatted(text: string): Promise<string> {
  const { format } = await import("oxfmt");
  const settings = JSON.parse(readFileSync(path.join(ROOT, ".oxfmtrc.json"), "utf8")) as { readonly printWidth: number };
  const { code, errors } = await format(FILE, text, { printWidth: settings.printWidth });
  if (errors.length > 0) throw new Error(`the generated client is not TypeScript: ${JSON.stringify(errors)}`);
  return code;
}

const made = await formatted(clientTypes(openapi("https://router.example") as Description));
if (process.argv.includes("--check")) {
  const written = readFileSync(FILE, { encoding: "utf8", flag: "a+" });
  if (written !== made) console.error("cli/client/operations.ts is not what the description makes. Run: npm run docs");
  process.exit(written === made ? 0 : 1);
}
writeFileSync(FILE, made);
