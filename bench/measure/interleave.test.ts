import { expect, it } from "vitest";
import { interleave } from "./interleave.ts";

it("turns the order around in every other round", () => {
  expect(interleave(["a", "b"], 3)).toEqual([
    ["a", "b"],
    ["b", "a"],
    ["a", "b"],
  ]);
});
