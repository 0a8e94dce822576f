import type { Answer, CallFailure, CallName, Called, Input, Item, Query, SignalboxClient } from "./client/client.ts";
import { EXIT, Stop } from "./exit.ts";

/** The client for commands: what cannot be answered ends the command, with what to do about it. */
export class Api {
  readonly origin: string;
  readonly #client: SignalboxClient;
  readonly #local: boolean;

  constructor(client: SignalboxClient, where: { readonly origin: string; readonly local: boolean }) {
    this.#client = client;
    this.origin = where.origin;
    this.#local = where.local;
  }

  async call<N extends CallName>(name: N, input: Input<N>): Promise<Answer<N>> {
    return this.#answered(await this.#client.call(name, input));
  }

  /** The answer, or why there is none; ends the command only if the router cannot be reached or lets nobody in. */
  async attempt<N extends CallName>(name: N, input: Input<N>): Promise<Called<Answer<N>>> {
    const called = await this.#client.call(name, input);
    if (!called.ok && exitOf(called.failure) === EXIT.unreachable) throw this.#stop(called.failure);
    return called;
  }

  /** Every item of a list, page after page. */
  async *all<N extends "listEvents" | "listDeadLetters" | "listReplays" | "listDrift">(name: N, query: Query<N>): AsyncGenerator<Item<N>> {
    for (let cursor: string | undefined; ;) {
      // Each list takes a cursor and a limit; TypeScript cannot see that for a name it does not know.
      const input = { query: { limit: 200, ...query, ...(cursor === undefined ? {} : { cursor }) } } as unknown as Input<N>;
      const { items, nextCursor } = (await this.call(name, input)) as {
        readonly items: readonly Item<N>[];
        readonly nextCursor: string | null;
      };
      yield* items;
      if (nextCursor === null) return;
      cursor = nextCursor;
    }
  }

  #answered<T>(called: Called<T>): T {
    if (called.ok) return called.value;
    throw this.#stop(called.failure);
  }

  #stop(failure: CallFailure): Stop {
    if (failure.kind === "unreachable")
      return new Stop(
        EXIT.unreachable,
        `${this.origin} does not answer (${failure.detail}). ${this.#local ? "Start it with: npm run dev" : "Is the address right? SIGNALBOX_URL or --url name it."}`,
      );
    const advice = ADVICE[failure.status];
    return new Stop(exitOf(failure), `${failure.status} ${failure.code}: ${failure.detail}${advice === undefined ? "" : `\n${advice}`}`);
  }
}

/** What to do about an answer that the caller's token is the cause of. */
const ADVICE: Readonly<Record<number, string>> = {
  401: "The token is wrong or has expired: put a new one into SIGNALBOX_TOKEN. Without that variable, a local router is asked with a token made for it.",
  403: "Ask for that role where your tokens come from, and put the new token into SIGNALBOX_TOKEN.",
};

/** A refused token, a redirect to a sign-in and a router in trouble are one thing to a script: it could not ask. */
function exitOf(failure: CallFailure): typeof EXIT.found | typeof EXIT.unreachable | typeof EXIT.usage {
  if (failure.kind === "unreachable") return EXIT.unreachable;
  if (failure.status === 400) return EXIT.usage;
  return [401, 403].includes(failure.status) || failure.status >= 500 || failure.status < 400 ? EXIT.unreachable : EXIT.found;
}
