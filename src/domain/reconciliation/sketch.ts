/**
 * The difference of two sets of any size in memory that only the difference's size decides: an invertible Bloom lookup
 * table (Goodrich and Mitzenmacher, 2011, arXiv:1101.2245). Members of one side are added, those of the other taken out;
 * what both have leaves no trace. Members are 64-bit digests, as 16 hexadecimal digits.
 */
export interface Sketch {
  /** How many members each cell holds, those of the other side counted below zero. */
  readonly counts: Int32Array;
  /** Both halves of the digests and of their checks, each as the exclusive or of what the cell holds. */
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  readonly checks: Uint32Array;
}

/** Each member is in this many cells. */
const CELLS_A_MEMBER = 4;
/** Cells for each member of the difference; below 1.3 for four cells a member decoding begins to fail. */
const CELLS_A_DIFFERENCE = 2;

export function newSketch(differences: number): Sketch {
  const part = Math.max(8, Math.ceil((differences * CELLS_A_DIFFERENCE) / CELLS_A_MEMBER));
  const cells = part * CELLS_A_MEMBER;
  return { counts: new Int32Array(cells), high: new Uint32Array(cells), low: new Uint32Array(cells), checks: new Uint32Array(cells) };
}

/** Adds a member (`sign` 1), or takes one of the other side out (`sign` -1). Changes the sketch. */
export function tally(sketch: Sketch, digest: string, sign: 1 | -1): void {
  const [high, low] = halves(digest);
  toggle(sketch, { high, low, sign });
}

export interface Decoded {
  /** Digests that only the first side has. */
  readonly only: readonly string[];
  /** Digests that only the other side has. */
  readonly missing: readonly string[];
}

/** The difference; null if it is larger than the sketch was made for. The sketch is left as it is. */
export function decode(original: Sketch): Decoded | null {
  const sketch = copyOf(original);
  const only: string[] = [];
  const missing: string[] = [];
  const pure = Array.from(sketch.counts.keys());
  for (let cell = pure.pop(); cell !== undefined; cell = pure.pop()) {
    if (!isPure(sketch, cell)) continue;
    const member: Member = { high: sketch.high[cell] ?? 0, low: sketch.low[cell] ?? 0, sign: sketch.counts[cell] === 1 ? -1 : 1 };
    (member.sign === -1 ? only : missing).push(digestOf(member.high, member.low));
    pure.push(...cellsOf(sketch, member.high, member.low));
    toggle(sketch, member);
  }
  return sketch.counts.every((count) => count === 0) && sketch.checks.every((check) => check === 0) ? { only, missing } : null;
}

interface Member {
  readonly high: number;
  readonly low: number;
  readonly sign: 1 | -1;
}

function toggle(sketch: Sketch, { high, low, sign }: Member): void {
  const check = mix(high ^ 0x9e3779b9, low);
  for (const cell of cellsOf(sketch, high, low)) {
    sketch.counts[cell] = (sketch.counts[cell] ?? 0) + sign;
    sketch.high[cell] = (sketch.high[cell] ?? 0) ^ high;
    sketch.low[cell] = (sketch.low[cell] ?? 0) ^ low;
    sketch.checks[cell] = (sketch.checks[cell] ?? 0) ^ check;
  }
}

const isPure = (sketch: Sketch, cell: number): boolean =>
  Math.abs(sketch.counts[cell] ?? 0) === 1 && sketch.checks[cell] === mix((sketch.high[cell] ?? 0) ^ 0x9e3779b9, sketch.low[cell] ?? 0);

/** One cell in each quarter, so that the four are never the same. */
function cellsOf({ counts }: Sketch, high: number, low: number): readonly number[] {
  const part = counts.length / CELLS_A_MEMBER;
  return [0, 1, 2, 3].map((quarter) => quarter * part + (mix(high + Math.imul(quarter + 1, 0x85ebca6b), low ^ quarter) % part));
}

/** The finalizer of MurmurHash3 over both words: every bit of either moves every bit of the result. */
function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ (left >>> 16), 0x85ebca6b) ^ right;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}

const halves = (digest: string): readonly [number, number] => [parseInt(digest.slice(0, 8), 16), parseInt(digest.slice(8, 16), 16)];
const digestOf = (high: number, low: number): string => high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");

const copyOf = ({ counts, high, low, checks }: Sketch): Sketch => ({
  counts: counts.slice(),
  high: high.slice(),
  low: low.slice(),
  checks: checks.slice(),
});

/** As bytes, to be kept between pages: four numbers of 32 bits a cell. */
export function sketchBytes({ counts, high, low, checks }: Sketch): Uint8Array {
  const bytes = new Uint8Array(counts.length * 16);
  const parts = [new Uint32Array(counts.buffer, counts.byteOffset, counts.length), high, low, checks];
  for (const [index, part] of parts.entries())
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), index * counts.length * 4);
  return bytes;
}

export function sketchOf(bytes: Uint8Array): Sketch {
  const cells = bytes.byteLength / 16;
  const copy = bytes.slice().buffer;
  return {
    counts: new Int32Array(copy, 0, cells),
    high: new Uint32Array(copy, cells * 4, cells),
    low: new Uint32Array(copy, cells * 8, cells),
    checks: new Uint32Array(copy, cells * 12, cells),
  };
}
