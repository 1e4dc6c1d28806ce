import type { Cells } from "./feature-row.ts";
import { API_TITLES, type ApiName } from "./probed-api.ts";

/** A part of the table under a heading of its own. */
export interface PageSection {
  readonly title: string;
  readonly rows: readonly { readonly feature: string; readonly cells: Cells }[];
}

const HEAD = `# Conformance

What applications that were written for one of these APIs find here. Each mark was tried: a test sends real requests to a platform with a small model, and
compares this page with what came back.
`;

const LEGEND = [
  ["mark", "means"],
  ["✓", "a request was answered as that API documents it"],
  ["also", "that API has no such thing, but here the request does what it does in the others"],
  ["—", "that API has no such thing; where it would be a field, it is refused by its name"],
  ["ignored", "that API has the field; it cannot change the answer, and is listed in the header `x-bonfire-ignored`"],
  ["refused", "that API has the field; here it is refused with 400 and its name"],
  ["as OpenAI", "answered in OpenAI's shape"],
];

const NOTES = `OpenAI's column is the superset: it is what a request gets that says nothing of its dialect ([dialects](dialects.md)). The column of text completions is
OpenAI's; Together's and Fireworks' differ as their chat does. More on [responses](responses.md), [messages](messages.md),
[structured outputs](structured-outputs.md), [images](vision.md) and [errors](errors.md).
`;

/** In the order of the columns. */
const APIS = ["openai", "together", "fireworks", "completions", "responses", "messages"] as const satisfies readonly ApiName[];

export function renderConformancePage(sections: readonly PageSection[]): string {
  const parts = sections.map(({ title, rows }) => {
    const header = ["", ...APIS.map((name) => API_TITLES[name])];
    const body = rows.map(({ feature, cells }) => [feature, ...APIS.map((name) => cells[name])]);
    return `## ${title}\n\n${renderTable([header, ...body])}\n`;
  });
  return [HEAD, `${renderTable(LEGEND)}\n`, NOTES, ...parts].join("\n");
}

function renderTable([header = [], ...body]: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) => Math.max(...[header, ...body].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(header), rule, ...body.map(line)].join("\n");
}
