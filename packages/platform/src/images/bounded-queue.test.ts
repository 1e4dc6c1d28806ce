import { describe, expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";

const never = new AbortController().signal;

/** A task that ends when it is told to. */
function task(): { run: () => Promise<string>; started: () => boolean; end: () => void; fail: () => void } {
  let started = false;
  let end = (): void => undefined;
  let fail = (): void => undefined;
  const done = new Promise<string>((resolve, reject) => {
    end = () => resolve("done");
    fail = () => reject(new Error("failed"));
  });
  const run = (): Promise<string> => {
    started = true;
    return done;
  };
  return { run, started: () => started, end, fail };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a bounded queue", () => {
  it("runs as many at once as it may, and the others in order", async () => {
    const queue = new BoundedQueue({ running: 2, waiting: 10 });
    const tasks = [task(), task(), task(), task()];
    const results = Promise.all(tasks.map(({ run }) => queue.run(run, never)));
    const started = (): boolean[] => tasks.map((each) => each.started());
    expect(started()).toEqual([true, true, false, false]);
    tasks[1]?.end();
    await settle();
    expect(started()).toEqual([true, true, true, false]);
    for (const each of tasks) each.end();
    expect(await results).toEqual(["done", "done", "done", "done"]);
  });

  it("refuses what would wait beyond its length", async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const [first, second] = [task(), task()];
    const results = [queue.run(first.run, never), queue.run(second.run, never)];
    await expect(queue.run(task().run, never)).rejects.toMatchObject({ reason: "overloaded" });
    first.end();
    second.end();
    await Promise.all(results);
  });

  it("gives the place of a task that fails to the next", async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const [first, second] = [task(), task()];
    const failing = expect(queue.run(first.run, never)).rejects.toThrow("failed");
    const waiting = queue.run(second.run, never);
    first.fail();
    second.end();
    await failing;
    expect(await waiting).toBe("done");
  });

  it("forgets who leaves while waiting", async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const [first, left, last] = [task(), task(), task()];
    const caller = new AbortController();
    const running = queue.run(first.run, never);
    const leaving = expect(queue.run(left.run, caller.signal)).rejects.toThrow("left");
    caller.abort(new Error("left"));
    await leaving;
    const waiting = queue.run(last.run, never);
    first.end();
    last.end();
    expect(await Promise.all([running, waiting])).toEqual(["done", "done"]);
    expect(left.started()).toBe(false);
  });

  it("does not start for a caller who has left already", async () => {
    const queue = new BoundedQueue({ running: 1, waiting: 1 });
    const late = task();
    await expect(queue.run(late.run, AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(late.started()).toBe(false);
  });
});
