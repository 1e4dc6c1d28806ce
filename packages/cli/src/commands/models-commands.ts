import type { Command } from "commander";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

export function addModelsCommands(program: Command): void {
  const models = program
    .command("models")
    .description("Fetch, list, load and remove models.")
    .addHelpText("after", `${ABOUT_CONNECTION}\nOnly \`models pull\` works without a running platform.\n${ABOUT_EXIT_CODES}`);

  onPlatform(models.command("list"))
    .description("List the models that are installed.")
    .option("--available", "list the catalog instead: what can be pulled, and whether this machine has the memory for it")
    .addHelpText("after", examples("models list", "models list --available"))
    .action(async (options: ConnectionOptions & { readonly available?: boolean }) =>
      (await import("../models/models.ts")).listModels(options),
    );
  onPlatform(models.command("pull"))
    .description("Fetch a model, or go on where an earlier attempt was cut.")
    .argument("<reference>", "a catalog name, hf:owner/repo[:quant], the URL of a GGUF file, or a path on the platform's machine")
    .option("--accept-licence", "you have read the model's licence and accept it")
    .addHelpText(
      "after",
      `\nCtrl-C stops it and keeps what has come.\n${examples("models pull qwen3:8b", "models pull hf:unsloth/SmolLM3-3B-GGUF:Q4_K_M", "models pull ./my-model.gguf")}`,
    )
    .action(async (reference: string, options: ConnectionOptions & { readonly acceptLicence?: boolean }) =>
      (await import("../models/pull.ts")).pullModel(reference, options),
    );
  onPlatform(models.command("rm"))
    .description("Delete a model's files.")
    .argument("<id>", "id or alias, from `bonfire models list`")
    .addHelpText("after", examples("models rm qwen3:8b"))
    .action(async (id: string, options: ConnectionOptions) => (await import("../models/models.ts")).removeModel(id, options));
  onPlatform(models.command("ps"))
    .description("Show what is loaded: slots, memory, running requests, last use.")
    .addHelpText("after", examples("models ps"))
    .action(async (options: ConnectionOptions) => (await import("../models/models.ts")).listLoaded(options));
  onPlatform(models.command("load"))
    .description("Load a model now, also one that failed before; ends when it is loaded.")
    .argument("<id>", "id or alias, from `bonfire models list`")
    .addHelpText("after", examples("models load smollm2"))
    .action(async (id: string, options: ConnectionOptions) => (await import("../models/models.ts")).loadModel(id, options));
  onPlatform(models.command("unload"))
    .description("Give a model's memory back once its running requests have ended.")
    .argument("<id>", "id or alias, from `bonfire models ps`")
    .addHelpText("after", examples("models unload smollm2"))
    .action(async (id: string, options: ConnectionOptions) => (await import("../models/models.ts")).unloadModel(id, options));
}
