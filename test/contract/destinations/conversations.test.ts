import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { conversationOf } from "./conversation.ts";
import { NOW_MS } from "./samples.ts";
import { TRIALS } from "./trials.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Trials that prove themselves in another way, and say the same for the rest. */
const SAYS_WHAT: Readonly<Record<string, string>> = {
  "netsuite by token": "netsuite",
  "business-central, client secret": "business-central",
  "oracle-fusion (own token)": "oracle-fusion",
  "oracle-fusion (Basic)": "oracle-fusion",
  "servicenow (assertion, unique index)": "servicenow",
  "tryton with HTTP Basic": "tryton",
};

it.each(Object.entries(TRIALS))("what is said to %s, and read from it, is what was written down", async (name, trial) => {
  const words = (SAYS_WHAT[name] ?? name).toLowerCase().match(/[a-z0-9.]+/g) ?? [];
  const file = `${words.join("-")}.http`;
  await expect(await conversationOf(trial)).toMatchFileSnapshot(path.join(import.meta.dirname, "conversations", file));
});
