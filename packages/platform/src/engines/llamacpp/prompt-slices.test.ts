import { describe, expect, it } from "vitest";
import { nextSliceEnd } from "./prompt-slices.ts";

/** All prefixes that are fed before the request itself. */
function sliceEnds(promptLength: number, heldLength: number, isAlone: boolean): number[] {
  const ends: number[] = [];
  for (let end = nextSliceEnd(promptLength, heldLength, { isAlone }); end !== undefined; ) {
    ends.push(end);
    end = nextSliceEnd(promptLength, end, { isAlone });
  }
  return ends;
}

describe("a prompt", () => {
  it.each([
    ["that is short is not sliced", 200, 0, []],
    ["of exactly one slice is not sliced", 256, 0, []],
    ["that is long is, all but its last slice", 700, 0, [256, 512]],
    ["is not fed again where it is held", 700, 300, [556]],
    ["is not fed at all where all of it is held", 700, 700, []],
  ])("%s", (_, length, held, ends) => {
    expect(sliceEnds(length, held, true)).toEqual(ends);
  });

  it("is fed in smaller slices beside others, who wait for each of them", () => {
    expect(sliceEnds(300, 0, false)).toEqual([96, 192, 288]);
  });
});
