import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COUNT_FIELDS, MESSAGES_FIELDS } from "./fields.ts";

const PAGE = readFileSync(new URL("../../../../../docs/messages.md", import.meta.url), "utf8");
const FIRST_OF_COUNTS = 8;

describe("docs/messages.md", () => {
  const rows = PAGE.split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
    .filter(([, , treatment]) => treatment !== undefined && ["supported", "ignored", "refused"].includes(treatment))
    .map(([, name, treatment]) => [name, treatment]);

  it("says how every field is treated", () => {
    expect(rows).toEqual(Object.entries(MESSAGES_FIELDS).map(([name, { treatment }]) => [name, treatment]));
  });

  it("says which fields token counts take", () => {
    const names = rows.map(([name]) => name);
    const others = names.slice(names.indexOf("cache_control"), names.indexOf("mcp_servers") + 1);
    expect(Object.keys(COUNT_FIELDS)).toEqual([...names.slice(0, FIRST_OF_COUNTS), ...others]);
  });
});
