import { z } from "zod";
import { LIMITS } from "../domain/limits.ts";
import type { Role } from "./auth.ts";

/** One call of the ops API: its role, what it takes and what it answers. */
export interface Operation {
  readonly method: "get" | "post";
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly answer: z.ZodType | "bytes";
}

/** Parameters that many calls take. */
export const Limit = z.coerce.number().int().min(1).max(LIMITS.pageItems).default(50);
export const Cursor = z.string().max(512).optional();
export const Time = z.iso.datetime({ offset: true }).optional();

/** A page of a list. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
