import { COMMON_OPTIONS, type Argument, type Command, type Option } from "./command.ts";
import { EXIT_WORDS } from "./exit.ts";

const shown = ({ name, optional = false, many = false, choices }: Argument): string => {
  const word = choices === undefined ? `<${name}>` : `<${choices.join("|")}>`;
  const repeated = many ? `${word} ...` : word;
  return optional ? `[${repeated}]` : repeated;
};

/** `signalbox verb <word> [options]`. */
export const usageOf = (command: Command): string =>
  `Usage: ${["signalbox", command.name, ...command.arguments.map(shown), "[options]"].join(" ")}`;

/** How an option is written, with what stands for its value. */
export const written = (name: string, { value, choices }: Option): string =>
  `--${name}${value === undefined ? "" : ` <${choices === undefined ? value : choices.join("|")}>`}`;

function aligned(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) => (left.length > width ? `  ${left}\n  ${" ".repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`))
    .join("\n");
}

export function commandHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  return [
    usageOf(command),
    `\n${command.summary[0]?.toUpperCase() ?? ""}${command.summary.slice(1)}.`,
    ...(command.about === undefined ? [] : [`\n${command.about}`]),
    ...(command.arguments.length === 0 ? [] : [`\n${aligned(command.arguments.map((each) => [each.name, each.summary]))}`]),
    `\n${aligned(options.map(([name, option]) => [written(name, option), option.summary]))}`,
    `\n${command.examples.map((example) => `  ${example}`).join("\n")}`,
  ].join("\n");
}

export const overview = (commands: readonly Command[]): string =>
  [
    "Usage: signalbox <command> [options]",
    "",
    aligned(commands.map(({ name, summary }) => [name, summary])),
    "",
    "signalbox help <command> says more. A deployed router: SIGNALBOX_URL, and a token in SIGNALBOX_TOKEN.",
    `Exit codes:${Object.entries(EXIT_WORDS)
      .map(([code, words]) => `\n  ${code}  ${words}`)
      .join("")}`,
  ].join("\n");
