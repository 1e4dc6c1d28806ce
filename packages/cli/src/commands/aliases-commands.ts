import type { Command } from "commander";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

export function addAliasesCommands(program: Command): void {
  const aliases = program
    .command("aliases")
    .description("Give models further names, such as those that applications ask for already.")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(aliases.command("list"))
    .description("List aliases and the models that they stand for.")
    .addHelpText("after", examples("aliases list", "aliases list --json"))
    .action(async (options: ConnectionOptions) => (await import("../aliases.ts")).listAliases(options));
  onPlatform(aliases.command("set"))
    .description("Make a name stand for a model, whatever it stood for before.")
    .argument("<name>", "what applications ask for, such as gpt-4o or accounts/fireworks/models/x")
    .argument("<model>", "id of the model, from `bonfire models list`; it need not be there yet")
    .addHelpText("after", examples("aliases set gpt-4o Qwen/Qwen3-8B", "aliases set openai/gpt-oss-20b smollm2"))
    .action(async (name: string, model: string, options: ConnectionOptions) =>
      (await import("../aliases.ts")).setAlias(name, model, options),
    );
  onPlatform(aliases.command("rm"))
    .description("Remove an alias; its model stays.")
    .argument("<name>", "name of the alias, from `bonfire aliases list`")
    .addHelpText("after", examples("aliases rm gpt-4o"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../aliases.ts")).removeAlias(name, options));
}
