import type { RouteDefinition } from "@bonfire/protocol/routes";
import { type Command, Option } from "commander";
import type { RouteChange } from "../routes/change-route.ts";
import { collect, positiveInteger } from "./option-values.ts";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

const POLICIES: readonly RouteDefinition["policy"][] = ["weighted", "least_busy", "lowest_latency", "cheapest"];
const AFFINITIES: readonly RouteDefinition["affinity"][] = ["none", "session", "prefix"];

export function addRoutesCommands(program: Command): void {
  const routes = program
    .command("routes")
    .description("Say which deployments answer for a model's name, and which stand in when they fail.")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(routes.command("list"))
    .description("List routes and where they lead.")
    .addHelpText("after", examples("routes list", "routes list --json"))
    .action(async (options: ConnectionOptions) => (await import("../routes/routes.ts")).listRoutes(options));
  onPlatform(routes.command("show"))
    .description("Show a route as it stands in a resources file.")
    .argument("<model>", "name of the route, from `bonfire routes list`")
    .addHelpText("after", examples("routes show llama-3.3-70b", "routes show 'openai/*'"))
    .action(async (model: string, options: ConnectionOptions) => (await import("../routes/routes.ts")).showRoute(model, options));
  onPlatform(routes.command("set"))
    .description("Make a route, or change one. What is not given stays as it is.")
    .argument("<model>", "what clients name, such as gpt-4o; a star at its end stands for any rest")
    .option("--to <deployment>", "where it leads, or DEPLOYMENT:WEIGHT; may be given more than once", collect)
    .option("--fallback <deployment>", "what stands in when that fails; may be given more than once, in order", collect)
    .addOption(new Option("--policy <policy>", "how one of several deployments is chosen").choices(POLICIES))
    .addOption(new Option("--affinity <affinity>", "what keeps related requests together").choices(AFFINITIES))
    .option("--attempts <number>", "most attempts of one request, fallbacks included", positiveInteger)
    .option("--hedge <after>", "begin a second attempt without content for so long: p95, a duration such as 2s, or off")
    .option("--cache <ttl>", "give equal requests of one project the stored answer for so long, such as 5m, or off")
    .addHelpText(
      "after",
      examples(
        "routes set llama-3.3-70b --to gpu-box/llama-3.3-70b --fallback together/meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "routes set smollm2 --to local/HuggingFaceTB/SmolLM2-135M-Instruct:3 --to gpu-box/smollm2:1 --policy lowest_latency",
        "routes set 'openai/*' --to 'openrouter/openai/*'",
      ),
    )
    .action(async (model: string, options: ConnectionOptions & RouteChange) =>
      (await import("../routes/change-route.ts")).setRoute(model, options),
    );
  onPlatform(routes.command("rm"))
    .description("Remove a route; its deployments stay.")
    .argument("<model>", "name of the route, from `bonfire routes list`")
    .addHelpText("after", examples("routes rm llama-3.3-70b"))
    .action(async (model: string, options: ConnectionOptions) => (await import("../routes/routes.ts")).removeRoute(model, options));
}
