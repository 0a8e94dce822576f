import type { Child } from "hono/jsx";
import { failureWords, sentence, spaced } from "./words.ts";

/** How a state looks: every tone has a colour and every state a shape of its own, and the word is always there. */
interface Look {
  readonly tone: "good" | "busy" | "warn" | "bad" | "quiet";
  readonly shape: "check" | "skip" | "clock" | "again" | "pause" | "cross" | "alert" | "ring" | "stop";
}

const LOOKS: Readonly<Record<string, Look>> = {
  // Of events and lanes.
  delivered: { tone: "good", shape: "check" },
  superseded: { tone: "quiet", shape: "skip" },
  ignored: { tone: "quiet", shape: "ring" },
  cancelled: { tone: "quiet", shape: "stop" },
  pending: { tone: "busy", shape: "clock" },
  retrying: { tone: "warn", shape: "again" },
  held: { tone: "warn", shape: "pause" },
  dead: { tone: "bad", shape: "cross" },
  quarantined: { tone: "bad", shape: "alert" },
  // Of destinations: the words of its breaker turned into what it does.
  taking: { tone: "good", shape: "check" },
  "trying again": { tone: "warn", shape: "again" },
  failing: { tone: "bad", shape: "cross" },
  paused: { tone: "warn", shape: "pause" },
  "told to wait": { tone: "warn", shape: "clock" },
  misconfigured: { tone: "bad", shape: "alert" },
  // Of sources.
  ready: { tone: "good", shape: "check" },
  "not ready": { tone: "bad", shape: "alert" },
  // Of replays.
  planned: { tone: "busy", shape: "clock" },
  "waiting for approval": { tone: "warn", shape: "pause" },
  running: { tone: "busy", shape: "again" },
  done: { tone: "good", shape: "check" },
  "dry run": { tone: "quiet", shape: "ring" },
  // Of flows and their steps.
  blocked: { tone: "bad", shape: "alert" },
  compensating: { tone: "warn", shape: "again" },
  stopped: { tone: "quiet", shape: "stop" },
  uncompensated: { tone: "bad", shape: "cross" },
  sent: { tone: "busy", shape: "again" },
  waiting: { tone: "busy", shape: "clock" },
  failed: { tone: "bad", shape: "cross" },
  compensated: { tone: "quiet", shape: "stop" },
  "to come": { tone: "quiet", shape: "ring" },
  // Of dead letters.
  open: { tone: "bad", shape: "cross" },
  resolved: { tone: "good", shape: "check" },
  // Of findings and the runs that find them.
  suspected: { tone: "busy", shape: "clock" },
  repairing: { tone: "warn", shape: "again" },
  repaired: { tone: "good", shape: "check" },
  healed: { tone: "good", shape: "check" },
  accepted: { tone: "quiet", shape: "pause" },
  skipped: { tone: "quiet", shape: "stop" },
  // Of alerts.
  acknowledged: { tone: "busy", shape: "again" },
  critical: { tone: "bad", shape: "alert" },
  warning: { tone: "warn", shape: "alert" },
  info: { tone: "quiet", shape: "ring" },
  // Of SLAs.
  met: { tone: "good", shape: "check" },
  "at risk": { tone: "warn", shape: "clock" },
  breached: { tone: "bad", shape: "alert" },
  "no data": { tone: "quiet", shape: "ring" },
  // Of what is at ease, and what is not.
  "all well": { tone: "good", shape: "check" },
  intact: { tone: "good", shape: "check" },
  broken: { tone: "bad", shape: "alert" },
};

const UNKNOWN: Look = { tone: "quiet", shape: "ring" };

const SHAPES: Readonly<Record<Look["shape"], string>> = {
  check: "M2.5 6.5 5 9l4.5-6",
  skip: "M2.5 3 6 6 2.5 9M6 3l3.5 3L6 9",
  clock: "M6 1.5a4.5 4.5 0 1 0 .01 0M6 3.5V6l1.8 1.2",
  again: "M9.7 4.2A4.2 4.2 0 1 0 10.2 7M10 1.5v2.8H7.2",
  pause: "M4 2.5v7M8 2.5v7",
  cross: "M2.5 2.5l7 7M9.5 2.5l-7 7",
  alert: "M6 1.5 11 10.5H1zM6 5v2.5M6 9v.1",
  ring: "M6 2.5a3.5 3.5 0 1 0 .01 0",
  stop: "M6 1.5a4.5 4.5 0 1 0 .01 0M2.9 2.9l6.2 6.2",
};

/** The shapes once a page; marks refer to them. */
export const Shapes = () => (
  <svg class="shapes" aria-hidden="true" width="0" height="0">
    {Object.entries(SHAPES).map(([name, path]) => (
      <symbol id={`m-${name}`} viewBox="0 0 12 12">
        <path d={path} />
      </symbol>
    ))}
  </svg>
);

const Shape = ({ shape }: { readonly shape: Look["shape"] }) => (
  <svg class="mark" aria-hidden="true">
    <use href={`#m-${shape}`} />
  </svg>
);

/** A state: its shape, its colour and its word. */
export function Status({ of, children }: { readonly of: string; readonly children?: Child }) {
  const word = spaced(of);
  const { tone, shape } = LOOKS[word] ?? UNKNOWN;
  return (
    <span class={`status ${tone}`}>
      <Shape shape={shape} />
      {children ?? sentence(word)}
    </span>
  );
}

/** A lane: the destination's name, with its state as a shape and as a word that is read aloud. */
export function Lane({ destination, status }: { readonly destination: string; readonly status: string }) {
  const { tone, shape } = LOOKS[status] ?? UNKNOWN;
  return (
    <span class={`status lane ${tone}`} title={`${destination}: ${status}`}>
      <Shape shape={shape} />
      {destination}
      <span class="unseen">: {status}</span>
    </span>
  );
}

/** A name of the router's or of a system's, such as a field. */
export const Word = ({ children }: { readonly children: Child }) => <span class="word">{children}</span>;

/** A failure class in plain words. */
export const Failure = ({ of }: { readonly of: string }) => <Word>{failureWords(of)}</Word>;

const DESTINATION_WORDS: Readonly<Record<string, string>> = {
  closed: "taking",
  halfOpen: "trying again",
  open: "failing",
  quiet: "told to wait",
};

/** A destination's state in words that say what it does. */
export const destinationWord = (state: string): string => DESTINATION_WORDS[state] ?? state;
