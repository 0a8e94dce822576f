import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { COMMON_OPTIONS, type Command } from "../cli/command.ts";
import { EXIT_WORDS } from "../cli/exit.ts";
import { COMMANDS } from "../cli/commands/index.ts";
import { usageOf, written } from "../cli/help.ts";
import { ROOT } from "./local.ts";

/** Writes docs/cli.md from the table of commands; with --check only says whether it is as the table would make it. */
const FILE = path.join(ROOT, "docs", "cli.md");

const cell = (text: string): string => text.replaceAll("|", "\\|");

function section(command: Command): string {
  const rows = [
    ...command.arguments.map(({ name, summary, optional }) => [`\`<${name}>\``, `${summary}${optional === true ? " (optional)" : ""}`]),
    ...Object.entries(command.options).map(([name, option]) => [`\`${written(name, option)}\``, option.summary]),
  ];
  const parameters =
    rows.length === 0 ? [] : ["| | |", "|---|---|", ...rows.map(([left = "", right = ""]) => `| ${cell(left)} | ${cell(right)} |`), ""];
  return [
    `## ${command.name}`,
    "",
    `${command.summary[0]?.toUpperCase() ?? ""}${command.summary.slice(1)}.`,
    "",
    ...(command.about === undefined ? [] : [command.about, ""]),
    "```sh",
    `# ${usageOf(command).replace("Usage: ", "")}`,
    ...command.examples,
    "```",
    "",
    ...parameters,
  ].join("\n");
}

const page = `# The command line

Made from the table of commands in \`cli/commands\` by \`npm run docs\`. In this folder it is \`npx signalbox <command>\`; it asks the local
router of \`npm run dev\`, with a token of its own. For a deployed router set \`SIGNALBOX_URL\` (or say \`--url\`) and put a token of your issuer
into \`SIGNALBOX_TOKEN\`. A token is never an option, since options are seen by others on the machine.

Every command takes ${Object.entries(COMMON_OPTIONS)
  .map(([name, { summary }]) => `\`--${name}\` (${summary})`)
  .join(" and ")}. What is not the answer itself goes to standard error; with \`--json\` an error is \`{"error","exit"}\` there.

| exit code | means |
|---|---|
${Object.entries(EXIT_WORDS)
  .map(([code, words]) => `| ${code} | ${words} |`)
  .join("\n")}

Completion: \`signalbox completion bash|zsh|fish\` prints the script; see below.

${COMMANDS.map(section).join("\n")}`;

if (process.argv.includes("--check")) {
  const kept = readFileSync(FILE, { encoding: "utf8", flag: "a+" });
  if (kept !== page) console.error("docs/cli.md is not what the commands make. Run: npm run docs");
  process.exit(kept === page ? 0 : 1);
}
writeFileSync(FILE, page);
