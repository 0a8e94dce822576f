/** Lots drawn from a seed: the same seed draws the same lots on every machine (the generator "mulberry32"). */
export class Chance {
  #state: number;

  constructor(...seed: readonly (number | string)[]) {
    this.#state = mix(seed.join("/"));
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** How many steps go well before one does not, where each fails with `share`. */
  stepsUntil(share: number): number {
    return share === 0 ? Number.POSITIVE_INFINITY : 1 + Math.floor(Math.log(1 - this.next()) / Math.log(1 - share));
  }
}

/** FNV-1a over the text, then stirred, so that neighbouring seeds have nothing in common. */
function mix(text: string): number {
  let word = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) word = Math.imul(word ^ text.charCodeAt(i), 0x01000193);
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
