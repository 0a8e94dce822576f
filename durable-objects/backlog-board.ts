import { DurableObject } from "cloudflare:workers";
import { NO_BACKLOG, withReading, type Backlog, type Reading } from "../src/domain/backlog.ts";
import type { Priority } from "../src/domain/event.ts";

/** One object that knows how far each class is behind, as its consumers tell. In memory: a minute later it is known anew. */
export class BacklogBoard extends DurableObject<Env> {
  #backlog: Backlog = NO_BACKLOG;

  note(priority: Priority, reading: Reading): Backlog {
    this.#backlog = withReading(this.#backlog, priority, reading);
    return this.#backlog;
  }

  read(): Backlog {
    return this.#backlog;
  }
}
