import { Credentials } from "../../../src/connection/credentials.ts";
import { bareSession, openSession, type OpenSession } from "../../../src/connection/session.ts";
import type {
  ChangeQuery,
  Connection,
  Delivery,
  Failed,
  LookupOutcome,
  Outcome,
  RemoteState,
  ResponseSeen,
} from "../../../src/destinations/define.ts";
import { onlyReads, type RequestSpec } from "../../../src/domain/http.ts";
import { fail, ok, type Result } from "../../../src/domain/result.ts";
import { bringAbout } from "../../../src/pipeline/deliver.ts";
import type { EntityKind } from "../../../src/domain/entities/index.ts";
import type { FakeSystem, Trial } from "./fakes/define.ts";

/** What happens to the next request that would change something, instead of the way it should go. */
export type Interference =
  | { readonly do: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly do: "loseAnswer" }
  | { readonly do: "loseRequest" };

/** One module against one fresh fake, with a network in between that can be told to misbehave. */
export class Bench {
  readonly trial: Trial;
  readonly fake: FakeSystem;
  readonly requests: RequestSpec[] = [];
  /** Those by which a credential was asked for. */
  readonly credentialRequests = new Set<RequestSpec>();
  #interference: { readonly kind: Interference; passing: number } | null = null;
  #losesCredentials = false;
  #readsAnswer: { readonly status: number; readonly body: string } | null = null;
  readonly #credentials: Credentials;
  readonly #connection: Connection<unknown>;

  constructor(trial: Trial, connection: Connection<unknown> = trial.connection) {
    this.trial = trial;
    this.fake = trial.start();
    this.#connection = connection;
    let serial = 0;
    this.#credentials = new Credentials(async () => {
      const wire = {
        clock: this.#clock,
        send: (request: RequestSpec) => {
          this.credentialRequests.add(request);
          return this.#send(request);
        },
      };
      const obtained = await trial.definition.authentication?.obtain?.(bareSession(trial.definition, connection, wire));
      if (obtained === undefined) throw new Error("the module obtains no credential");
      return obtained.ok ? ok({ id: String(++serial), credential: obtained.value }) : obtained;
    }, this.#clock);
  }

  /** A request that changes something goes wrong: the next one, or the one after so many that pass. */
  interfere(kind: Interference, { passing = 0 }: { readonly passing?: number } = {}): void {
    this.#interference = { kind, passing };
  }

  /** How many requests so far were to change something. */
  get writes(): number {
    return this.requests.filter((request) => this.#changes(request)).length;
  }

  /** Nobody answers who is asked for a credential. */
  loseCredentials(): void {
    this.#losesCredentials = true;
  }

  /** Every request that only reads is answered so from now on; credentials are still to be had. */
  refuseReads(answer: { readonly status: number; readonly body: string }): void {
    this.#readsAnswer = answer;
  }

  session(): OpenSession<unknown> {
    return openSession(this.trial.definition, this.#connection, {
      ...this.#wire(),
      credential: (refused) => this.#credentials.get(refused),
    });
  }

  /** One attempt; `ambiguous` after one whose answer was lost. Never throws for what a module can foresee. */
  deliver(delivery: Delivery, ambiguous = false): Promise<Outcome | Exclude<LookupOutcome, { kind: "absent" }>> {
    return bringAbout(this.trial.definition, { ...delivery, nowMs: this.#clock() }, this.session(), ambiguous);
  }

  held(delivery: Delivery): readonly unknown[] {
    return this.fake.held(delivery.entity.kind, delivery.entity.key);
  }

  read(kind: EntityKind, value: string, by: "key" | "id" = "key"): Promise<Result<RemoteState | "absent", Failed>> {
    const reading = this.trial.definition.read?.({ kind, by, value }, this.session());
    if (reading === undefined) throw new Error("the module reads nothing");
    return reading;
  }

  /** All pages of one run, with something happening between the first and the second. */
  async changes(query: Partial<ChangeQuery> & { readonly kind: EntityKind }, between: () => void = () => undefined) {
    const reader = this.trial.definition.changes;
    if (reader === undefined) throw new Error("the module tells no changes");
    const records: RemoteState[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 100; page++) {
      const wanted = { fromMs: null, untilMs: this.#clock() + 1, token: null, limit: 2, ...query, cursor };
      const answer = await reader.page(wanted, this.session());
      if (!answer.ok) throw new Error(`a page failed: ${answer.failure.detail}`);
      if (answer.value === "restart") return { restart: true, records, token: null };
      records.push(...answer.value.records);
      cursor = answer.value.nextCursor;
      if (page === 0) between();
      if (cursor === null) return { restart: false, records, token: answer.value.token ?? null };
    }
    throw new Error("the pages do not end");
  }

  readonly #clock = (): number => this.fake.time.nowMs;

  #wire() {
    return { clock: this.#clock, send: (request: RequestSpec) => this.#send(request) };
  }

  async #send(spec: RequestSpec): Promise<Result<ResponseSeen, string>> {
    this.requests.push(spec);
    if (this.#losesCredentials && this.credentialRequests.has(spec)) return fail("no answer within 10000 ms");
    if (this.#readsAnswer !== null && onlyReads(spec) && !this.credentialRequests.has(spec))
      return ok({ ...this.#readsAnswer, headers: new Headers({ "content-type": "text/html" }), nowMs: this.#clock() });
    const interference = this.#changes(spec) ? this.#interfering() : null;
    if (interference?.do === "loseRequest") return fail("no answer: the connection broke");
    if (interference?.do === "answer")
      return ok({
        status: interference.status,
        headers: new Headers(interference.headers),
        body: interference.body ?? "",
        nowMs: this.#clock(),
      });
    const { url, method, headers, body } = spec;
    const response = await this.fake.answer(new Request(url, { method, headers, ...(body === undefined ? {} : { body }) }));
    if (interference?.do === "loseAnswer") return fail("no answer within 10000 ms");
    return ok({ status: response.status, headers: response.headers, body: await response.text(), nowMs: this.#clock() });
  }
  #changes(spec: RequestSpec): boolean {
    return !onlyReads(spec) && !this.credentialRequests.has(spec);
  }

  #interfering(): Interference | null {
    if (this.#interference === null || this.#interference.passing-- > 0) return null;
    const { kind } = this.#interference;
    this.#interference = null;
    return kind;
  }
}
