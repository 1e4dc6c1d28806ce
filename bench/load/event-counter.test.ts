import fc from "fast-check";
import { expect, it } from "vitest";
import { EventCounter } from "./event-counter.ts";

it("counts events and no comments in whatever pieces they come", () => {
  const event = fc.constantFrom("data: x\n\n", ": ka\n\n", "event: a\ndata: b: c\n\n", "data: [DONE]\n\n");
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat()), (events, cuts) => {
      const bytes = Buffer.from(events.join(""));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      const counter = new EventCounter();
      const counted = places.reduce((sum, place, index) => sum + counter.feed(bytes.subarray(places[index - 1] ?? 0, place)), 0);
      expect(counted).toBe(events.filter((text) => !text.startsWith(":")).length);
    }),
  );
});
