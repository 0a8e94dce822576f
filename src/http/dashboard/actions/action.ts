import { ok, type Result } from "../../../domain/result.ts";
import type { Refused } from "../../ops-ports.ts";
import type { Form } from "../form.ts";
import type { Page, View, Visit } from "../visit.ts";

/** Done, with where to go on and what to say there; or a page that asks for more. */
export type Acted = { readonly kind: "done"; readonly to: string; readonly said: string } | { readonly kind: "shown"; readonly view: View };

export interface Action {
  readonly path: string;
  readonly act: (visit: Visit, form: Form) => Promise<Result<Acted, Refused>>;
  /** The page whose form it is: shown again, with what was typed, if the action is refused. */
  readonly page: Page;
}

/** It is done: where to go on, and what to say there. */
export const done = (to: string, said: string): Result<Acted, Refused> => ok({ kind: "done", to, said });

/** What a field for a time holds, which has no zone, in UTC. */
export const momentOf = (text: string): string => (/T\d\d:\d\d$/.test(text) ? `${text}:00Z` : `${text}Z`);
