import { headOf, supersedesInLine } from "../../domain/lane.ts";
import type { EntityEvent } from "../../domain/event.ts";
import { LIMITS } from "../../domain/limits.ts";
import type { EventOutcome, LaneReport } from "../../domain/outcome.ts";
import { recoverAfterMs, reportOf, type Work } from "../../domain/work.ts";
import type { Book } from "./book.ts";
import { begin } from "./first-row.ts";
import type { Budget, LaneResult, Lanes } from "./lanes.ts";
import type { SequencePorts } from "./ports.ts";

/** One lane's part in a flight. `parked` once the outcome was written without it. */
interface Run {
  work: Work;
  result: LaneResult | null;
  parked: boolean;
  readonly release: () => void;
  readonly finished: Promise<void>;
}

const effectOf = ({ work, result }: Run): { readonly work: Work; readonly ended: LaneReport }[] =>
  result !== null && "ended" in result ? [{ work, ended: result.ended }] : [];

/** The attempts that an event's caller waits for: what is slower than its patience goes on by alarm. */
export class FirstAttempts {
  readonly #ports: SequencePorts;
  readonly #book: Book;
  readonly #lanes: Lanes;
  /** Tells the index what changed after the caller was answered. */
  readonly #told: () => Promise<void>;
  readonly #runs = new Set<Run>();

  constructor(ports: SequencePorts, book: Book, lanes: Lanes, told: () => Promise<void>) {
    this.#ports = ports;
    this.#book = book;
    this.#lanes = lanes;
    this.#told = told;
  }

  /** First attempts inside the caller's call; the outcome is one row, written when all lanes are through or time is up. */
  async fly(event: EntityEvent, work: readonly Work[], budget: Budget): Promise<EventOutcome> {
    const [{ position, key }] = work as [Work];
    this.#book.departed(key, position);
    const runs = work.map((item) => this.#run(item, budget));
    try {
      await this.#bounded(runs, budget.late);
      for (const run of runs) run.parked = run.result === null;
      const results = runs.map((run) => run.result ?? { owed: this.#unfinished(run.work) });
      return begin(this.#book, { event, key, owe: false }, results, runs.flatMap(effectOf));
    } finally {
      this.#book.arrived(key);
      for (const run of runs) {
        run.release();
        this.#runs.delete(run);
        if (run.parked) void run.finished.then(() => this.#finishLate(run));
      }
    }
  }

  #run(work: Work, budget: Budget): Run {
    const { turn, release } = this.#lanes.enter(work.plan.destination, work.position);
    const finished = turn.then(async () => {
      if (!run.parked) run.result = await this.#inTurn(run, budget);
    });
    const run: Run = { work, result: null, parked: false, release, finished };
    this.#runs.add(run);
    return run;
  }

  /** The lane is ours: but work stored before us goes first, and a newer snapshot in line may make this one unnecessary. */
  async #inTurn(run: Run, budget: Budget): Promise<LaneResult> {
    const { work } = run;
    const head = headOf(this.#book.work(), work.plan.destination, this.#ports.clock());
    // What waits for changes before it lets those pass.
    if (head !== null && head.position < work.position)
      return { owed: head.state === "dead" ? { ...work, reason: `waits behind the dead letter of ${head.event.id}` } : work };
    const newer = [...this.#runs].find((other) => supersedesInLine(other.work, work));
    if (newer !== undefined) return { ended: { ...reportOf(work, "superseded"), reason: `collapsed into ${newer.work.event.id}` } };
    return this.#lanes.attempt(work, budget);
  }

  /** Waits until all lanes are through, but not long for the slow ones once others are, and never beyond the bound. */
  async #bounded(runs: readonly Run[], late: Promise<void>): Promise<void> {
    const all = Promise.all(runs.map((run) => run.finished));
    const first = runs.length < 2 ? new Promise<void>(() => undefined) : Promise.race(runs.map((run) => run.finished));
    let spread: { readonly done: Promise<void>; readonly cancel: () => void } | null = null;
    const spreadOver = first.then(() => (spread = this.#ports.timer(LIMITS.laneSpreadMs)).done);
    await Promise.race([all, late, spreadOver]);
    (spread as { cancel: () => void } | null)?.cancel();
  }

  #unfinished(work: Work): Work {
    const traits = this.#ports.traits(work.plan.destination);
    const started = this.#lanes.running.has(`${work.key}\n${work.plan.destination}`);
    return started && traits !== null ? { ...work, state: "running", dueAtMs: this.#ports.clock() + recoverAfterMs(traits) } : work;
  }

  /** An attempt that outlived its answer: its result is written when it comes, and the lane goes on. */
  async #finishLate(run: Run): Promise<void> {
    if (run.result === null) return;
    this.#lanes.record(run.work, run.result);
    await this.#told();
  }
}
