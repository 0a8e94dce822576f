import type { Child } from "hono/jsx";
import type { Result } from "../../domain/result.ts";
import type { Actor } from "../../domain/roles.ts";
import type { OperationName } from "../operations.ts";
import type { Answer, Refused } from "../ops-ports.ts";
import { whyNotAllowed, type RawCall } from "../perform.ts";

/** What a person asks with: any call of the ops API, in their own name and with their own role. */
export type Ask = <N extends OperationName>(
  name: N,
  call?: Partial<Omit<RawCall, "actor" | "origin">>,
) => Promise<Result<Answer<N>, Refused>>;

/** One look at a page, by a person who is signed in. */
export interface Visit {
  readonly actor: Actor;
  /** Proves that a form of ours was sent; belongs to the session. */
  readonly formToken: string;
  readonly environment: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** What was typed into a form that was refused, so that nothing has to be typed again. */
  readonly entered: Readonly<Record<string, string>>;
  readonly ask: Ask;
}

/** A page as it is shown. */
export interface View {
  readonly title: string;
  readonly main: Child;
  readonly status?: number;
  /** Whether it looks again by itself. */
  readonly live?: boolean;
}

export type Page = (visit: Visit) => Promise<View>;

export const may = (visit: Visit, name: OperationName): boolean => whyNotAllowed(name, visit.actor) === null;

/** Those parameters of a page that say something. */
export const filled = (query: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (query[name] === undefined || query[name] === "" ? [] : [[name, query[name]]])));

/** The page's address with other parameters; empty ones are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | null | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}
