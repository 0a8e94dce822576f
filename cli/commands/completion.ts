import { completionOf, SHELLS } from "../completion.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit.ts";

export const completion = command({
  name: "completion",
  summary: "the completion script of a shell",
  arguments: [{ name: "shell", summary: "whose", choices: SHELLS }],
  options: {},
  examples: [
    'source <(signalbox completion bash)   # and with: alias signalbox="npx signalbox"',
    "signalbox completion zsh > ~/.zfunc/_signalbox",
    "signalbox completion fish > ~/.config/fish/completions/signalbox.fish",
  ],
  run: async ({ args: [shell = ""], commands, show }) => {
    const script = completionOf(shell, commands);
    show({ shell, script }, () => script);
    return EXIT.ok;
  },
});
