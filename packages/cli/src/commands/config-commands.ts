import type { Command } from "commander";
import { examples } from "./shared-options.ts";

export function addConfigCommands(program: Command): void {
  const config = program
    .command("config")
    .description("Look at the settings, and change those in bonfire.yaml.")
    .addHelpText(
      "after",
      "\nA variable wins over bonfire.yaml, which lies in BONFIRE_HOME or where BONFIRE_CONFIG says. Changes count from the next start.",
    );

  config
    .command("print")
    .description("Print every setting with its value and where that comes from. Secrets are not shown.")
    .option("-l, --long", "say as well what each means, and its variable")
    .option("--json", "print what programs can read")
    .addHelpText("after", examples("config print", "config print --long"))
    .action(async (options: { readonly long?: boolean; readonly json?: boolean }) =>
      (await import("../config/print-settings.ts")).printSettings(options),
    );
  config
    .command("set")
    .description("Write a setting to bonfire.yaml, after a check.")
    .argument("<path>", "the setting, such as server.port")
    .argument("<value>", "its value; entries of a list with commas between them; - reads it from stdin, as is right for secrets")
    .addHelpText(
      "after",
      examples(
        "config set server.port 9000",
        "config set models.preload smollm2,qwen3:8b",
        "@ config set hugging_face.token - < token.txt",
      ),
    )
    .action(async (path: string, value: string) => (await import("../config/edit-settings.ts")).setSetting(path, value));
  config
    .command("unset")
    .description("Remove a setting from bonfire.yaml, so that its default counts again.")
    .argument("<path>", "the setting, such as server.port")
    .addHelpText("after", examples("config unset server.port"))
    .action(async (path: string) => (await import("../config/edit-settings.ts")).unsetSetting(path));
  config
    .command("path")
    .description("Print where bonfire.yaml is looked for.")
    .addHelpText("after", examples("$EDITOR $(@ config path)"))
    .action(async () => (await import("../config/edit-settings.ts")).printSettingsPath());
}
