import type { Command } from "commander";
import { collect } from "./option-values.ts";
import { ABOUT_CONNECTION, ABOUT_EXIT_CODES, type ConnectionOptions, examples, onPlatform } from "./shared-options.ts";

type Options = ConnectionOptions & {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
};

export function addApplyCommand(program: Command): void {
  onPlatform(program.command("apply"))
    .description("Make upstreams, routes and aliases what files say, all at once, and show what changes.")
    .requiredOption("-f, --file <file>", "YAML or JSON; - is stdin; may be given more than once", collect)
    .option("--dry-run", "only show what would change")
    .option("--prune", "also remove what is there and does not stand in the files, of the kinds that they have")
    .option("-y, --yes", "remove without asking; only at a terminal it is asked at all")
    .addHelpText("after", ABOUT_APPLY)
    .action(async (options: Options) => (await import("../resources/apply.ts")).applyFiles(options));
}

const ABOUT_APPLY = `
A key's value may be \${NAME}: then it comes from this program's environment, and no file holds it. A kind that no file has is left alone.
${ABOUT_CONNECTION}
${ABOUT_EXIT_CODES}
${examples("apply -f resources.yaml --dry-run", "apply -f resources.yaml", "apply -f upstreams.yaml -f routes.yaml --prune", "cat team.json | @ apply -f -")}`;
