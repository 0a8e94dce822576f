import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { optionsOf } from "../../cli/arguments.ts";
import { COMMANDS } from "../../cli/commands/index.ts";
import { ROOT } from "../../cli/world.ts";

const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const inFolder = (folder: string): readonly string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(md|yml)$/.test(name))
    .map((name) => path.join(folder, name));

const FILES = ["README.md", ...inFolder("docs"), ...inFolder(".github/workflows")];
const SCRIPTS = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);

interface Told {
  readonly file: string;
  readonly line: string;
}

/** Lines that name a command, to where the command ends. */
const told = (command: RegExp): readonly Told[] =>
  FILES.flatMap((file) => [...read(file).matchAll(command)].map((match) => ({ file, line: match[0].trim() })));

function wrongWith({ line }: Told): string | null {
  const [, verb = "", rest = ""] = /signalbox ([a-z]+)(.*)/.exec(line) ?? [];
  const command = COMMANDS.find(({ name }) => name === verb);
  if (command === undefined) return verb === "help" || verb === "" ? null : `there is no command ${verb}`;
  const known = Object.keys(optionsOf(command));
  const unknown = [...rest.matchAll(/--([a-z-]+)/g)].map(([, name = ""]) => name).find((name) => !known.includes(name));
  return unknown === undefined ? null : `${verb} has no option --${unknown}`;
}

describe("what README, docs and workflow tell one to run is there", () => {
  it("every command of signalbox with its options", () => {
    const lines = told(/npx signalbox [^`\n#]*/g);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.flatMap((each) => wrongWith(each) ?? [])).toEqual([]);
  });

  it("every script of npm", () => {
    const lines = told(/npm run (?:-s |--silent )?[a-z:]+/g);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.map(({ line }) => line.split(" ").at(-1) ?? "").filter((name) => !SCRIPTS.includes(name))).toEqual([]);
  });
});
