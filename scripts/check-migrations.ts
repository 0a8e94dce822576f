import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./local.ts";

/** Generates into a copy: a schema that the migrations do not hold yet would make a new file there. */
const copy = mkdtempSync(path.join(tmpdir(), "signalbox-migrations-"));
cpSync(path.join(ROOT, "migrations"), copy, { recursive: true });
const before = readdirSync(copy).length;
const bin = path.join(ROOT, "node_modules", "drizzle-kit", "bin.cjs");
const schema = path.join(ROOT, "src", "adapters", "schema.ts");
const made = spawnSync(process.execPath, [bin, "generate", "--dialect", "sqlite", "--schema", schema, "--out", path.relative(ROOT, copy)], {
  cwd: ROOT,
  encoding: "utf8",
});
const after = readdirSync(copy).length;
rmSync(copy, { recursive: true });
if (made.status !== 0) console.error(made.stdout, made.stderr);
if (after !== before)
  console.error(
    "src/adapters/schema.ts says more than migrations/ holds. Run: npx drizzle-kit generate, and make new tables WITHOUT ROWID.",
  );
process.exit(made.status === 0 && after === before ? 0 : 1);
