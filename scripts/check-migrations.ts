import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./local.ts";

/** Generates into a copy: a schema that the migrations do not hold yet would make a new file there. */
const copy = mkdtempSync(path.join(tmpdir(), "signalbox-migrations-"));
cpSync(path.join(ROOT, "migrations"), copy, { recursive: true });
const before = readdirSync(copy).length;
const bin = path.join(ROOT, "node_modules", "drizzle-kit", "bin.cjs");
const schema = path.join(ROOT, "src", "adapters", "schema*.ts");
const made = spawnSync(process.execPath, [bin, "generate", "--dialect", "sqlite", "--schema", schema, "--out", path.relative(ROOT, copy)], {
  cwd: ROOT,
  encoding: "utf8",
});
const after = readdirSync(copy).length;
rmSync(copy, { recursive: true });
if (made.status !== 0) console.error(made.stdout, made.stderr);
if (after !== before)
  console.error(
    "src/adapters/schema*.ts say more than migrations/ holds. Run: npx drizzle-kit generate, and make new tables WITHOUT ROWID.",
  );

/** A table with a rowid pays a second row write for its key; drizzle cannot say WITHOUT ROWID, so it is added by hand. */
const statements = readdirSync(path.join(ROOT, "migrations"))
  .filter((file) => file.endsWith(".sql"))
  .flatMap((file) =>
    readFileSync(path.join(ROOT, "migrations", file), "utf8")
      .split(";")
      .map((statement) => ({ file, statement })),
  );
const withRowid = statements.filter(({ statement }) => /\bCREATE TABLE\b/i.test(statement) && !/\)\s*WITHOUT ROWID\s*$/i.test(statement));
for (const { file, statement } of withRowid) {
  console.error(`migrations/${file}: end with WITHOUT ROWID: CREATE TABLE ${/CREATE TABLE\s+(\S+)/i.exec(statement)?.[1] ?? ""}`);
}

/** A deployment migrates before the new code runs, and a rollback leaves the schema: the code before must still find all it reads. */
const LOSES = /\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bADD\b(?=[^,]*\bNOT\s+NULL\b)(?![^,]*\bDEFAULT\b)/i;
const losing = statements.filter(({ statement }) => LOSES.test(statement));
for (const { file, statement } of losing)
  console.error(`migrations/${file}: the code that runs meanwhile needs what this takes away: ${statement.trim()}`);
process.exit(made.status === 0 && after === before && withRowid.length + losing.length === 0 ? 0 : 1);
