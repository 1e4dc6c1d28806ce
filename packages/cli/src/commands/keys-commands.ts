import type { Dialect } from "@bonfire/protocol/dialect";
import type { KeyRole } from "@bonfire/protocol/keys";
import { type Command, Option } from "commander";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

const ROLES: readonly KeyRole[] = ["inference", "admin"];
const DIALECTS: readonly Dialect[] = ["openai", "together", "fireworks"];

export function addKeysCommands(program: Command): void {
  const keys = program
    .command("keys")
    .description("Create, list and revoke API keys.")
    .addHelpText("after", `${ABOUT_CONNECTION}\n${ABOUT_EXIT_CODES}`);

  onPlatform(keys.command("create"))
    .description("Create a key and print its secret, once.")
    .argument("<name>", "what the key is for")
    .addOption(
      new Option("--role <role>", "inference: may call models; admin: may manage the platform as well").choices(ROLES).default("inference"),
    )
    .addOption(
      new Option("--dialect <dialect>", "whose API its client was written for (default: what the path or the client's name tells)").choices(
        DIALECTS,
      ),
    )
    .addHelpText(
      "after",
      examples("KEY=$(@ keys create my-app)", "keys create an-operator --role admin", "keys create from-together --dialect together"),
    )
    .action(async (name: string, options: ConnectionOptions & { readonly role: KeyRole; readonly dialect?: Dialect }) =>
      (await import("../keys.ts")).createKey(name, options),
    );
  onPlatform(keys.command("list"))
    .description("List keys, without their secrets.")
    .addHelpText("after", examples("keys list", "keys list --json"))
    .action(async (options: ConnectionOptions) => (await import("../keys.ts")).listKeys(options));
  onPlatform(keys.command("revoke"))
    .description("Revoke a key for good; requests with it are refused from then on.")
    .argument("<id>", "id of the key, from `bonfire keys list`")
    .addHelpText("after", examples("keys revoke key_0197…"))
    .action(async (id: string, options: ConnectionOptions) => (await import("../keys.ts")).revokeKey(id, options));
}
