import { describe, expect, it } from "vitest";
import { chooseSlot, SlotPool } from "./slot-pool.ts";

const NEVER = new AbortController().signal;

describe("chooseSlot", () => {
  it("takes the slot that shares the longest prefix with the prompt", () => {
    const free = [
      { id: 0, tokens: [1] },
      { id: 1, tokens: [1, 2, 3] },
      { id: 2, tokens: [1, 2, 9, 9] },
    ];
    expect(chooseSlot(free, [1, 2, 3, 4])?.id).toBe(1);
  });

  it("takes the slot of a conversation that the prompt goes on, however much is new", () => {
    const free = [
      { id: 0, tokens: [] },
      { id: 1, tokens: [1, 2, 3] },
    ];
    expect(chooseSlot(free, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])?.id).toBe(1);
  });

  it("spares a long conversation of which only the greeting is shared", () => {
    const free = [
      { id: 0, tokens: [] },
      { id: 1, tokens: [1, 2, 3, 4, 5, 6, 7, 8] },
    ];
    expect(chooseSlot(free, [1, 2, 30, 40, 50, 60])?.id).toBe(0);
  });

  it("takes the slot that was freed first where nothing is shared, to spare the caches used last", () => {
    expect(
      chooseSlot(
        [
          { id: 3, tokens: [7] },
          { id: 1, tokens: [] },
        ],
        [1, 2],
      )?.id,
    ).toBe(3);
  });

  it("has none to give where none is free", () => {
    expect(chooseSlot([], [1])).toBeUndefined();
  });
});

describe("SlotPool", () => {
  it("gives each slot to one holder and serves those who wait in their order", async () => {
    const pool = new SlotPool(1);
    const first = await pool.acquire([], NEVER);
    const order: string[] = [];
    const wait = async (name: string) => {
      const slot = await pool.acquire([], NEVER);
      order.push(name);
      return slot;
    };
    const second = wait("second");
    const third = wait("third");
    pool.release(first);
    pool.release(await second);
    await third;
    expect(order).toEqual(["second", "third"]);
  });

  it("lets a waiting caller leave, without losing the slot", async () => {
    const pool = new SlotPool(1);
    const first = await pool.acquire([], NEVER);
    const leaving = new AbortController();
    const left = pool.acquire([], leaving.signal);
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    pool.release(first);
    expect((await pool.acquire([], NEVER)).id).toBe(first.id);
  });

  it("gives nothing to a caller that has left already", async () => {
    await expect(new SlotPool(1).acquire([], AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });
});
