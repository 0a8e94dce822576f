import * as z from "zod";
import { addressOf } from "./operation.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation } from "./operations.ts";
import { PROBLEM_CODES } from "./problem.ts";

const PROBLEM = {
  type: "object",
  required: ["type", "title", "status", "code"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", enum: PROBLEM_CODES },
    detail: { type: "string" },
  },
};

/** Any JSON value: what zod describes beside each schema that holds one, and OpenAPI can only refer to from one place. */
const JSON_VALUE = { description: "Any JSON value" };

/** Of an answer what comes; of a body what may be sent, where a field with a default may be left out. */
function schemaOf(schema: z.ZodType, io: "input" | "output" = "output"): object {
  const { $schema: _dialect, $defs: _recursive, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  const text = JSON.stringify(rest);
  return JSON.parse(text.replaceAll(/"#\/\$defs\/\w+"/g, '"#/components/schemas/Json"')) as object;
}

/** The OpenAPI 3.1 description of the ops API and of ingest, made from the same table as the routes. */
export function openapi(origin: string): object {
  const paths: Record<string, Record<string, object>> = { "/in/{source}": { post: INGEST } };
  for (const name of OPERATION_NAMES) {
    const operation: Operation = OPERATIONS[name];
    const path = addressOf(operation).replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [operation.method]: describe(name, operation) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Signalbox", version: "1", description: "Edge webhook router: ingest and operations." },
    servers: [{ url: origin }],
    paths,
    components: {
      schemas: { Problem: PROBLEM, Json: JSON_VALUE },
      securitySchemes: { bearer: { type: "http", scheme: "bearer", description: "A token of the issuer (JWT), or an API key" } },
    },
  };
}

function describe(name: string, operation: Operation): object {
  const pathNames = [...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
  const query =
    operation.query === undefined ? {} : (schemaOf(operation.query) as { properties?: Record<string, object>; required?: string[] });
  return {
    operationId: name,
    summary: operation.summary,
    description: `Role: ${operation.role}.${operation.peopleOnly === true ? " Not for API keys." : ""}`,
    security: [{ bearer: [] }],
    parameters: [
      ...pathNames.map((path) => ({ name: path, in: "path", required: true, schema: { type: "string" } })),
      ...Object.entries(query.properties ?? {}).map(([key, schema]) => ({ name: key, in: "query", required: false, schema })),
    ],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(operation.body, "input") } } } }),
    responses: {
      200: {
        description: "Done",
        content:
          operation.answer === "bytes"
            ? { "application/octet-stream": {} }
            : { "application/json": { schema: schemaOf(operation.answer) } },
      },
      default: PROBLEM_RESPONSE,
    },
  };
}

const PROBLEM_RESPONSE = {
  description: "A problem",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

const INGEST = {
  operationId: "ingest",
  summary: "Takes a webhook of a configured source",
  parameters: [{ name: "source", in: "path", required: true, schema: { type: "string" } }],
  requestBody: { required: true, content: { "*/*": {} } },
  responses: {
    202: {
      description: "Durable. Some senders get their own form instead.",
      content: {
        "application/json": {
          schema: {
            type: "object",
            required: ["id", "correlationId", "status"],
            properties: {
              id: { type: "string" },
              ids: { type: "array", items: { type: "string" } },
              correlationId: { type: "string" },
              status: { enum: ["accepted", "quarantined"] },
            },
          },
        },
      },
    },
    default: PROBLEM_RESPONSE,
  },
};
