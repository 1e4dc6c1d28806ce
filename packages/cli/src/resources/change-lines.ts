import type { ApplyResult, ResourceChange } from "@bonfire/protocol/apply";
import { type Paint, printable, table } from "../terminal-text.ts";
import { isUsual } from "./usual-fields.ts";

type Change = Exclude<ResourceChange["action"], "unchanged">;

const MARKS = {
  create: { mark: "+", colour: "green" },
  update: { mark: "~", colour: "yellow" },
  delete: { mark: "-", colour: "red" },
} as const satisfies Record<Change, { mark: string; colour: Parameters<Paint>[0] }>;

const NAME_FIELDS = { upstream: "name", route: "model", alias: "name" } as const satisfies Record<ResourceChange["kind"], string>;

/** What changes, a line for each resource and field: `+` what comes, `~` what becomes another, `-` what goes. */
export function changeLines(changes: readonly ResourceChange[], paint: Paint): readonly string[] {
  return changes.flatMap(({ kind, name, action, fields }) => {
    if (action === "unchanged") return [];
    const { mark, colour } = MARKS[action];
    const rows = action === "create" ? fields.filter(({ path, after }) => isTold(kind, path, after)) : action === "update" ? fields : [];
    const cells = rows.map(({ path, before, after }) => [
      `   ${printable(path)}`,
      action === "create" ? valueText(after) : `${paint("dim", valueText(before))} → ${valueText(after)}`,
    ]);
    return [paint(colour, `${mark} ${kind} ${printable(name)}`), ...(cells.length === 0 ? [] : [table(cells)])];
  });
}

/** The whole in one line. */
export function changeSummary({ changes, applied }: ApplyResult, dryRun: boolean): string {
  const count = (action: ResourceChange["action"]) => changes.filter((change) => change.action === action).length;
  const words = dryRun
    ? ({ create: "to add", update: "to change", delete: "to remove" } as const)
    : ({ create: "added", update: "changed", delete: "removed" } as const);
  const parts = (["create", "update", "delete"] as const).filter((action) => count(action) > 0);
  const rest = count("unchanged") === 0 ? "" : `; ${count("unchanged")} as before`;
  if (parts.length === 0) return `Nothing changes: all is as the file says${rest}.`;
  const told = `${parts.map((action) => `${count(action)} ${words[action]}`).join(", ")}${rest}.`;
  return applied ? told : `${told} Nothing was changed.`;
}

/** Of what is new: not its name, which stands above, nor what is so by default. */
function isTold(kind: ResourceChange["kind"], path: string, value: unknown): boolean {
  return says(value) && path !== NAME_FIELDS[kind] && !isUsual(kind, path, value);
}

/** Whether there is anything to tell: empty lists and objects say nothing. */
function says(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function valueText(value: unknown): string {
  if (!says(value)) return "none";
  return printable(typeof value === "string" ? value : JSON.stringify(value)).replaceAll("\n", " ");
}
