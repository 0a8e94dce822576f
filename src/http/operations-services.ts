import * as z from "zod";
import { Decimal, Key } from "../domain/entities/define.ts";
import type { Operation } from "./operation.ts";

const By = z.enum(["key", "id"]).default("key").describe("Our key of the record, or the id that the system gave it");

const answer = <T extends z.ZodRawShape>(result: T) =>
  z.object({
    result: z.object(result).loose(),
    fields: z
      .record(z.string(), z.unknown())
      .describe("Of the record, those that its owner lets be answered; personal ones masked for viewers"),
    source: z.enum(["live", "cache", "fallback"]),
    ageSeconds: z.number().nullable().describe("How old what it was made from is; null of a fallback"),
    system: z.string(),
    problem: z.string().nullable().describe("Why the fallback was answered"),
  });

/** Questions that other systems ask while somebody waits. Only what is declared under services is answered. */
export const SERVICE_OPERATIONS = {
  checkCredit: {
    method: "post",
    root: "",
    path: "/services/credit-check",
    role: "viewer",
    summary: "Whether a customer may buy for so much",
    body: z.object({ customer: Key, by: By, amount: Decimal.optional() }),
    answer: answer({ approved: z.boolean().optional(), because: z.string().optional() }),
  },
  validateOrder: {
    method: "post",
    root: "",
    path: "/services/order-validation",
    role: "viewer",
    summary: "What is wrong with an order, before any system sees it",
    body: z.object({ order: z.record(z.string(), z.json()).describe("In canonical fields"), by: By }),
    answer: answer({ valid: z.boolean().optional(), problems: z.array(z.string()).optional() }),
  },
  lookUpEntitlement: {
    method: "post",
    root: "",
    path: "/services/entitlement-lookup",
    role: "viewer",
    summary: "Whether an entitlement is in force",
    body: z.object({ entitlement: Key, by: By }),
    answer: answer({ entitled: z.boolean().optional() }),
  },
  getOrderStatus: {
    method: "post",
    root: "",
    path: "/services/order-status",
    role: "viewer",
    summary: "How far an order is",
    body: z.object({ order: Key, by: By }),
    answer: answer({ status: z.string().nullable().optional() }),
  },
  readEntity: {
    method: "get",
    root: "",
    path: "/v1/entities/:kind/:key",
    role: "viewer",
    summary: "A record in canonical words: its last state as it was told, or, if asked or needed, as its owner has it now",
    query: z.object({
      source: z.enum(["event", "owner"]).optional().describe("Default: the last event; the owner where that was no whole state"),
    }),
    answer: z.object({
      entity: z.object({ kind: z.string(), key: z.string(), schemaVersion: z.number() }),
      data: z.record(z.string(), z.unknown()),
      deleted: z.boolean(),
      masked: z.boolean(),
      source: z.enum(["event", "owner"]),
      system: z.string().describe("The one whose word it is"),
      eventId: z.string().nullable(),
      asOf: z.string(),
      ageSeconds: z.number(),
      deprecated: z
        .array(z.object({ field: z.string(), since: z.string(), until: z.string(), use: z.string().nullable() }))
        .describe("Fields of it that you should leave, until when they are told at least, and what says the same"),
    }),
  },
} as const satisfies Readonly<Record<string, Operation>>;
