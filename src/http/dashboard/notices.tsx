import type { Child } from "hono/jsx";
import type { Refused } from "../ops-ports.ts";
import { statusOf, titleOf, type ProblemCode } from "../problem.ts";
import { PATHS } from "./paths.ts";
import type { View } from "./visit.ts";
import { sentence } from "./words.ts";

/** Where there is nothing to show, and why that is so. */
export const Empty = ({ title, children }: { readonly title: string; readonly children?: Child }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children === undefined ? null : <p>{children}</p>}
  </div>
);

interface NoticeProps {
  readonly tone: "good" | "warn" | "bad" | "quiet";
  readonly title: string;
  readonly children?: Child;
}

/** Something that happened to what was just done; read aloud at once. */
export const Notice = ({ tone, title, children }: NoticeProps) => (
  <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
    <p>
      <strong>{title}</strong> {children}
    </p>
  </div>
);

/** What was asked for and not given, in words for a person. */
const HINTS: Partial<Record<ProblemCode, string>> = {
  forbidden: "Ask for the role at whoever gives out your tokens, or hand this to somebody who has it.",
  unavailable: "Events are still taken in and kept. Try this page again in a moment.",
  not_found: "It may have been mistyped, or it is older than what is kept.",
  moved_on: "Tick “over a newer state” only if the older data is really what the destination should have.",
  under_way: "Nothing newer may overtake it. Wait until the time named above, then do it again.",
  not_dead: "Somebody else may have dealt with it meanwhile. Look at it again.",
};

export const Refusal = ({ of }: { readonly of: Refused }) => (
  <Notice tone={of.code === "forbidden" || of.code === "not_found" ? "warn" : "bad"} title={titleOf(of.code)}>
    {sentence(of.detail)}. {HINTS[of.code]}
  </Notice>
);

/** A page that could not be shown. */
export const refusedView = (failure: Refused, title: string): View => ({
  title,
  status: statusOf(failure.code),
  main: (
    <>
      <h1>{title}</h1>
      <Refusal of={failure} />
      <p>
        <a href={PATHS.overview}>To the overview</a>
      </p>
    </>
  ),
});

/** Tells somebody whose role does not let them act what they could do with another one. */
export const NoPermission = ({ what, needs, has }: { readonly what: string; readonly needs: string; readonly has: string }) => (
  <p class="no-permission">
    {what} needs the role <strong>{needs}</strong>; yours is <strong>{has}</strong>.
  </p>
);
