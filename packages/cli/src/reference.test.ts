import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EXIT } from "./exit.ts";
import { buildProgram } from "./program.ts";
import { referenceEntries } from "./testing/reference-rows.ts";

const entries = referenceEntries(buildProgram(() => undefined));

/** Cells of the rows of all tables of docs/cli.md, without their heads. */
const rows = readFileSync(new URL("../../../docs/cli.md", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => /^\| (`|\d)/.test(line))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );

describe("docs/cli.md is true to the program:", () => {
  it("it has every command with what it does", () => {
    const documented = rows.filter((cells) => cells.length === 2 && cells[0]?.startsWith("`bonfire "));
    expect(documented).toEqual(entries.map(({ usage, about }) => [`\`${usage}\``, about]));
  });

  it("it has every argument and option with what it means", () => {
    const name = (usage: string) => usage.replace(/^bonfire /, "").replace(/ [<[].*/, "");
    expect(rows.filter((cells) => cells.length === 3)).toEqual(
      entries.flatMap(({ usage, rows }) => rows.map(([option, meaning]) => [`\`${name(usage)}\``, `\`${option}\``, meaning])),
    );
  });

  it("it has every exit code", () => {
    const codes = rows.filter(([cell]) => /^\d+$/.test(cell ?? "")).map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT));
  });
});
