import { actorOfKey } from "../domain/api-key.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { mayActAs, type Role } from "../domain/roles.ts";
import { OPERATIONS, OPERATION_NAMES, type AnswerOf, type Operation } from "./operations.ts";
import type { Call, Handlers, OpsPorts, Refused } from "./ops-ports.ts";
import type { KeyRecord } from "./ports-audit.ts";
import { iso } from "./views.ts";

const DAY_MS = 86_400_000;

type KeyView = AnswerOf<"revokeKey">;

/** The ops API's calls about who may call. */
export const accessHandlers = (ports: OpsPorts): Pick<Handlers, "listKeys" | "createKey" | "revokeKey"> => ({
  listKeys: async ({ query }) => {
    const found = await ports.keys.list({ afterName: query.cursor, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    return ok({
      items: items.map((key) => keyView(key, ports.clock())),
      nextCursor: found.length > query.limit ? (items.at(-1)?.name ?? null) : null,
    });
  },
  createKey: (call) => createKey(ports, call),
  revokeKey: async ({ params, body, actor }) => {
    const id = params["id"] ?? "";
    const revoked = await ports.keys.revoke(id, { actor: actor.name, reason: body.reason });
    return revoked === null ? fail({ code: "not_found", detail: `no key has the id ${id}` }) : ok(keyView(revoked, ports.clock()));
  },
});

async function createKey(ports: OpsPorts, { body, actor }: Call<"createKey">): Promise<Result<AnswerOf<"createKey">, Refused>> {
  const { name, owner, role, operations = null, expiresInDays, reason } = body;
  if (ports.config.owners[owner] === undefined)
    return refuse("invalid_request", `owner: there is no "${owner}"; there are ${Object.keys(ports.config.owners).join(", ")}`);
  const beyond = operations?.map((operation) => whyNoUse(operation, role)).find((words) => words !== null);
  if (beyond !== undefined && beyond !== null) return refuse("invalid_request", `operations: ${beyond}`);
  const createdAtMs = ports.clock();
  const made = await ports.keys.create(
    { name, owner, role, operations, createdBy: actor.name, createdAtMs, expiresAtMs: createdAtMs + expiresInDays * DAY_MS },
    { actor: actor.name, reason },
  );
  if (made.ok) return ok({ ...keyView(made.value, createdAtMs), key: made.value.text });
  return made.failure === "exists"
    ? refuse("conflict", `there is or was a key named "${name}"; the audit trail knows it by that name, so choose another`)
    : refuse("unavailable", "this deployment cannot prove keys: set the secret ACCOUNT_KEY, made with: openssl rand -base64 32");
}

const refuse = (code: Refused["code"], detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

/** Why a key of this role could never make a call; null if it could. */
function whyNoUse(name: string, role: Role): string | null {
  const known = OPERATION_NAMES.find((each) => each === name);
  if (known === undefined) return `there is no call "${name}"; GET /openapi.json has them all`;
  const operation: Operation = OPERATIONS[known];
  if (operation.peopleOnly === true) return `"${name}" is for people only`;
  return mayActAs(role, operation.role) ? null : `"${name}" needs the role ${operation.role}`;
}

const keyView = (key: KeyRecord, nowMs: number): KeyView => ({
  id: key.id,
  name: key.name,
  actor: actorOfKey(key.name),
  owner: key.owner,
  role: key.role as Role,
  operations: key.operations === null ? null : [...key.operations],
  state: key.revokedAtMs !== null ? "revoked" : key.expiresAtMs <= nowMs ? "expired" : "active",
  createdBy: key.createdBy,
  createdAt: iso(key.createdAtMs),
  expiresAt: iso(key.expiresAtMs),
  lastUsedAt: key.lastUsedAtMs === null ? null : iso(key.lastUsedAtMs),
  revokedBy: key.revokedBy,
  revokedAt: key.revokedAtMs === null ? null : iso(key.revokedAtMs),
});
