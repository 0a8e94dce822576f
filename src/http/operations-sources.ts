import * as z from "zod";
import { VERDICTS } from "../domain/event.ts";
import { Cursor, Limit, Time, page, type Operation } from "./operation.ts";
import { RejectionView } from "./views.ts";

const SourceView = z.object({
  name: z.string(),
  title: z.string(),
  url: z.string(),
  scheme: z.string(),
  owner: z.string(),
  ready: z.boolean(),
  problem: z.string().nullable(),
  verdict: z.enum(VERDICTS).describe("The strongest that its scheme can reach"),
  check: z.string().describe("How its requests are proven"),
  handshakes: z.array(z.string()),
  secrets: z
    .array(
      z.object({
        name: z.string(),
        present: z.boolean(),
        since: z.string().nullable().describe("As router.config.ts says; the platform keeps no date"),
        ageDays: z.number().nullable(),
        until: z.string().nullable(),
      }),
    )
    .describe("Names, never values"),
  accounts: z.boolean(),
  lastAcceptedAt: z.string().nullable().describe("Among the newest events that the index holds"),
  lastRejectedAt: z.string().nullable(),
  lastHandshakeAt: z.string().nullable(),
  rejectionsLastHour: z.number(),
  subscriptions: z
    .array(
      z.object({
        id: z.string(),
        resource: z.string(),
        expiresAt: z.string(),
        renewedAt: z.string().nullable(),
        problem: z.string().nullable(),
      }),
    )
    .describe("At the sender, where they end unless they are renewed"),
});

const AccountView = z.object({
  source: z.string(),
  account: z.string(),
  url: z.string(),
  state: z.enum(["active", "disabled"]),
  secrets: z.array(z.object({ name: z.string(), since: z.string(), until: z.string().nullable() })).describe("Names, never values"),
  registrationUntil: z.string().nullable().describe("Until when the sender may bring its own secret"),
  effectiveWithinSeconds: z.number().describe("How long an isolate may still act on what it remembers"),
  createdAt: z.string(),
  updatedAt: z.string(),
});
const ShownOnce = AccountView.extend({ secret: z.string().nullable().describe("Only if it was made here, and only this once") });
const Secret = z.string().min(8).max(16_384);
const Reason = z.string().min(3).max(500);

/** Calls about sources and their accounts. */
export const SOURCE_OPERATIONS = {
  listSources: { method: "get", path: "/sources", role: "viewer", summary: "Sources and whether they are ready", answer: page(SourceView) },
  listAccounts: {
    method: "get",
    path: "/sources/:source/accounts",
    role: "viewer",
    summary: "Accounts of a source that has several",
    query: z.object({ cursor: Cursor, limit: Limit }),
    answer: page(AccountView),
  },
  createAccount: {
    method: "post",
    path: "/sources/:source/accounts",
    role: "admin",
    summary: "Makes an account with a URL and a secret of its own",
    body: z.object({ account: z.string(), secret: Secret.optional(), bringsSecret: z.boolean().default(false), reason: Reason }),
    answer: ShownOnce,
  },
  rotateAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/rotate",
    role: "admin",
    summary: "Gives it another secret; the earlier one is accepted for a while",
    body: z.object({ secret: Secret.optional(), overlapSeconds: z.number().int().min(0).max(2_592_000).default(86_400), reason: Reason }),
    answer: ShownOnce,
  },
  disableAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/disable",
    role: "admin",
    summary: "Lets nothing of it in any more",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  enableAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/enable",
    role: "admin",
    summary: "Lets it in again",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  registerAccount: {
    method: "post",
    path: "/sources/:source/accounts/:account/register",
    role: "admin",
    summary: "Opens a window in which the sender may bring its own secret, once",
    body: z.object({ reason: Reason }),
    answer: AccountView,
  },
  listHandshakes: {
    method: "get",
    path: "/handshakes",
    role: "viewer",
    summary: "What senders asked beside their events, counted by minute",
    query: z.object({ source: z.string().optional(), from: Time, cursor: Cursor, limit: Limit }),
    answer: page(RejectionView),
  },
} as const satisfies Readonly<Record<string, Operation>>;
