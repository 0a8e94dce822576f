import type * as z from "zod";
import { fail, type Result } from "../domain/result.ts";
import { mayActAs, type Actor } from "../domain/roles.ts";
import { OPERATIONS, type Operation, type OperationName } from "./operations.ts";
import type { Answer, Handlers, Refused } from "./ops-ports.ts";

/** A call as it came, of which nothing is checked yet. */
export interface RawCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly actor: Actor;
  readonly origin: string;
}

export function whyNotAllowed(name: OperationName, actor: Actor): Refused | null {
  const { role, peopleOnly }: Operation = OPERATIONS[name];
  const forbidden = (detail: string): Refused => ({ code: "forbidden", detail });
  if (!mayActAs(actor.role, role)) return forbidden(`this needs the role ${role}; yours is ${actor.role}`);
  if (actor.key === undefined) return null;
  if (peopleOnly === true) return forbidden("only a person may do this, not an API key");
  const { operations } = actor.key;
  return operations === null || operations.includes(name) ? null : forbidden(`this key may only call ${operations.join(", ")}`);
}

/** Does one call of the ops API: checks role, query and body by the table of operations, and hands it to its handler. */
export async function perform<N extends OperationName>(handlers: Handlers, name: N, call: RawCall): Promise<Result<Answer<N>, Refused>> {
  const operation: Operation = OPERATIONS[name];
  const refused = whyNotAllowed(name, call.actor);
  if (refused !== null) return fail(refused);
  const query = parsed(operation.query, call.query);
  if (!query.ok) return query;
  const body = parsed(operation.body, call.body);
  if (!body.ok) return body;
  // The table guarantees the input's shape for this name; TypeScript cannot follow a name it does not know.
  const handler = handlers[name] as unknown as (checked: object) => Promise<Result<Answer<N>, Refused>>;
  return handler({ params: call.params, query: query.value, body: body.value, actor: call.actor, origin: call.origin });
}

function parsed(schema: z.ZodObject | undefined, input: unknown): Result<unknown, Refused> {
  const read = schema?.strict().safeParse(input);
  if (read === undefined) return { ok: true, value: {} };
  return read.success ? { ok: true, value: read.data } : fail({ code: "invalid_request", detail: words(read.error.issues) });
}

const words = (issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string =>
  issues.map((issue) => `${issue.path.map(String).join(".") || "body"}: ${issue.message}`).join("; ");
