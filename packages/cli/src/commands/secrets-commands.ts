import type { Command } from "commander";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

export function addSecretsCommands(program: Command): void {
  const secrets = program
    .command("secrets")
    .description("Look after the secret under which the keys of upstreams are sealed.")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(secrets.command("rotate"))
    .description("Seal all keys of upstreams under a new secret.")
    .addHelpText("after", ABOUT_ROTATION)
    .action(async (options: ConnectionOptions) => (await import("../secrets.ts")).rotateSecrets(options));
}

const ABOUT_ROTATION = `
Where the secret lies in the home, a new one is made. Where it is given as BONFIRE_SECRET, give the new one there and the old one in
BONFIRE_PREVIOUS_SECRETS, start the platform anew, and run this; then the old one can go.
${examples("secrets rotate")}`;
