import { VERSION } from "@bonfire/platform/version";
import { Command } from "commander";
import { addAliasesCommands } from "./commands/aliases-commands.ts";
import { addApplyCommand } from "./commands/apply-command.ts";
import { addChatCommand } from "./commands/chat-command.ts";
import { addCompletionCommand } from "./commands/completion-command.ts";
import { addConfigCommands } from "./commands/config-commands.ts";
import { addDeploymentsCommands } from "./commands/deployments-commands.ts";
import { addKeysCommands } from "./commands/keys-commands.ts";
import { addLogsCommand } from "./commands/logs-command.ts";
import { addModelsCommands } from "./commands/models-commands.ts";
import { addPlatformCommands } from "./commands/platform-commands.ts";
import { addRoutesCommands } from "./commands/routes-commands.ts";
import { addSecretsCommands } from "./commands/secrets-commands.ts";
import { ABOUT_EXIT_CODES, examples, type Finish } from "./commands/shared-options.ts";
import { addUpstreamsCommands } from "./commands/upstreams-commands.ts";

/** All commands. Only their declarations: the code of each is loaded when it runs, so that `--help` is quick. */
export function buildProgram(finish: Finish): Command {
  const program = new Command("bonfire")
    .description("A team's own inference cloud: open models behind an OpenAI-compatible API, on machines of your own.")
    .version(VERSION)
    .showHelpAfterError("Add --help to see how it is used.")
    .addHelpText("after", `${ABOUT_EXIT_CODES}\n${examples("up", "status", "chat", "models pull --help")}`)
    // Here and not later: subcommands inherit it when they are made.
    .exitOverride();
  addPlatformCommands(program, finish);
  addModelsCommands(program);
  addAliasesCommands(program);
  addApplyCommand(program);
  addUpstreamsCommands(program);
  addRoutesCommands(program);
  addDeploymentsCommands(program);
  addKeysCommands(program);
  addSecretsCommands(program);
  addChatCommand(program, finish);
  addLogsCommand(program);
  addConfigCommands(program);
  addCompletionCommand(program);
  return program;
}
