import { readdirSync, readFileSync } from "node:fs";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
  /** The most memory that it has held, in MB. */
  readonly peakMb: number;
}

function processOf(pid: number): Process | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? "0";
    return { pid, parent: Number(field("PPid")), command: field("Name"), peakMb: Math.round(Number(field("VmHWM")) / 1024) };
  } catch {
    // It has ended meanwhile.
    return null;
  }
}

/** The most memory that any workerd below this process has held, in MB. Linux only. */
export function peakOfWorkerdMb(): number {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (processOf(Number(name)) ?? []) : []));
  const parentOf = new Map(all.map(({ pid, parent }) => [pid, parent]));
  const isOurs = (pid: number | undefined): boolean => pid !== undefined && pid > 1 && (pid === process.pid || isOurs(parentOf.get(pid)));
  return Math.max(0, ...all.filter(({ pid, command }) => command === "workerd" && isOurs(pid)).map(({ peakMb }) => peakMb));
}
