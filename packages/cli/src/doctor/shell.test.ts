import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { quote } from "./shell.ts";

test("a quoted word is one word of a shell, whatever is in it", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
      (word) => {
        expect(execFileSync("/bin/sh", ["-c", `printf %s ${quote(word)}`], { encoding: "utf8" })).toBe(word);
      },
    ),
    { numRuns: 50 },
  );
});
