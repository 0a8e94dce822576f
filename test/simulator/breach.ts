/** The promises that a run may break; each is counted. */
export const BREACHES = ["lost", "duplicateEffects", "orderViolations", "stuck"] as const;
export type BreachKind = (typeof BREACHES)[number];

/** One broken promise, and where. */
export interface Breach {
  readonly kind: BreachKind;
  readonly entity: string;
  readonly what: string;
}

/** What happened in a run, counted. */
export interface Tally {
  events: number;
  deliveries: number;
  copies: number;
  evictions: number;
  crashes: number;
  lostAnswers: number;
  holds: number;
  deadLetters: number;
  operatorActions: number;
  replays: number;
  edits: number;
  readBacks: number;
  echoes: number;
  strays: number;
  indexRefusals: number;
}

export const newTally = (): Tally => ({
  events: 0,
  deliveries: 0,
  copies: 0,
  evictions: 0,
  crashes: 0,
  lostAnswers: 0,
  holds: 0,
  deadLetters: 0,
  operatorActions: 0,
  replays: 0,
  edits: 0,
  readBacks: 0,
  echoes: 0,
  strays: 0,
  indexRefusals: 0,
});
