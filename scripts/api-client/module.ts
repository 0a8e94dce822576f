import { callsOf, type Call, type Description, type Schema } from "./description.ts";
import { isPage, nameShapes, namedShapes } from "./names.ts";
import { bodyOf, fieldsOf, shapeOf, typeOf, type Names } from "./types.ts";

/** Names of the module that no shape may take. */
const OWN = ["Bytes", "Page", "Operations", "Problem"];

interface Declared {
  readonly name: string;
  readonly schema: Schema;
}

/** The client's types as a module, not yet formatted. */
export function clientTypes(description: Description): string {
  const calls = callsOf(description);
  const shapes = namedShapes(calls);
  const names = nameShapes(shapes, OWN);
  const declared = shapes.map(({ text, schema }): Declared => ({ name: names.get(text) ?? "", schema }));
  const problem = description.components.schemas["Problem"] ?? {};
  return `/** Made from the OpenAPI description by \`npm run docs\`; \`npm run check\` says when it is stale. */

/** A body that is not JSON. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** What a list answers; \`nextCursor\` is null on its last page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** What every refusal says (RFC 9457). */
${declaration({ name: "Problem", schema: problem }, declared, names)}

${declared.map((each) => declaration(each, declared, names)).join("\n\n")}

/** What each call takes and answers. */
export interface Operations {
${calls.map((call) => operationType(call, names)).join("\n")}
}

/** Where each call goes. */
export const ROUTES = {
${calls.map(({ id, method, path }) => `${id}: { method: ${JSON.stringify(method)}, path: ${JSON.stringify(path)} },`).join("\n")}
} as const satisfies Readonly<Record<keyof Operations, { readonly method: "get" | "post"; readonly path: string }>>;
`;
}

/** A named shape; an object that has all of another's fields and more extends it. */
function declaration({ name, schema }: Declared, declared: readonly Declared[], names: Names): string {
  if (schema.properties === undefined) return `export type ${name} = ${bodyOf(schema, names)};`;
  const base = declared.filter((other) => extend(schema, other.schema)).toSorted((a, b) => sizeOf(b.schema) - sizeOf(a.schema))[0];
  const inherited = new Set(Object.keys(base?.schema.properties ?? {}));
  const own = Object.fromEntries(Object.entries(schema.properties).filter(([field]) => !inherited.has(field)));
  return `export interface ${name} ${base === undefined ? "" : `extends ${base.name} `}{
${fieldsOf({ ...schema, properties: own }, names).join("\n")}
}`;
}

const sizeOf = ({ properties = {} }: Schema): number => Object.keys(properties).length;

/** Fewer fields in common are a coincidence. */
const FEWEST_INHERITED = 3;

function extend(schema: Schema, base: Schema): boolean {
  const fields = Object.entries(base.properties ?? {});
  return (
    fields.length >= FEWEST_INHERITED &&
    fields.length < sizeOf(schema) &&
    fields.every(([field, type]) => {
      const own = schema.properties?.[field];
      const optional = [schema, base].map(({ required = [] }) => required.includes(field));
      return own !== undefined && optional[0] === optional[1] && own.description === type.description && shapeOf(own) === shapeOf(type);
    })
  );
}

function operationType({ id, words, params, query, body, answer }: Call, names: Names): string {
  return `/** ${words} */
${id}: {
  readonly params: ${typeOf(params, names)};
  readonly query: ${bodyOf(query, names)};
  readonly body: ${body === undefined ? "undefined" : typeOf(body, names)};
  readonly answer: ${answerType(answer, names)};
};`;
}

function answerType(answer: Schema | undefined, names: Names): string {
  if (answer === undefined) return "Bytes";
  const items = isPage(answer) ? answer.properties?.["items"]?.items : undefined;
  return items === undefined ? typeOf(answer, names) : `Page<${typeOf(items, names)}>`;
}
