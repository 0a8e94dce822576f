import * as z from "zod";
import { KEY_NAME } from "../domain/api-key.ts";
import { LIMITS } from "../domain/limits.ts";
import { ROLES } from "../domain/roles.ts";
import { Cursor, Limit, page, type Operation } from "./operation.ts";

const KeyView = z.object({
  id: z.string(),
  name: z.string(),
  actor: z.string().describe("How the audit trail names it"),
  owner: z.string(),
  role: z.enum(ROLES),
  operations: z.array(z.string()).nullable().describe("The only calls it may make; null: all that its role may"),
  state: z.enum(["active", "expired", "revoked"]),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable().describe("To the hour or so"),
  revokedBy: z.string().nullable(),
  revokedAt: z.string().nullable(),
});

const Reason = z.string().min(3).max(500);

/** Calls about who may call. */
export const ACCESS_OPERATIONS = {
  listKeys: {
    method: "get",
    path: "/keys",
    role: "admin",
    summary: "API keys, by name",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: page(KeyView),
  },
  createKey: {
    method: "post",
    path: "/keys",
    role: "admin",
    peopleOnly: true,
    summary: "Makes an API key, and shows it this once",
    body: z.object({
      name: z.string().regex(KEY_NAME, "must be 2 to 63 lower case letters, digits and hyphens, the first a letter or digit"),
      owner: z.string().describe("Who answers for it: an owner of router.config.ts"),
      role: z.enum(ROLES),
      operations: z.array(z.string()).min(1).max(100).optional().describe("The only calls it may make, by operationId"),
      expiresInDays: z.number().int().min(1).max(LIMITS.keyDays).default(LIMITS.keyDaysDefault),
      reason: Reason,
    }),
    answer: KeyView.extend({ key: z.string().describe("Only this once") }),
  },
  revokeKey: {
    method: "post",
    path: "/keys/:id/revoke",
    role: "admin",
    summary: "Ends an API key at once and for good",
    body: z.object({ reason: Reason }),
    answer: KeyView,
  },
} as const satisfies Readonly<Record<string, Operation>>;
