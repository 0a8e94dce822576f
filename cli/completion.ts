import { optionsOf } from "./arguments.ts";
import type { Command, Option } from "./command.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The script that completes commands, options and their closed lists of words in a shell. */
export function completionOf(shell: string, commands: readonly Command[]): string {
  if (shell === "fish") return fish(commands);
  return shell === "zsh" ? zsh(commands) : bash(commands);
}

const names = (commands: readonly Command[]): string => [...commands.map(({ name }) => name), "help"].join(" ");
const flags = (command: Command): string =>
  Object.keys(optionsOf(command))
    .map((name) => `--${name}`)
    .join(" ");

/** What may follow the command's name as its first word. */
const firstWords = ({ arguments: wanted }: Command): readonly string[] => wanted[0]?.choices ?? [];

const valued = (command: Command): readonly (readonly [string, Option])[] =>
  Object.entries(optionsOf(command)).filter(([, { type }]) => type === "string");

function bashCase(command: Command): string {
  const values = valued(command).map(([name, { choices, file }]) => {
    const reply = file === true ? 'compgen -f -- "$word"' : `compgen -W "${choices?.join(" ") ?? ""}" -- "$word"`;
    return `        --${name}) COMPREPLY=($(${reply})); return ;;`;
  });
  const words = firstWords(command).join(" ");
  return [
    `    ${command.name})`,
    `      case "$before" in`,
    ...values,
    "      esac",
    `      if [[ $COMP_CWORD -eq 2 && "$word" != -* ]]; then COMPREPLY=($(compgen -W "${words}" -- "$word")); else COMPREPLY=($(compgen -W "${flags(command)}" -- "$word")); fi ;;`,
  ].join("\n");
}

const bash = (commands: readonly Command[]): string => `_signalbox() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W "${names(commands)}" -- "$word")); return; fi
  case "\${COMP_WORDS[1]}" in
    help) COMPREPLY=($(compgen -W "${names(commands)}" -- "$word")) ;;
${commands.map(bashCase).join("\n")}
  esac
}
complete -F _signalbox signalbox`;

/** Inside single quotes and brackets of zsh's `_arguments`. */
const zshText = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");

function zshCase(command: Command): string {
  const options = Object.entries(optionsOf(command)).map(([name, option]) => {
    const action = option.file === true ? "_files" : option.choices === undefined ? "" : `(${option.choices.join(" ")})`;
    return `'--${name}[${zshText(option.summary)}]${option.type === "string" ? `:${zshText(option.value ?? name)}:${action}` : ""}'`;
  });
  const words = command.arguments.map(
    ({ name, choices, many }) => `'${many === true ? "*" : ""}:${zshText(name)}:${choices === undefined ? "" : `(${choices.join(" ")})`}'`,
  );
  return `    ${command.name}) _arguments ${[...options, ...words].join(" ")} ;;`;
}

const zsh = (commands: readonly Command[]): string => `#compdef signalbox
_signalbox() {
  if (( CURRENT == 2 )); then
    local -a verbs=(${commands.map(({ name, summary }) => `'${name}:${zshText(summary)}'`).join(" ")})
    _describe command verbs
    return
  fi
  shift words; (( CURRENT-- ))
  case $words[1] in
${commands.map(zshCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _signalbox ]]; then _signalbox "$@"; else compdef _signalbox signalbox; fi`;

const fishText = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fishLines(command: Command): readonly string[] {
  const here = `complete -c signalbox -n '__fish_seen_subcommand_from ${command.name}'`;
  const options = Object.entries(optionsOf(command)).map(([name, { type, choices, file, summary }]) => {
    const value = type === "boolean" ? "" : file === true ? " -r -F" : ` -x${choices === undefined ? "" : ` -a '${choices.join(" ")}'`}`;
    return `${here} -l ${name}${value} -d ${fishText(summary)}`;
  });
  const words = firstWords(command);
  return [...(words.length === 0 ? [] : [`${here} -a '${words.join(" ")}'`]), ...options];
}

const fish = (commands: readonly Command[]): string =>
  [
    "complete -c signalbox -f",
    ...commands.map(({ name, summary }) => `complete -c signalbox -n __fish_use_subcommand -a ${name} -d ${fishText(summary)}`),
    ...commands.flatMap(fishLines),
  ].join("\n");
