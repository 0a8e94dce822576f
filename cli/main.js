#!/usr/bin/env node
// Runs the command line on a Node that reads TypeScript: this one, or the one that npm ci has put into the project.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const bundled = fileURLToPath(new URL(`../node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`, import.meta.url));

if (major > 22 || (major === 22 && minor >= 18)) {
  await import("./run.ts");
} else if (existsSync(bundled)) {
  // The child gets Ctrl-C from the terminal itself; this one only waits for it.
  process.on("SIGINT", () => {});
  const done = spawnSync(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = done.status ?? 1;
} else {
  process.stderr.write(`signalbox needs Node 22.18 or newer; this is ${process.version}. "npm ci" in its folder brings one along.\n`);
  process.exitCode = 2;
}
