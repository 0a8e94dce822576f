const BAR_WIDTH = 30;

/** A share between 0 and 1 as a bar. */
export const bar = (share: number): string =>
  `[${"#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".")}] ${String(Math.floor(share * 100)).padStart(3)} %`;

export interface Screen {
  readonly say: (line: string) => void;
  readonly overwrite: (line: string) => void;
  readonly terminal: boolean;
}

/** Shows how far something is: one line that is written over on a terminal, elsewhere a line for each change. */
export class Progress {
  readonly #screen: Screen;
  #last = "";

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  show(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    if (this.#screen.terminal) this.#screen.overwrite(line);
    else this.#screen.say(line);
  }

  /** Leaves what was shown last, and goes on below it. */
  end(): void {
    if (this.#screen.terminal && this.#last !== "") this.#screen.say("");
  }
}
