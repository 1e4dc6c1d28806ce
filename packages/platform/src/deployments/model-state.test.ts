import { describe, expect, it } from "vitest";
import { type ModelEvent, type ModelState, transition } from "./model-state.ts";

const EVENTS: readonly ModelEvent[] = ["queue", "load", "answer", "crash", "fail", "unload", "unloaded"];

/** What follows each event, in the order above; a dash where it cannot happen. */
const EXPECTED: readonly (readonly [ModelState, string])[] = [
  //              queue  load    answer crash      fail   unload    unloaded
  ["unloaded", "  queued -       -     -          -      -         -"],
  ["queued", "    -      loading -     -          failed unloaded  -"],
  ["loading", "   -      -       ready -          failed unloading -"],
  ["ready", "     -      -       -     restarting failed unloading -"],
  ["restarting", "-      -       ready restarting failed unloading -"],
  ["unloading", " -      -       -     -          -      -         unloaded"],
  ["failed", "    queued -       -     -          -      unloaded  -"],
];

describe("transition", () => {
  const cases = EXPECTED.flatMap(([state, row]) =>
    row
      .trim()
      .split(/\s+/)
      .map((next, index) => ({ state, event: EVENTS[index] ?? "queue", next })),
  );
  it.each(cases)("$state, $event → $next", ({ state, event, next }) => {
    if (next === "-") expect(() => transition(state, event)).toThrow(`${state} cannot take the event "${event}"`);
    else expect(transition(state, event)).toBe(next);
  });

  it("is told for every pair", () => {
    expect(cases).toHaveLength(7 * 7);
  });
});
