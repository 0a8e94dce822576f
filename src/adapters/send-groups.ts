import type { Measured } from "../domain/bundle.ts";
import { LIMITS } from "../domain/limits.ts";

/** Texts of several requests that go into a queue together. */
class Group {
  readonly texts: Measured[] = [];
  begun = false;
  /** Resolves when the group is first in line and there is a place. */
  readonly turn = Promise.withResolvers<void>();
  /** Settles as the group's send does. */
  readonly sent = Promise.withResolvers<void>();
}

export interface GroupTerms {
  /** Sends under way at once. */
  readonly atOnce: number;
  /** How long a request waits for others to come. */
  readonly gatherMs: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The sends of an isolate's requests to one queue: a few at once, and what comes while all of those are under way goes
 * together with the next. A request is answered by its own group's send, so it is as durable as if it were alone.
 *
 * A send belongs to the request that makes it, and may end with it. So none waits for a certain other one to begin: when
 * there is a place, whichever request comes first sends the first group in line.
 */
export class SendGroups {
  readonly #send: (texts: readonly Measured[]) => Promise<void>;
  readonly #terms: GroupTerms;
  readonly #line: Group[] = [];
  #underWay = 0;

  constructor(terms: GroupTerms, send: (texts: readonly Measured[]) => Promise<void>) {
    this.#terms = terms;
    this.#send = send;
  }

  /** Resolves once the text is in the queue; rejects with the send that would have brought it there. */
  async add(text: Measured, waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    const group = this.#join(text);
    // Each waits by itself, so that none depends on another's timer; whoever is over first sends for all.
    if (this.#terms.gatherMs > 0) await Promise.race([sleep(this.#terms.gatherMs), group.sent.promise.catch(() => undefined)]);
    while (!group.begun) {
      if (this.#hasPlace()) this.#beginFirst(waitUntil);
      else await group.turn.promise;
    }
    return group.sent.promise;
  }

  #hasPlace(): boolean {
    return this.#underWay < this.#terms.atOnce;
  }

  #join(text: Measured): Group {
    const last = this.#line.at(-1);
    const group = last !== undefined && last.texts.length < LIMITS.messageBatchCount ? last : new Group();
    if (group !== last) this.#line.push(group);
    group.texts.push(text);
    return group;
  }

  #beginFirst(waitUntil: (work: Promise<unknown>) => void): void {
    const group = this.#line.shift();
    if (group === undefined) return;
    group.begun = true;
    this.#underWay++;
    const send = this.#send(group.texts).then(group.sent.resolve, group.sent.reject);
    waitUntil(send.finally(() => this.#end()));
    this.#callNext();
  }

  #end(): void {
    this.#underWay--;
    this.#callNext();
  }

  #callNext(): void {
    if (this.#hasPlace()) this.#line[0]?.turn.resolve();
  }
}
