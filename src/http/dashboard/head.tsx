import type { Child } from "hono/jsx";

interface Props {
  readonly title: Child;
  /** A line below it. */
  readonly about?: Child;
  /** What stands across from it: a state, or a way on. */
  readonly children?: Child;
}

/** The head of a page. */
export const Head = ({ title, about, children }: Props) => (
  <div class="head">
    <div class="head-text">
      <h1>{title}</h1>
      {about === undefined ? null : <p>{about}</p>}
    </div>
    {children}
  </div>
);
