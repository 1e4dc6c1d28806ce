import { type ApplyResult, applyResult } from "@bonfire/protocol/apply";
import { callAdmin } from "../admin-client.ts";
import { confirmed, STANDARD_TERMINAL, type Terminal } from "../confirmation.ts";
import { CliError } from "../exit.ts";
import type { Connection } from "../platform-connection.ts";
import { paintFor, print, printable, printJson, remark } from "../terminal-text.ts";
import { changeLines, changeSummary } from "./change-lines.ts";
import { readResourceFiles } from "./resource-files.ts";

export interface ApplyOptions extends Connection {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Makes the platform's resources what the files say. Removals are shown and asked for where a person sits at the terminal. */
export async function applyFiles(options: ApplyOptions, terminal: Terminal = STANDARD_TERMINAL): Promise<void> {
  const resources = await readResourceFiles(options.file, process.env);
  const dryRun = options.dryRun === true;
  const send = (onlyTell: boolean) =>
    callAdmin(
      { method: "POST", path: "/apply", body: { resources, dry_run: onlyTell, prune: options.prune === true }, answer: applyResult },
      options,
    );
  const asks = options.prune === true && !dryRun && options.yes !== true && terminal.input.isTTY === true;
  if (asks) await askFor(await send(true), terminal);
  const result = await send(dryRun);
  if (options.json === true) printJson(result);
  // What was shown with the question is not shown again.
  else if (!(asks && removals(result) > 0)) showChanges(result, print);
  for (const warning of result.warnings) remark(`Warning: ${printable(warning)}`);
  if (options.json !== true) print(changeSummary(result, dryRun));
}

async function askFor(plan: ApplyResult, terminal: Terminal): Promise<void> {
  const gone = removals(plan);
  if (gone === 0) return;
  showChanges(plan, remark);
  if (!(await confirmed(`Remove ${gone === 1 ? "one" : gone}?`, terminal))) throw new CliError("Nothing was changed.");
}

function showChanges({ changes }: ApplyResult, show: (line: string) => void): void {
  for (const line of changeLines(changes, paintFor(show === print ? process.stdout : process.stderr))) show(line);
}

function removals({ changes }: ApplyResult): number {
  return changes.filter(({ action }) => action === "delete").length;
}
