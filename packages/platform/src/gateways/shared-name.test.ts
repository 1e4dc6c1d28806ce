import { expect, it } from "vitest";
import { sharedName } from "./shared-name.ts";

it("an upstream's deployment has one name on all platforms, an engine's one on each", () => {
  expect(sharedName("together/m", "a")).toBe(sharedName("together/m", "b"));
  expect(sharedName("local/m", "a")).toBe(sharedName("local/m", "a"));
  expect(sharedName("local/m", "a")).not.toBe(sharedName("local/m", "b"));
});
