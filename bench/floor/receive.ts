import { Hono } from "hono";
import { OrderMessage, isGenuine } from "./order.ts";

export interface FloorEnv {
  readonly ORDER_SECRET: string;
  readonly QUEUE_STANDARD: Queue;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** The least a safe receiver does: verify the bytes, parse and check them, put them into the queue, answer 202. */
export const app = new Hono<{ Bindings: FloorEnv }>();

app.post("/in/:source", async (c) => {
  const body = new Uint8Array(await c.req.raw.arrayBuffer());
  if (!(await isGenuine(c.req.raw.headers, body, c.env.ORDER_SECRET))) return c.json({ code: "verification_failed" }, 401);
  const order = OrderMessage.safeParse(JSON.parse(utf8.decode(body)));
  if (!order.success) return c.json({ code: "invalid" }, 400);
  await c.env.QUEUE_STANDARD.send(JSON.stringify(order.data), { contentType: "text" });
  return c.json({ id: order.data.eventId, status: "accepted" }, 202);
});
