import type { Child } from "hono/jsx";
import { Time } from "./text.tsx";

/** One thing that happened. */
export interface Step {
  readonly at: string;
  readonly title: Child;
  readonly detail?: Child;
  readonly tone?: "good" | "warn" | "bad";
}

/** What happened, in the order in which it did. */
export const Way = ({ steps }: { readonly steps: readonly Step[] }) => (
  <ol class="way">
    {steps.map(({ at, title, detail, tone }) => (
      <li class={tone}>
        <span class="at">
          <Time at={at} />
        </span>
        <div class="what">
          <p>
            <strong>{title}</strong>
          </p>
          {detail === undefined ? null : <div class="note">{detail}</div>}
        </div>
      </li>
    ))}
  </ol>
);
