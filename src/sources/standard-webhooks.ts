import * as z from "zod";
import { ANSWER_BY_STATUS, decodeDocument, documentShape } from "../decoding/document.ts";
import { money, object, text, word } from "../domain/mapping.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { defineSource, type Sample } from "./define.ts";

const Settings = z.strictObject(documentShape);

const PROVENANCE =
  "payload of github.com/standard-webhooks/standard-webhooks spec/standard-webhooks.md (type, timestamp, data), read 2026-11-24; record made up";

/** What the samples need, as a team would write it in router.config.ts. */
const sampled: Pick<Sample, "contentType" | "provenance" | "settings" | "objects"> = {
  contentType: "application/json",
  provenance: PROVENANCE,
  settings: { order: { path: "data.version", as: "int" }, deletedTypes: ["customer.deleted"] },
  objects: {
    invoice: object("invoice", "id", {
      number: text("number"),
      status: word("status", { draft: "draft", open: "open", paid: "paid", void: "void" }),
      total: money("total", "currency"),
    }),
    customer: object("customer", "id", { name: text("name"), email: text("email") }),
  },
};

/**
 * Any sender that follows Standard Webhooks 1.0, and Svix under its own header names. `webhook-id` is stable over
 * retries and dedupes; the payload's `timestamp` is the event's and orders, unless settings.order names better.
 * Senders retry on any status but 2xx for days; 410 would unsubscribe us, so it is never answered.
 */
export const standardWebhooks = defineSource<z.infer<typeof Settings>>({
  scheme: "standard-webhooks",
  title: "Standard Webhooks",
  settings: Settings,
  verification: () => ({ kind: "standardWebhooks", windowMs: DEFAULT_WINDOW_MS }),
  decode: (request, { settings, objects }) =>
    decodeDocument(request, {
      settings: { ...settings, occurredAt: settings.occurredAt ?? { path: "timestamp", as: "iso" } },
      objects,
      deliveryId: () => null,
      orderByTime: settings.occurredAt === undefined,
    }),
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["3xx", "4xx", "5xx"],
    harmful: [410],
    timeoutMs: 15_000,
    source:
      "github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, read 2026-11-24; the shorter of the time limits it advises",
  },
  setup: [
    "Add an endpoint with the URL {url} in the sender's webhook settings and choose the events that matter.",
    "Use the endpoint's signing secret as {secret}, whsec_ included; a sender that signs with ed25519 shows a public key, whpk_, instead.",
    "Say in the source's objects how the sender's records are read, and in its settings where they are, if not at \"data\".",
  ],
  samples: [
    {
      ...sampled,
      name: "invoice-paid",
      body: `{"type":"invoice.paid","timestamp":"{now:iso}","data":{"id":"INV-2041","number":"2026-2041","status":"paid","total":"1200.50","currency":"EUR","version":{now:ms},"payerRef":820982911946154508}}`,
      expect: {
        kind: "invoice",
        key: "INV-2041",
        type: "invoice.paid",
        data: {
          number: "2026-2041",
          status: "paid",
          statusRaw: "paid",
          total: { amount: "1200.50", currency: "EUR" },
          extra: { payerRef: "820982911946154508" },
        },
      },
    },
    {
      ...sampled,
      name: "customer-updated",
      body: `{"type":"customer.updated","timestamp":"{now:iso}","data":{"id":"C-7","name":"Bäckerei Łódź 株式会社 🥐","email":"post@baeckerei.example","loyalty":{"tier":"gold"},"version":{now:ms}}}`,
      expect: {
        kind: "customer",
        key: "C-7",
        type: "customer.updated",
        data: { name: "Bäckerei Łódź 株式会社 🥐", email: "post@baeckerei.example", extra: { loyalty: { tier: "gold" } } },
      },
    },
  ],
});
