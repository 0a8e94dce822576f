/** The part of JSON Schema that the description uses. */
export interface Schema {
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

export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** One call of the ops API: where it goes, what it takes and what it answers. */
export interface Call {
  readonly id: string;
  readonly words: string;
  readonly method: string;
  readonly path: string;
  readonly params: Schema;
  readonly query: Schema;
  /** Undefined where it takes none. */
  readonly body: Schema | undefined;
  /** Undefined where it is not JSON. */
  readonly answer: Schema | undefined;
}

export const callsOf = ({ paths }: Description): readonly Call[] =>
  Object.entries(paths)
    .filter(([path]) => path.startsWith("/ops/v1/"))
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => callOf(path, method, operation)));

function callOf(path: string, method: string, operation: Described): Call {
  const params = fieldsOf(operation, "path");
  return {
    id: operation.operationId,
    words: `${operation.summary}. ${operation.description ?? ""}`,
    method,
    path,
    params: { type: "object", properties: params, required: Object.keys(params) },
    query: { type: "object", properties: fieldsOf(operation, "query") },
    body: operation.requestBody?.content["application/json"]?.schema,
    answer: operation.responses["200"]?.content["application/json"]?.schema,
  };
}

const fieldsOf = ({ parameters }: Described, place: "path" | "query"): Readonly<Record<string, Schema>> =>
  Object.fromEntries(parameters.filter((parameter) => parameter.in === place).map(({ name, schema }) => [name, schema]));
