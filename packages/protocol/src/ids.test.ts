import { expect, it } from "vitest";
import { newId } from "./ids.ts";

it("ids of one process are all different and stand in the order in which they were made", () => {
  const ids = Array.from({ length: 100_000 }, () => newId("att"));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});
