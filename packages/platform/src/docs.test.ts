import { readFileSync } from "node:fs";
import { ERRORS } from "@bonfire/protocol/errors";
import { describe, expect, it } from "vitest";
import { renderSettingsReference } from "./settings/reference.ts";
import { VERSION } from "./version.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Cells of the rows of all tables in a page whose first cell is code. */
function tableRows(page: string): string[][] {
  return read(page)
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

describe("the documentation is true to the code:", () => {
  it("errors.md has every error and no other", () => {
    const rows = tableRows("docs/errors.md").map(([code, status, type, retry]) => [code, Number(status), type, retry === "yes"]);
    expect(rows).toEqual(Object.entries(ERRORS).map(([code, { status, type, retryable }]) => [code, status, type, retryable]));
  });

  it("settings.md is what `npm run settings` writes", () => {
    expect(read("docs/settings.md")).toBe(renderSettingsReference());
  });

  it("all packages carry the product's version, and the changelog knows it", () => {
    for (const path of ["package.json", "packages/protocol/package.json", "packages/platform/package.json", "packages/cli/package.json"]) {
      expect(JSON.parse(read(path))).toMatchObject({ version: VERSION });
    }
    expect(read("CHANGELOG.md")).toContain(`## ${VERSION}`);
  });
});
