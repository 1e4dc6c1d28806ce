import { describe, expect, it } from "vitest";
import { MemoryStore } from "./memory-store.ts";
import { describeAnswerStore } from "./testing/answer-store-conformance.ts";
import { answerOf } from "./testing/sample-answers.ts";

describeAnswerStore("memory", () => {
  const store = new MemoryStore({ mostBytes: 1024 * 1024 });
  return { store, close: () => store.close() };
});

const ofSize = (characters: number) => answerOf([{ type: "text-delta", choice: 0, text: "x".repeat(characters) }]);

describe("a store in memory", () => {
  it("gives up the answer that was not asked for longest when it is full", async () => {
    const store = new MemoryStore({ mostBytes: 5_000 });
    for (const key of ["a", "b", "c"]) await store.set(key, ofSize(1_000), 60_000);
    await store.get("a");
    await store.set("d", ofSize(1_000), 60_000);
    const kept = await Promise.all(["a", "b", "c", "d"].map(async (key) => (await store.get(key)) !== undefined));
    expect(kept).toEqual([true, false, true, true]);
  });

  it("never holds more than its bound", async () => {
    const store = new MemoryStore({ mostBytes: 10_000 });
    for (let i = 0; i < 200; i++) {
      await store.set(`key ${i % 50}`, ofSize((i * 37) % 3_000), 60_000);
      expect(store.bytes).toBeLessThanOrEqual(10_000);
    }
    store.close();
    expect(store.bytes).toBe(0);
  });

  it("does not keep an answer that is larger than all of it, and forgets the one that it replaces", async () => {
    const store = new MemoryStore({ mostBytes: 5_000 });
    await store.set("large", ofSize(100), 60_000);
    await store.set("other", ofSize(100), 60_000);
    await store.set("large", ofSize(10_000), 60_000);
    expect(await store.get("large")).toBeUndefined();
    expect(await store.get("other")).toBeDefined();
  });

  it("gives back the bytes of an answer whose time is over", async () => {
    let nowMs = 0;
    const store = new MemoryStore({ mostBytes: 5_000, now: () => nowMs });
    await store.set("a", ofSize(100), 1_000);
    nowMs = 1_000;
    expect(await store.get("a")).toBeUndefined();
    expect(store.bytes).toBe(0);
  });
});
