import { Argument, type Command } from "commander";
import { examples } from "./shared-options.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("Print a script that lets a shell complete this program's commands, options and settings.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText("after", `${ABOUT_COMPLETION}\n${examples("completion bash >> ~/.bashrc")}`)
    .action(async (shell: Shell) => (await import("../completion/completion.ts")).printCompletion(shell, program));
}

const ABOUT_COMPLETION = `
The script completes the command \`bonfire\`. Where to put it:
  bash  ~/.bashrc, or a file named bonfire in ~/.local/share/bash-completion/completions
  zsh   a file named _bonfire in a folder of $fpath
  fish  ~/.config/fish/completions/bonfire.fish`;
