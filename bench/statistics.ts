/** The middle value; NaN of nothing. */
export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value below which `part` (0 to 1) of the values lie, between two of them where it falls there. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * part;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  return low === undefined || high === undefined ? Number.NaN : low + (high - low) * (place - Math.floor(place));
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** One round of slots in the order floor, ours, ours, floor: a drift of the machine within the round falls out of the ratio. */
export interface Round<Slot> {
  readonly floor: readonly [Slot, Slot];
  readonly ours: readonly [Slot, Slot];
}

export interface Compared {
  readonly floor: number;
  readonly ours: number;
  /** Median over the rounds of ours to floor. */
  readonly ratio: number;
  /** Median over the rounds of the floor's first slot to its last: what the machine itself makes of two equal things. */
  readonly control: number;
}

/** How far the control may be from 1 before a comparison counts as void. */
const CONTROL_TOLERANCE = 0.1;
export const isVoid = (compared: Compared): boolean => !(Math.abs(compared.control - 1) <= CONTROL_TOLERANCE);

export function compare<Slot>(rounds: readonly Round<Slot>[], value: (slot: Slot) => number): Compared {
  const pair = ([first, second]: readonly [Slot, Slot]): number => (value(first) + value(second)) / 2;
  return {
    floor: median(rounds.map((round) => pair(round.floor))),
    ours: median(rounds.map((round) => pair(round.ours))),
    ratio: median(rounds.map((round) => pair(round.ours) / pair(round.floor))),
    control: median(rounds.map((round) => value(round.floor[0]) / value(round.floor[1]))),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Sides<Slot> {
  readonly floor: (round: number, slot: number) => Promise<Slot>;
  readonly ours: (round: number, slot: number) => Promise<Slot>;
}

/** Runs one round to warm up, which is thrown away, and then `rounds` that count. */
export async function interleave<Slot>(sides: Sides<Slot>, rounds: number, pauseMs: number): Promise<readonly Round<Slot>[]> {
  const done: Round<Slot>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const rest = async (slot: Promise<Slot>): Promise<Slot> => {
      const value = await slot;
      await pause(pauseMs);
      return value;
    };
    const first = await rest(sides.floor(round, 0));
    const second = await rest(sides.ours(round, 1));
    const third = await rest(sides.ours(round, 2));
    const fourth = await rest(sides.floor(round, 3));
    if (round > 0) done.push({ floor: [first, fourth], ours: [second, third] });
  }
  return done;
}
