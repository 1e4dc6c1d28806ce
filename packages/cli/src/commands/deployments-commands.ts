import type { Command } from "commander";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

export function addDeploymentsCommands(program: Command): void {
  const deployments = program
    .command("deployments")
    .description("See the places that answer for models and how each is doing, and take one out.")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(deployments.command("list"))
    .description("List deployments: state, breaker, running requests, time to the first token, price for a million tokens.")
    .addHelpText("after", examples("deployments list", "deployments list --json"))
    .action(async (options: ConnectionOptions) => (await import("../deployments.ts")).listDeployments(options));
  onPlatform(deployments.command("drain"))
    .description("Send a deployment no new requests; running ones end. On all gateways, until it is resumed.")
    .argument("<name>", "name of the deployment, from `bonfire deployments list`")
    .addHelpText("after", examples("deployments drain gpu-box/llama-3.3-70b"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../deployments.ts")).drainDeployment(name, options));
  onPlatform(deployments.command("resume"))
    .description("Send a drained deployment requests again.")
    .argument("<name>", "name of the deployment, from `bonfire deployments list`")
    .addHelpText("after", examples("deployments resume gpu-box/llama-3.3-70b"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../deployments.ts")).resumeDeployment(name, options));
}
