import { parseCommandLine } from "./arguments.ts";
import type { Call, Options } from "./command.ts";
import { EXIT, Stop, type Exit } from "./exit.ts";
import { COMMANDS } from "./commands/index.ts";
import { connect } from "./connection.ts";
import { commandHelp, overview } from "./help.ts";
import type { World } from "./world.ts";

/** Runs one command line to its end and says how it ended; never throws for what can be expected. */
export async function runCommandLine(argv: readonly string[], world: World): Promise<Exit> {
  const json = argv.includes("--json");
  try {
    return await dispatch(argv, world);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    world.say(json ? JSON.stringify({ error: error.message, exit: error.exit }) : error.message);
    return error.exit;
  }
}

async function dispatch([name, ...rest]: readonly string[], world: World): Promise<Exit> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return help(rest[0], world);
  const found = COMMANDS.find((command) => command.name === name);
  if (found === undefined) throw new Stop(EXIT.usage, unknown(name));
  const { args, options } = parseCommandLine(found, rest);
  if (options["help"] === true) return help(name, world);
  const json = options["json"] === true;
  const url = typeof options["url"] === "string" ? options["url"] : undefined;
  const call: Call<Options> = {
    args,
    options,
    json,
    commands: COMMANDS,
    world,
    api: (role) => connect(world, url, role),
    show: (value, text) => world.out(json ? JSON.stringify(value, null, 2) : text(world.columns)),
  };
  return found.run(call);
}

function help(name: string | undefined, world: World): Exit {
  const found = COMMANDS.find((command) => command.name === name);
  if (name !== undefined && found === undefined) throw new Stop(EXIT.usage, unknown(name));
  world.out(found === undefined ? overview(COMMANDS) : commandHelp(found));
  return EXIT.ok;
}

const unknown = (name: string): string =>
  `There is no command "${name}". There are: ${COMMANDS.map((command) => command.name).join(", ")}.`;
