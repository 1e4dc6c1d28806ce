import type { UpstreamProfileName } from "@bonfire/protocol/upstreams";
import { type Command, Option } from "commander";
import type { UpstreamChange } from "../upstreams/change-upstream.ts";
import { collect, positiveInteger } from "./option-values.ts";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

const PROFILES: readonly UpstreamProfileName[] = [
  "generic",
  "openai",
  "azure-openai",
  "together",
  "fireworks",
  "anthropic",
  "groq",
  "mistral",
  "deepseek",
  "openrouter",
  "gemini",
  "vertex",
  "bedrock",
  "vllm",
  "sglang",
  "llamacpp",
  "ollama",
  "lm-studio",
  "bonfire",
];

export function addUpstreamsCommands(program: Command): void {
  const upstreams = program
    .command("upstreams")
    .description("Other servers whose models are served as well: vLLM next door, Together, OpenAI, Anthropic, …")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(upstreams.command("list"))
    .description("List upstreams, without their keys.")
    .addHelpText("after", examples("upstreams list", "upstreams list --json"))
    .action(async (options: ConnectionOptions) => (await import("../upstreams/upstreams.ts")).listUpstreams(options));
  onPlatform(upstreams.command("show"))
    .description("Show an upstream as it stands in a resources file, without its keys.")
    .argument("<name>", "name of the upstream, from `bonfire upstreams list`")
    .addHelpText("after", examples("upstreams show together", "upstreams show together > together.yaml"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../upstreams/upstreams.ts")).showUpstream(name, options));
  withChanges(onPlatform(upstreams.command("add")))
    .description("Add an upstream; its models are served from then on.")
    .argument("<name>", "lower-case letters, digits and hyphens; the first part of its deployments' names")
    .addHelpText(
      "after",
      examples(
        "upstreams add together --profile together --key-from-env TOGETHER_API_KEY",
        "upstreams add gpu-box --profile vllm --base-url http://10.0.0.7:8000/v1",
        "@ upstreams add openai --profile openai --include 'gpt-*' --key-stdin < key.txt",
      ),
    )
    .action(async (name: string, options: ConnectionOptions & UpstreamChange) =>
      (await import("../upstreams/change-upstream.ts")).addUpstream(name, options),
    );
  withChanges(onPlatform(upstreams.command("set")))
    .description("Change an upstream. What is not given stays as it is; given keys take the place of all that it has.")
    .argument("<name>", "name of the upstream, from `bonfire upstreams list`")
    .addHelpText(
      "after",
      examples(
        "upstreams set together --key-from-env first=TOGETHER_KEY_1 --key-from-env second=TOGETHER_KEY_2",
        "upstreams set gpu-box --max-concurrent 32",
      ),
    )
    .action(async (name: string, options: ConnectionOptions & UpstreamChange) =>
      (await import("../upstreams/change-upstream.ts")).setUpstream(name, options),
    );
  onPlatform(upstreams.command("rm"))
    .description("Remove an upstream and its keys; running requests end by themselves.")
    .argument("<name>", "name of the upstream, from `bonfire upstreams list`")
    .addHelpText("after", examples("upstreams rm together"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../upstreams/upstreams.ts")).removeUpstream(name, options));
  onPlatform(upstreams.command("refresh"))
    .description("Read an upstream's own list of models now. Exit code 1 when it cannot be read.")
    .argument("<name>", "name of the upstream, from `bonfire upstreams list`")
    .addHelpText("after", examples("upstreams refresh gpu-box"))
    .action(async (name: string, options: ConnectionOptions) => (await import("../upstreams/upstreams.ts")).refreshUpstream(name, options));
}

function withChanges(command: Command): Command {
  return command
    .addOption(new Option("--profile <profile>", "what kind of server it is; generic for any that speaks OpenAI's API").choices(PROFILES))
    .option("--base-url <url>", "where its API begins, such as http://10.0.0.7:8000/v1 (default: the profile's)")
    .option("--key-from-env <variable>", "a variable that holds its key, or NAME=VARIABLE; may be given more than once", collect)
    .addOption(new Option("--key-stdin", "read its key from stdin").conflicts("keyFromEnv"))
    .option("--include <pattern>", "of its list only what matches; * stands for any characters; may be given more than once", collect)
    .option("--exclude <pattern>", "of its list nothing that matches; may be given more than once", collect)
    .option("--max-concurrent <number>", "most requests at once for each of its models, over all gateways", positiveInteger)
    .option("--import", "take its own list of models over, as is usual")
    .option("--no-import", "leave its own list of models alone");
}
