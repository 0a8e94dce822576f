/** How every command ends. */
export const EXIT = {
  ok: 0,
  found: 1,
  usage: 2,
  unreachable: 3,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_WORDS: Readonly<Record<Exit, string>> = {
  0: "done, and nothing to see to",
  1: "it worked, and found something wrong: a broken chain, open drift, an open dead letter, a failed check, a refused action",
  2: "the command line is not right",
  3: "the router, or Cloudflare, cannot be reached or does not allow it",
};

/** Ends the command with a message for people; thrown where nothing else can be done, caught in one place. */
export class Stop extends Error {
  readonly exit: Exit;

  constructor(exit: Exit, message: string) {
    super(message);
    this.exit = exit;
  }
}
