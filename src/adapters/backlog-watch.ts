import { NO_BACKLOG, type Backlog, type Reading } from "../domain/backlog.ts";
import type { Priority } from "../domain/event.ts";

export interface Board {
  readonly note: (priority: Priority, reading: Reading) => Promise<Backlog>;
  readonly read: () => Promise<Backlog>;
}

/** How often an isolate tells the board of a class, or asks it. */
const TELL_EVERY_MS = 2_000;
const ASK_EVERY_MS = 5_000;
/** A batch waits no longer than this for the board. */
const TELL_WITHIN_MS = 500;

/** What an isolate knows of the backlog: told and asked now and then, beside the requests, and never waited for by a sender. */
export class BacklogWatch {
  #known: Backlog = NO_BACKLOG;
  #askedAtMs = 0;
  readonly #toldAtMs = new Map<Priority, number>();

  /** What is known; asks anew, in the background, when that is some seconds old. */
  known(board: Board, nowMs: number, waitUntil: (work: Promise<unknown>) => void): Backlog {
    if (nowMs - this.#askedAtMs > ASK_EVERY_MS) {
      this.#askedAtMs = nowMs;
      waitUntil(this.#learn(board.read()));
    }
    return this.#known;
  }

  /** Tells how old a batch was, and learns of the other classes with that. */
  async tell(board: Board, priority: Priority, reading: Reading): Promise<Backlog> {
    if (reading.atMs - (this.#toldAtMs.get(priority) ?? 0) < TELL_EVERY_MS) return this.#known;
    this.#toldAtMs.set(priority, reading.atMs);
    let timer: ReturnType<typeof setTimeout> | null = null;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, TELL_WITHIN_MS)));
    await Promise.race([this.#learn(board.note(priority, reading)), late]);
    clearTimeout(timer);
    return this.#known;
  }

  /** A board that does not answer changes nothing: traffic goes on as if nothing were behind. */
  async #learn(answer: Promise<Backlog>): Promise<void> {
    this.#known = await answer.catch(() => NO_BACKLOG);
  }
}
