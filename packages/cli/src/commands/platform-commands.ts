import type { Command } from "commander";
import type { UpOptions } from "../up.ts";
import { positiveInteger } from "./option-values.ts";
import { type ConnectionOptions, examples, type Finish, onPlatform } from "./shared-options.ts";

export function addPlatformCommands(program: Command, finish: Finish): void {
  program
    .command("up")
    .description("Start the platform and run it until Ctrl-C.")
    .option("--config <file>", "settings file, as BONFIRE_CONFIG (default: bonfire.yaml in the home)")
    .option(
      "--workers <number>",
      "gateway processes that share the port, as BONFIRE_WORKERS (default: none, everything in one process)",
      positiveInteger,
    )
    .addHelpText("after", ABOUT_UP)
    .action(async (options: UpOptions) => finish(await (await import("../up.ts")).up(options)));

  onPlatform(program.command("status"))
    .description("Show on one screen how the running platform is doing. Exit code 3 when none answers.")
    .addHelpText("after", examples("status", "status --json"))
    .action(async (options: ConnectionOptions) => (await import("../status.ts")).status(options));

  onPlatform(program.command("restart"))
    .description("Replace the workers of the running platform one by one, so that no request fails of it.")
    .addHelpText("after", examples("restart", "restart --url http://10.0.0.5:8080"))
    .action(async (options: ConnectionOptions) => (await import("../restart.ts")).restartWorkers(options));

  program
    .command("doctor")
    .description("Look for what keeps the platform from working, and say how to mend it. Changes nothing.")
    .option("--json", "print what programs can read")
    .addHelpText("after", `\nExit code 1 when something is wrong that must be mended.\n${examples("doctor")}`)
    .action(async ({ json }: { readonly json?: boolean }) =>
      finish(await (await import("../doctor/doctor.ts")).runDoctor({ json: json === true })),
    );
}

const ABOUT_UP = `
The first start fetches an engine and a small model, starts a database of its own and prints an API key, once.
Ctrl-C lets running requests finish for a while (server.shutdown_grace); a second Ctrl-C ends them at once.

Settings stand in bonfire.yaml or in variables such as BONFIRE_PORT; \`bonfire config print --long\` explains all of them.
BONFIRE_HOME is the folder of the instance (default ~/.bonfire): another one is another instance.
${examples("up", "up --config ./bonfire.yaml", "up --workers 4", "BONFIRE_HOME=~/second BONFIRE_PORT=8081 @ up")}`;
