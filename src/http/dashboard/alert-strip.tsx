import type { AnswerOf } from "../operations.ts";
import { Notice } from "./notices.tsx";
import { PATHS } from "./paths.ts";
import { counted } from "./words.ts";

type Alert = AnswerOf<"listAlerts">["items"][number];

/** The alerts that nobody looks after yet, as one line; nothing while there are none. */
export function AlertStrip({ of }: { readonly of: readonly Alert[] }) {
  const open = of.filter(({ state }) => state === "open").toSorted((left, right) => Number(isCritical(right)) - Number(isCritical(left)));
  const [first] = open;
  if (first === undefined) return null;
  return (
    <Notice tone={isCritical(first) ? "bad" : "warn"} title={`${counted(open.length, "open alert")}:`}>
      {first.summary}. <a href={PATHS.alerts}>{open.length === 1 ? "Look at it" : "Look at all"}</a>
    </Notice>
  );
}

const isCritical = ({ severity }: Alert): boolean => severity === "critical";
