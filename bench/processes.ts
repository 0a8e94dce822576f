import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";

/** Linux counts CPU time in ticks of 10 ms (USER_HZ is 100 on every architecture Node runs on). */
const TICK_MS = 10;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ticks: number;
}

/** /proc/<pid>/stat (man proc_pid_stat): the name stands in brackets and may itself hold brackets and blanks. */
function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const close = text.lastIndexOf(")");
    const fields = text.slice(close + 2).split(" ");
    const field = (number: number): number => Number(fields[number - 3] ?? 0);
    return { pid, parent: field(4), name: text.slice(text.indexOf("(") + 1, close), ticks: field(14) + field(15) };
  } catch {
    return null;
  }
}

const allProcesses = (): Stat[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);

/** User and system CPU time of a process and all below it, in ms. */
export function cpuMs(pid: number): number {
  const all = allProcesses();
  const tree = new Set([pid]);
  for (let grown = true; grown;) {
    const size = tree.size;
    for (const process of all) if (tree.has(process.parent)) tree.add(process.pid);
    grown = tree.size > size;
  }
  return all.filter((process) => tree.has(process.pid)).reduce((ms, process) => ms + process.ticks * TICK_MS, 0);
}

/** Our own children of this name. */
export const childrenNamed = (name: string): ReadonlySet<number> =>
  new Set(
    allProcesses()
      .filter((stat) => stat.parent === process.pid && stat.name === name)
      .map((stat) => stat.pid),
  );

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
