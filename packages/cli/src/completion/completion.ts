import { SETTING_PATHS } from "@bonfire/platform/settings/settings";
import type { Command } from "commander";
import type { Shell } from "../commands/completion-command.ts";
import { bashCompletion } from "./bash.ts";
import { type CommandNode, commandTree } from "./command-tree.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

const SCRIPTS: Readonly<Record<Shell, (tree: CommandNode) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export function printCompletion(shell: Shell, program: Command): void {
  process.stdout.write(SCRIPTS[shell](commandTree(program, { "/config/set": SETTING_PATHS, "/config/unset": SETTING_PATHS })));
}
