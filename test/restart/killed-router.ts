import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startLocal, type Local } from "../../scripts/local.ts";

/** A local router whose processes can all be ended at once, in mid-work, and started again over the same data. */
export class KilledRouter {
  readonly #dataDir = mkdtempSync(path.join(tmpdir(), "signalbox-restart-"));
  readonly #routerConfig: string | undefined;
  readonly #groups = new Set<number>();
  #local: Local | null = null;

  constructor(routerConfig?: string) {
    this.#routerConfig = routerConfig;
  }

  async start(): Promise<Local> {
    const config = this.#routerConfig === undefined ? {} : { routerConfig: this.#routerConfig };
    this.#local = await startLocal({ port: 0, sandboxPort: 0, dataDir: this.#dataDir, fresh: false, ...config });
    this.#groups.add(this.#group());
    return this.#local;
  }

  /** The process that leads the router's group: our child that keeps its data in this test's directory. */
  #group(): number {
    const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
    const found = lines
      .map((line) => /^ *(\d+) +(\d+) (.*)$/.exec(line))
      .find((line) => line?.[2] === String(process.pid) && line[3]?.includes(this.#dataDir));
    if (found?.[1] === undefined) throw new Error("the router's process was not found");
    return Number(found[1]);
  }

  /** Ends all processes of the router at once, and then the sandbox in good order. */
  async crash(): Promise<void> {
    const local = this.#local;
    this.#local = null;
    this.#end();
    const ended = await local?.ended.then(
      () => "went on",
      (error: unknown) => String(error),
    );
    if (ended?.includes("ended by itself") !== true) throw new Error(`the router did not end: ${ended}`);
    await local?.sandbox.close();
  }

  #end(): void {
    for (const group of this.#groups) {
      try {
        process.kill(-group, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    this.#groups.clear();
  }

  /** Ends whatever is left, and takes the data away. */
  async close(): Promise<void> {
    await this.#local?.stop();
    this.#end();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}
