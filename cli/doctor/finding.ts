/** What one check saw. `skip` was not looked at, and says why. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "wrong" | "skip";
  readonly what: string;
  /** For what is wrong: the next thing to do. */
  readonly todo: string | null;
}

export const sound = (check: string, what: string): Finding => ({ check, state: "ok", what, todo: null });
export const wrong = (check: string, what: string, todo: string): Finding => ({ check, state: "wrong", what, todo });
export const skipped = (check: string, what: string): Finding => ({ check, state: "skip", what, todo: null });

/** The findings of a check that looks for faults: those, or that there are none. */
export const soundUnless = (faults: readonly Finding[], check: string, what: string): readonly Finding[] =>
  faults.length > 0 ? faults : [sound(check, what)];
