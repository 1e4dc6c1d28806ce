import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RESPONSE_FIELDS } from "./fields.ts";

const PAGE = readFileSync(new URL("../../../../../docs/responses.md", import.meta.url), "utf8");

describe("docs/responses.md", () => {
  it("says how every field is treated", () => {
    const rows = [...PAGE.matchAll(/^\| `(\w+)` +\| (supported|ignored|refused) +\|/gm)].map(([, name, treatment]) => [name, treatment]);
    expect(rows).toEqual(Object.entries(RESPONSE_FIELDS).map(([name, { treatment }]) => [name, treatment]));
  });
});
