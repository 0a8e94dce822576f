import * as z from "zod";
import { LIMITS } from "../domain/limits.ts";
import type { Role } from "../domain/roles.ts";

/** One call of the ops API: its role, what it takes and what it answers. */
export interface Operation {
  readonly method: "get" | "post";
  /** What the path is under; default `/ops/v1`. */
  readonly root?: string;
  readonly path: string;
  readonly role: Role;
  /** No API key may call it, whatever its role: a person must have decided it. */
  readonly peopleOnly?: true;
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodObject;
  readonly answer: z.ZodType | "bytes";
}

/** Where a call is found. */
export const addressOf = ({ root = "/ops/v1", path }: Pick<Operation, "root" | "path">): string => `${root}${path}`;

/** Parameters that many calls take. */
export const Limit = z.coerce.number().int().min(1).max(LIMITS.pageItems).default(50);
export const Cursor = z.string().max(512).optional();
export const Time = z.iso.datetime({ offset: true }).optional();

/** A page of a list. */
export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
