import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstBlock, PrefixIndex } from "./prefix-index.ts";

const SYSTEM = "You are a patient teacher of mathematics. ".repeat(20).slice(0, 600);

describe("the index of prefixes", () => {
  it("finds who served the longest shared beginning", () => {
    const index = new PrefixIndex();
    index.note(SYSTEM, "local/a");
    index.note(`${SYSTEM}${"The first question, at length. ".repeat(30)}`, "local/b");
    expect(index.longest(`${SYSTEM}${"The first question, at length. ".repeat(30)}And one more.`)).toEqual({
      deployment: "local/b",
      blocks: 3,
    });
    expect(index.longest(`${SYSTEM.slice(0, 400)}Something else entirely. ${"x".repeat(500)}`)).toEqual({
      deployment: "local/b",
      blocks: 1,
    });
  });

  it("passes over deployments that cannot be used, for who served a shorter beginning", () => {
    const index = new PrefixIndex();
    const long = SYSTEM.padEnd(1_100, "!");
    index.note(long, "local/gone");
    index.note(SYSTEM, "local/there");
    expect(index.longest(long)).toEqual({ deployment: "local/gone", blocks: 3 });
    expect(index.longest(long, (name) => name !== "local/gone")).toEqual({ deployment: "local/there", blocks: 2 });
    expect(index.longest(long, () => false)).toBeUndefined();
  });

  it("knows nothing of prompts that are shorter than the first border", () => {
    const index = new PrefixIndex();
    index.note("Hello", "local/a");
    expect(index.size).toBe(0);
    expect(index.longest("Hello")).toBeUndefined();
  });

  it("looks at a bounded part of long prompts", () => {
    const index = new PrefixIndex();
    index.note("x".repeat(5_000_000), "local/a");
    expect(index.size).toBe(8);
  });

  it("finds exactly the borders that lie inside the shared beginning", () => {
    fc.assert(
      fc.property(fc.nat(3_000), fc.nat(3_000), fc.nat(3_000), (shared, restOfOne, restOfOther) => {
        const index = new PrefixIndex();
        const common = "a".repeat(shared);
        index.note(`${common}${"b".repeat(restOfOne)}`, "local/a");
        const borders = [256, 512, 1_024, 2_048].filter((border) => border <= shared).length;
        expect(index.longest(`${common}${"c".repeat(restOfOther)}`)?.blocks ?? 0).toBe(borders);
      }),
    );
  });

  it("forgets what was served longest ago, and of one prompt the longest beginnings first", () => {
    const index = new PrefixIndex({ mostEntries: 4 });
    const [old, recent] = ["o".repeat(1_024), "r".repeat(512)];
    index.note(old, "local/a");
    index.note(recent, "local/b");
    expect(index.size).toBe(4);
    expect(index.longest(old)?.blocks).toBe(2);
    index.note("n".repeat(512), "local/c");
    expect(index.size).toBe(4);
    expect(index.longest(old)).toBeUndefined();
    expect(index.longest(recent)?.deployment).toBe("local/b");
  });
});

it("the first block is what prompts that begin alike have in common", () => {
  expect(firstBlock(`${SYSTEM}one`)).toBe(firstBlock(`${SYSTEM}other`));
  expect(firstBlock("one")).not.toBe(firstBlock("other"));
});
