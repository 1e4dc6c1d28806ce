import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CHAT_FIELDS } from "../openai-chat/fields.ts";
import { COMPLETION_FIELDS } from "../openai-completions/fields.ts";
import { CHAT_RANGES, COMPLETION_RANGES } from "./field-ranges.ts";
import type { FieldRule, FieldTable } from "./field-table.ts";

const PAGE = readFileSync(new URL("../../../../../docs/dialects.md", import.meta.url), "utf8");

/** Cells of the rows below a heading whose first cell is code. */
function rowsOf(heading: string): string[][] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  return (section ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function rowOf([name, rule]: [string, FieldRule]): string[] {
  const { openai = "", together = "", fireworks = "", others = "" } = rule.sources;
  const unless = rule.treatment === "refused" && rule.unless !== undefined ? `, unless ${rule.unless.words}` : "";
  return [`\`${name}\``, openai, together, fireworks, others, rule.treatment + unless];
}

const byTreatment = (table: FieldTable): string[][] =>
  (["supported", "ignored", "refused"] as const).flatMap((treatment) =>
    Object.entries(table)
      .filter(([, rule]) => rule.treatment === treatment)
      .map(rowOf),
  );

describe("docs/dialects.md says how every field is treated:", () => {
  it("of chat completions", () => {
    expect(rowsOf("Fields of chat completions")).toEqual(byTreatment(CHAT_FIELDS));
  });

  it("of text completions", () => {
    expect(rowsOf("Fields of text completions")).toEqual(byTreatment(COMPLETION_FIELDS));
  });

  it("and which ranges are narrower in one dialect", () => {
    const rows = Object.entries({ chat: CHAT_RANGES, completions: COMPLETION_RANGES }).flatMap(([endpoint, dialects]) =>
      Object.entries(dialects).flatMap(([dialect, ranges]) =>
        Object.entries(ranges).map(([name, [least, most]]) => [`\`${name}\``, endpoint, dialect, `${least} to ${most}`]),
      ),
    );
    expect(rowsOf("Ranges")).toEqual(rows);
  });
});
