import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT, Stop } from "./exit.ts";

/** How far a tail has come: the newest time seen, and what was seen shortly before it. */
export interface Place {
  readonly newestMs: number;
  readonly seen: readonly string[];
}

/** Null if there is none yet. */
export function readPlace(file: string): Place | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  try {
    const { newestMs, seen } = JSON.parse(text) as Partial<Place>;
    if (typeof newestMs === "number" && Array.isArray(seen)) return { newestMs, seen };
  } catch {
    // Said below, as for any other file that is none of ours.
  }
  throw new Stop(EXIT.usage, `${file} is no place that tail has kept; delete it to begin anew, or name another with --place`);
}

/** Whole or not at all: a crash leaves the earlier place. */
export function writePlace(file: string, place: Place): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(place));
  renameSync(`${file}.new`, file);
}
