import * as z from "zod";
import { Key, Time, defineEntity, shared, status } from "./define.ts";

const ACTIVITY_STATUSES = ["unknown", "queued", "sent", "delivered", "read", "failed", "done"] as const;

/** Something that happened in a work tool and concerns a business record: a message, a call, a push, a comment. Its tool owns it. */
export const activity = defineEntity({
  kind: "activity",
  version: 1,
  schema: z.object({
    type: z.string().max(256).optional(),
    subject: z.string().max(2048).optional(),
    body: z.string().optional(),
    status: status(ACTIVITY_STATUSES).optional(),
    statusRaw: z.string().optional(),
    channel: z.string().max(256).optional(),
    actorId: Key.optional(),
    recipient: z.string().max(320).optional(),
    /** The record that it concerns, by the id that the tool knows. */
    relatedId: Key.optional(),
    url: z.string().max(2048).optional(),
    happenedAt: Time.optional(),
    ...shared,
  }),
  lifecycle: { field: "status", ranks: ACTIVITY_STATUSES },
  drift: [{ field: "status" }],
  personal: ["subject", "body", "recipient"],
  upgrades: {},
});
