import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addressRows, bodyRows, fieldRows } from "./testing/profile-rows.ts";

const PAGE = readFileSync(new URL("../../../../../docs/upstream-profiles.md", import.meta.url), "utf8");

/** Cells of the rows below a heading whose first cell is code. */
function rowsOf(heading: string): string[][] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  return (section ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| |\|$/g, "").trim()));
}

describe("docs/upstream-profiles.md says of every profile", () => {
  it("where it is reached", () => {
    expect(rowsOf("Addresses and keys")).toEqual(addressRows());
  });

  it("which fields it lacks, and what becomes of them", () => {
    const rows = rowsOf("Fields that not everybody has");
    expect(rows.map(([param, , treatment, profiles]) => [param, treatment, profiles])).toEqual(fieldRows());
  });

  it("what is said otherwise there", () => {
    expect(rowsOf("What is said otherwise")).toEqual(bodyRows());
  });
});
