import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openapi } from "../src/http/openapi.ts";
import type { Description } from "./api-client/description.ts";
import { clientTypes } from "./api-client/module.ts";
import { ROOT } from "./local.ts";

/** Writes the client's types from the OpenAPI description; with --check only says whether they are as it would make them. */
const FILE = path.join(ROOT, "cli", "client", "operations.ts");

/** As the formatter of this project writes it. */
async function formatted(text: string): Promise<string> {
  const { format } = await import("oxfmt");
  const settings = JSON.parse(readFileSync(path.join(ROOT, ".oxfmtrc.json"), "utf8")) as { readonly printWidth: number };
  const { code, errors } = await format(FILE, text, { printWidth: settings.printWidth });
  if (errors.length > 0) throw new Error(`the generated client is not TypeScript: ${JSON.stringify(errors)}`);
  return code;
}

const made = await formatted(clientTypes(openapi("https://router.example") as Description));
if (process.argv.includes("--check")) {
  const written = readFileSync(FILE, { encoding: "utf8", flag: "a+" });
  if (written !== made) console.error("cli/client/operations.ts is not what the description makes. Run: npm run docs");
  process.exit(written === made ? 0 : 1);
}
writeFileSync(FILE, made);
