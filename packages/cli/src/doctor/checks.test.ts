import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CHECKS, MACHINE_CHECKS } from "./checks.ts";

const ALL = [...MACHINE_CHECKS, ...CHECKS];
const PAGE = readFileSync(new URL("../../../../docs/troubleshooting.md", import.meta.url), "utf8");

describe("the table of checks", () => {
  test("has no name twice", () => {
    const names = ALL.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each([
    ["of the machine", MACHINE_CHECKS],
    ["of the platform", CHECKS],
  ])("%s: each check comes after those that it needs", (_, checks) => {
    const names = checks.map(({ name }) => name);
    for (const { name, needs = [] } of checks) {
      for (const needed of needs) expect(names.slice(0, names.indexOf(name)), `${name} needs ${needed}`).toContain(needed);
    }
  });

  test("is what troubleshooting.md explains, with the same questions in the same order", () => {
    const sections = [...PAGE.matchAll(/^### `(.+)`\n\n(.+)$/gm)].map(([, name, question]) => ({ name, question }));
    expect(sections).toEqual(ALL.map(({ name, question }) => ({ name, question })));
  });
});
