const UNITS: readonly (readonly [number, string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** `45 s`, `3 min`, `2 h`, `5 d`: whole units, rounded down. */
export function duration(ms: number): string {
  const [size, unit] = UNITS.find(([each]) => ms >= each) ?? [1_000, "s"];
  return `${Math.floor(ms / size)} ${unit}`;
}
