import type { Api } from "./api.ts";
import type { Exit } from "./exit.ts";
import type { Role, World } from "./world.ts";

export interface Option {
  readonly type: "string" | "boolean";
  readonly summary: string;
  /** What stands for the value in help; needed for strings. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Shell completion offers files. */
  readonly file?: boolean;
}
export type Options = Readonly<Record<string, Option>>;

export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  /** It may come several times; only the last one. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
}

type Value<T> = T extends "boolean" ? boolean : T extends "string" ? string : never;
export type Values<O extends Options> = { readonly [K in keyof O]?: Value<O[K]["type"]> };

/** One call of a command: what was asked for, and the hands to do it with. */
export interface Call<O extends Options> {
  readonly args: readonly string[];
  readonly options: Values<O>;
  readonly json: boolean;
  /** The whole table. */
  readonly commands: readonly Command[];
  readonly world: World;
  /** The ops API of the router that `--url` names, with a token that may act as `role`. */
  readonly api: (role: Role) => Promise<Api>;
  /** Prints the value with `--json`, else the text made of it for a terminal of so many columns. */
  readonly show: (value: unknown, text: (columns: number | null) => string) => void;
}

interface Described {
  readonly name: string;
  readonly summary: string;
  /** A paragraph or two, for help and docs. */
  readonly about?: string;
  readonly arguments: readonly Argument[];
  readonly examples: readonly string[];
}

interface Definition<O extends Options> extends Described {
  readonly options: O;
  readonly run: (call: Call<O>) => Promise<Exit>;
}

export type Command = Described & { readonly options: Options; readonly run: (call: Call<Options>) => Promise<Exit> };

/** Declares a command; `run` sees its own options with their types. */
export const command = <const O extends Options>(definition: Definition<O>): Command => definition as unknown as Command;

/** What every command takes. */
export const COMMON_OPTIONS = {
  json: { type: "boolean", summary: "the whole answer as JSON on standard output" },
  help: { type: "boolean", summary: "what the command does" },
} as const satisfies Options;

/** What every command takes that asks a router. */
export const API_OPTIONS = {
  url: {
    type: "string",
    value: "origin",
    summary: "a deployed router; default: SIGNALBOX_URL, else http://localhost:8787 (PORT changes it)",
  },
} as const satisfies Options;
