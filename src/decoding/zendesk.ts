import * as z from "zod";
import { text, time, word, type FieldRule } from "../domain/mapping.ts";
import type { SenderBehaviour } from "../sources/define.ts";
import { DEFAULT_WINDOW_MS, type HmacScheme } from "../verification/define.ts";

/** What event subscriptions and triggers of Zendesk have in common: one webhook is either, and both sign alike. */
export const ZendeskSettings = z.strictObject({
  /** Accept the secret that Zendesk signs test calls with before a webhook exists. All the world knows it: never in production. */
  allowPublishedTestSecret: z.boolean().default(false),
});
export type ZendeskSettings = z.infer<typeof ZendeskSettings>;

/** https://developer.zendesk.com/documentation/webhooks/verifying/ (read 2026-11-24): signs test calls of webhooks that are not created yet. */
const PUBLISHED_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";

/** Base64 HMAC-SHA256 over time and body without anything between; the secret is text although it looks like base64. */
export const zendeskSignature = (settings: ZendeskSettings): HmacScheme => ({
  kind: "hmac",
  header: "x-zendesk-webhook-signature",
  form: { type: "bare" },
  algorithm: "SHA-256",
  encoding: "base64",
  secretEncoding: "utf8",
  template: "{timestamp}{body}",
  timestamp: { header: "x-zendesk-webhook-signature-timestamp", format: "iso" },
  windowMs: DEFAULT_WINDOW_MS,
  ...(settings.allowPublishedTestSecret ? {} : { refusedSecrets: [PUBLISHED_TEST_SECRET] }),
});

/** No answer does lasting harm: the breaker that opens when most calls fail within 5 minutes closes again by itself. */
export const ZENDESK_BEHAVIOUR: SenderBehaviour = {
  retries: [409, 429, 503],
  harmful: [],
  timeoutMs: 10_000,
  source:
    "developer.zendesk.com/api-reference/webhooks/introduction, which names no statuses: these are from experience; " +
    "alboz.eu/insights/master-webhooks-maximize-stability-performance for time limit and breaker; both read 2026-11-24",
};

/** The parts of a ticket that both send, by the same names. */
export const ticketFields: Readonly<Record<"number" | "status" | "priority" | "customerId" | "requesterId" | "openedAt", FieldRule>> = {
  number: text("id"),
  status: word("status", {
    new: "new",
    open: "open",
    pending: "pending",
    hold: "on_hold",
    "on-hold": "on_hold",
    solved: "resolved",
    closed: "closed",
  }),
  priority: word("priority", { low: "low", normal: "normal", high: "high", urgent: "urgent" }),
  customerId: text("organization_id"),
  requesterId: text("requester_id"),
  openedAt: time("created_at"),
};
