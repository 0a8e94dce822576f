import { describe, expect, it } from "vitest";
import { completionOf, SHELLS } from "../../cli/completion.ts";
import { COMMANDS } from "../../cli/commands/index.ts";
import { timeOf, wholeNumber } from "../../cli/arguments.ts";
import { spawnSync } from "node:child_process";
import { signalbox } from "./support.ts";

describe("a command line that is not right ends with exit code 2 and says what would be", () => {
  it.each([
    [["bogus"], 'There is no command "bogus"'],
    [["help", "bogus"], 'There is no command "bogus"'],
    [["trace"], "<key> is missing"],
    [["trace", "a", "b"], "one word too many"],
    [["dlq", "explode"], "is none of list, show, retry, skip, edit"],
    [["dlq", "--list", "other"], '--list: "other" is none of business, platform'],
    [["dlq", "--bogus"], "Unknown option '--bogus'"],
    [["dlq", "retry"], "Which letters?"],
    [["dlq", "edit", "dlq_1"], "--patch or --body"],
    [["verify"], "Name a record"],
    [["verify", "--day", "yesterday"], "is no day"],
    [["verify", "order"], "is no record"],
    [["tail", "--forward", "somewhere"], "is no URL"],
    [["tail", "--from", "noon"], "is no time"],
    [["replay", "cancel"], "Which one?"],
    [["drift", "repair"], "Which one?"],
    [["cost", "--events", "many"], "is no whole number"],
    [["send", "custom", "--times", "many"], "is no whole number"],
    [["send", "custom", "--times", "0"], "is no whole number"],
    [["deploy"], "Which deployment?"],
    [["deploy", "staging", "--env", "production"], "staging or production?"],
    [["rollback", "--env", "staging"], "Say why"],
    [["accounts", "rotate", "partner"], "Which account?"],
    [["trace", "x", "--url", "nowhere"], "is no URL"],
  ])("%j", async (argv, words) => {
    const { exit, out, said } = await signalbox(argv);
    expect(said).toContain(words);
    expect({ exit, out }).toEqual({ exit: 2, out: "" });
  });

  it("as JSON where that is asked for", async () => {
    const { said } = await signalbox(["trace", "--json"]);
    expect(JSON.parse(said)).toEqual({ error: expect.stringContaining("<key> is missing") as string, exit: 2 });
  });
});

describe("help", () => {
  it("lists every command, and the exit codes", async () => {
    const { exit, out } = await signalbox([]);
    expect(exit).toBe(0);
    for (const { name, summary } of COMMANDS) expect(out).toContain(`${name.padEnd(10)}  ${summary}`);
    expect(out).toContain("Exit codes:");
  });

  it.each(COMMANDS.map(({ name }) => name))("of %s names its words, options and an example", async (name) => {
    const asked = await signalbox([name, "--help"]);
    expect(await signalbox(["help", name])).toEqual(asked);
    const known = COMMANDS.find((command) => command.name === name);
    for (const option of Object.keys(known?.options ?? {})) expect(asked.out).toContain(`--${option}`);
    expect(asked.out).toContain("--json");
    expect(known?.examples.length).toBeGreaterThan(0);
  });
});

describe("completion", () => {
  const complete = (words: readonly string[]): string[] => {
    const script = `${completionOf("bash", COMMANDS)}\nCOMP_WORDS=(signalbox ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _signalbox; echo "\${COMPREPLY[*]}"`;
    return spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout.trim().split(" ");
  };

  it("offers commands, their first words, options, and the words of an option, in bash", () => {
    expect(complete(["d"])).toEqual(["doctor", "dlq", "drift", "deploy"]);
    expect(complete(["dlq", "re"])).toEqual(["retry"]);
    expect(complete(["dlq", "retry", "--de"])).toEqual(["--destination"]);
    expect(complete(["init", "--env", "prod"])).toEqual(["production"]);
  });

  it.each(SHELLS)("is one for %s that names everything", async (shell) => {
    const { out } = await signalbox(["completion", shell]);
    for (const { name, options } of COMMANDS) for (const word of [name, ...Object.keys(options)]) expect(out).toContain(word);
  });
});

describe("values", () => {
  const nowMs = Date.parse("2026-11-27T12:00:00Z");

  it("times are ISO 8601, or how long ago", () => {
    expect(timeOf("from", "15m", nowMs)).toBe(nowMs - 900_000);
    expect(timeOf("from", "2d", nowMs)).toBe(nowMs - 172_800_000);
    expect(timeOf("from", "2026-11-27T10:00:00+01:00", nowMs)).toBe(Date.parse("2026-11-27T09:00:00Z"));
  });

  it("numbers are whole, and not below the least", () => {
    expect(wholeNumber("rate", "20", 1)).toBe(20);
    expect(wholeNumber("rate", undefined)).toBeUndefined();
    for (const text of ["0", "-1", "1.5", "x"]) expect(() => wholeNumber("rate", text, 1)).toThrow("--rate");
  });
});
