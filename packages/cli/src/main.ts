import { ConfigError } from "@bonfire/platform/config";
import { PLACES, SETTING_PATHS, SETTINGS } from "@bonfire/platform/settings/settings";
import { VERSION } from "@bonfire/platform/version";
import { Command, CommanderError } from "commander";
import { CliError, EXIT } from "./exit.ts";

/** Runs one command line. @returns the exit code. Each command's code is loaded only when it runs. */
export async function runCli(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = new Command("bonfire")
    .description("A team's own inference cloud: open models behind an OpenAI-compatible API, on machines of your own.")
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("Add --help to see how it is used.");

  program
    .command("up")
    .description("Start the platform and run it until Ctrl-C.")
    .addHelpText("after", upHelp)
    .action(async () => {
      const { up } = await import("./up.ts");
      exitCode = await up();
    });

  const keys = program.command("keys").description("Create, list and revoke API keys.").addHelpText("after", REMOTE_HELP);
  const connection = (command: Command): Command =>
    command
      .option(
        "--url <url>",
        "base URL of a platform elsewhere, such as http://10.0.0.5:8080 (default: the one of BONFIRE_HOME on this machine)",
      )
      .option("--admin-key <key>", "an admin key for --url (better in BONFIRE_ADMIN_KEY, where no process list shows it)");

  connection(keys.command("create"))
    .description("Create a key and print its secret, once.")
    .argument("<name>", "what the key is for")
    .option("--role <role>", "inference: may call models; admin: may manage the platform as well", "inference")
    .option("--json", "print the whole answer as JSON")
    .addHelpText("after", "\nExample:\n  KEY=$(npx --no bonfire keys create my-app)")
    .action(async (name: string, options: KeyOptions) => (await import("./keys.ts")).createKey(name, options));
  connection(keys.command("list"))
    .description("List keys, without their secrets.")
    .option("--json", "print the list as JSON")
    .action(async (options: KeyOptions) => (await import("./keys.ts")).listKeys(options));
  connection(keys.command("revoke"))
    .description("Revoke a key for good; requests with it are refused from then on.")
    .argument("<id>", "id of the key, from `bonfire keys list`")
    .option("--json", "print the answer as JSON")
    .action(async (id: string, options: KeyOptions) => (await import("./keys.ts")).revokeKey(id, options));

  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CliError || error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      return error instanceof CliError ? error.exitCode : EXIT.usage;
    }
    throw error;
  }
  return exitCode;
}

/** What commander hands over; checked where it is used. */
interface KeyOptions {
  readonly url?: string;
  readonly adminKey?: string;
  readonly role?: string;
  readonly json?: boolean;
}

function upHelp(): string {
  const variables = [...Object.entries(PLACES), ...SETTING_PATHS.map((path) => [SETTINGS[path].env, SETTINGS[path].about] as const)];
  const width = Math.max(...variables.map(([name]) => name.length));
  const settings = variables.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`);
  return `
The first start fetches an engine and a small model, starts a database of its own and prints an API key, once.
Ctrl-C lets running requests finish for up to ten seconds; a second Ctrl-C ends them at once.

Settings are environment variables:
${settings.join("\n")}

Examples:
  npx --no bonfire up
  BONFIRE_HOME=~/second BONFIRE_PORT=8081 npx --no bonfire up`;
}

const REMOTE_HELP = `
Without --url the commands talk to the platform that runs on this machine for BONFIRE_HOME, through a socket that only its owner can open.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no platform answers.`;
