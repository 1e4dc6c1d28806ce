import { expect, it } from "vitest";
import { TokenPace } from "./token-pace.ts";

it("the pace of an attempt is the gaps of each choice for itself, and its first token", () => {
  const gaps: number[] = [];
  let firstTokens = 0;
  const times = [0, 10, 15, 40, 100];
  const pace = new TokenPace(
    { gap: (milliseconds) => void gaps.push(milliseconds) },
    { firstToken: () => void firstTokens++ },
    () => times.shift() ?? 0,
  );
  for (const choice of [0, 0, 1, 0, 1]) pace.token(choice);
  expect(gaps).toEqual([10, 30, 85]);
  // The trace keeps the first one alone.
  expect(firstTokens).toBe(2);
});
