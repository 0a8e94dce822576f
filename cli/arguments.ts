import { parseArgs } from "node:util";
import { COMMON_OPTIONS, type Argument, type Command, type Options, type Values } from "./command.ts";
import { EXIT, Stop } from "./exit.ts";
import { usageOf } from "./help.ts";

export interface Parsed {
  readonly args: readonly string[];
  readonly options: Values<Options>;
}

/** Every option that a command takes. */
export const optionsOf = ({ options }: Command): Options => ({ ...options, ...COMMON_OPTIONS });

/** Reads a command's words and options; anything it does not know ends with its usage. */
export function parseCommandLine(command: Command, argv: readonly string[]): Parsed {
  const known = optionsOf(command);
  const { values, positionals } = read(command, argv, known);
  const options = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : value === true]),
  );
  if (options["help"] === true) return { args: [], options };
  for (const [name, value] of Object.entries(options)) {
    const { choices } = known[name] ?? {};
    if (typeof value === "string") checkChoice(command, { what: `--${name}`, value, choices });
  }
  checkArguments(command, positionals);
  return { args: positionals, options };
}

function read(command: Command, argv: readonly string[], known: Options): ReturnType<typeof parseArgs> {
  const types = Object.fromEntries(Object.entries(known).map(([name, { type }]) => [name, { type }] as const));
  const alias = argv.map((word) => (word === "-h" ? "--help" : word));
  try {
    return parseArgs({ args: alias, options: types, allowPositionals: true });
  } catch (error) {
    // parseArgs says what is wrong with a TypeError; its second sentence is about another way to write the same mistake.
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new Stop(EXIT.usage, `${what}\n\n${usageOf(command)}`);
  }
}

function checkArguments(command: Command, given: readonly string[]): void {
  const wanted = command.arguments;
  const missing = wanted.find((argument, index) => argument.optional !== true && given[index] === undefined);
  if (missing !== undefined) throw new Stop(EXIT.usage, `<${missing.name}> is missing: ${missing.summary}\n\n${usageOf(command)}`);
  if (given.length > wanted.length && wanted.at(-1)?.many !== true)
    throw new Stop(EXIT.usage, `"${given[wanted.length] ?? ""}" is one word too many\n\n${usageOf(command)}`);
  for (const [index, value] of given.entries()) {
    const argument: Argument | undefined = wanted[index] ?? wanted.at(-1);
    checkChoice(command, { what: `<${argument?.name ?? ""}>`, value, choices: argument?.choices });
  }
}

function checkChoice(
  command: Command,
  { what, value, choices }: { readonly what: string; readonly value: string; readonly choices: readonly string[] | undefined },
): void {
  if (choices === undefined || choices.includes(value)) return;
  throw new Stop(EXIT.usage, `${what}: "${value}" is none of ${choices.join(", ")}\n\n${usageOf(command)}`);
}

/** A whole number of an option; anything else ends the command. */
export function wholeNumber(name: string, text: string | undefined, least = 0): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Stop(EXIT.usage, `--${name}: "${text}" is no whole number from ${least} on`);
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time of an option: ISO 8601, or how long ago, such as 15m, 6h or 2d. */
export function timeOf(name: string, text: string, nowMs: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const ms = ago === null ? Date.parse(text) : nowMs - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS];
  if (Number.isFinite(ms)) return ms;
  throw new Stop(EXIT.usage, `--${name}: "${text}" is no time; write 2026-11-27T10:00:00Z, or 15m, 6h, 2d ago`);
}
