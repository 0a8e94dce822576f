import { DurableObject } from "cloudflare:workers";
import { deploymentOf } from "../src/deployment.ts";
import { LIMITS } from "../src/domain/limits.ts";
import { stepReplay, type Next, type RunnerMemory } from "../src/pipeline/replay.ts";
import { runPorts } from "../src/wiring/replay.ts";

/** How long a runner that was called waits for its replay to be stored as running. */
const READY_WITHIN_MS = 60_000;

/** One object per replay: its alarm takes one step after another, and what it remembers outlives it. */
export class ReplayRunner extends DurableObject<Env> {
  /** The runner is armed when this returns; it begins once the replay is stored as running. */
  async start(id: string): Promise<void> {
    this.ctx.storage.kv.put("id", id);
    this.ctx.storage.kv.put("armedAtMs", Date.now());
    await this.ctx.storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    const id = this.ctx.storage.kv.get<string>("id");
    if (id === undefined) return;
    const next = await this.#step(id);
    if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now()));
  }

  /** Takes one step; answers when the next is due, null if there is none. */
  async #step(id: string): Promise<number | null> {
    const { kv } = this.ctx.storage;
    const memory = {
      memory: () => kv.get<RunnerMemory>("memory") ?? null,
      remember: (changed: RunnerMemory) => kv.put("memory", changed),
    };
    try {
      return this.#due(await stepReplay(runPorts(this.env, deploymentOf(this.env), id, memory)));
    } catch (error) {
      console.warn(JSON.stringify({ level: "warn", message: "a replay's step is done again", replay: id, error: String(error) }));
      return Date.now() + LIMITS.replayRetryMs;
    }
  }

  #due(next: Next): number | null {
    switch (next.kind) {
      case "again":
        return next.atMs;
      case "stop":
        return null;
      case "notYet":
        return Date.now() - (this.ctx.storage.kv.get<number>("armedAtMs") ?? 0) < READY_WITHIN_MS ? Date.now() + LIMITS.replayStepMs : null;
    }
  }
}
