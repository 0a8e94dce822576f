import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

/** As the ops API names them. */
export type Role = "viewer" | "operator" | "approver" | "admin";

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end. `input` goes to its standard input; `show` lets its output through as it comes. */
export type Runner = (program: string, args: readonly string[], how?: { readonly input?: string; readonly show?: boolean }) => Promise<Ran>;

/** Everything a command touches outside itself, so that tests can put something else in its place. */
export interface World {
  /** A line on standard output. */
  readonly out: (line: string) => void;
  /** A line on standard error: what is not the answer itself. */
  readonly say: (line: string) => void;
  /** Writes over the last line of standard error, on a terminal. */
  readonly overwrite: (line: string) => void;
  readonly terminal: boolean;
  /** The width of the terminal that standard output is; null where it goes to a file or another program. */
  readonly columns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly run: Runner;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  /** Resolves after the time, or at once when the person ends the command. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborted by Ctrl-C. */
  readonly ended: AbortSignal;
  readonly localToken: (role: Role) => Promise<string>;
}

export const ROOT = path.join(import.meta.dirname, "..");

/** This machine. */
export function thisMachine(): World {
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  process.once("SIGTERM", () => end.abort());
  const terminal = process.stderr.isTTY;
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    say: (line) => process.stderr.write(`${line}\n`),
    overwrite: (line) => terminal && process.stderr.write(`\r\u001b[2K${line}`),
    terminal,
    columns: process.stdout.isTTY ? process.stdout.columns : null,
    env: process.env,
    root: ROOT,
    run: runProgram,
    fetch: globalThis.fetch,
    now: Date.now,
    sleep: (ms) => sleep(ms, end.signal),
    ended: end.signal,
    localToken: async (role) => {
      const [{ ensureLocalSecrets }, { opsToken }] = await Promise.all([
        import("../scripts/local-secrets.ts"),
        import("../scripts/ops-token.ts"),
      ]);
      return opsToken(ensureLocalSecrets(ROOT), role);
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

const runProgram: Runner = async (program, args, { input, show = false } = {}) => {
  const bin = path.join(ROOT, "node_modules", ".bin");
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`, WRANGLER_HIDE_BANNER: "true" },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (show) process.stderr.write(chunk);
    });
  }
  if (input !== undefined) child.stdin?.end(input);
  const failed = once(child, "error").then(([error]) => ({ code: 127, output: String(error) }));
  const ended = once(child, "close").then(([code]) => ({ code: (code as number | null) ?? 1, output }));
  return Promise.race([ended, failed]);
};
