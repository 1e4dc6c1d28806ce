import { describe, expect, it } from "vitest";
import { foldGeneration } from "./fold-generation.ts";
import type { GenerateEvent } from "./generation.ts";
import { mergeGenerations } from "./merge-generations.ts";

const NEVER = new AbortController().signal;

function part(texts: readonly string[], completionTokens: number | undefined = texts.length) {
  return {
    choices: 1,
    events: async function* (): AsyncGenerator<GenerateEvent> {
      yield { type: "start", upstreamId: "x" };
      for (const text of texts) yield { type: "text-delta", choice: 0, text };
      yield { type: "choice-end", choice: 0, reason: "stop" };
      yield { type: "end", usage: { promptTokens: 10, completionTokens, cachedTokens: 2 } };
    },
  };
}

/** Waits for its signal and notes that it came. */
function hanging(noted: { aborted: boolean }) {
  return {
    choices: 1,
    events: async function* (signal: AbortSignal): AsyncGenerator<GenerateEvent> {
      yield { type: "start", upstreamId: "y" };
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          noted.aborted = true;
          reject(signal.reason);
        });
      });
    },
  };
}

describe("mergeGenerations", () => {
  it("numbers choices through, with one start and one end", async () => {
    const events: GenerateEvent[] = [];
    for await (const event of mergeGenerations([part(["a"]), { ...part(["b"]), choices: 2 }, part(["c"])], {
      promptIsShared: false,
      signal: NEVER,
    }))
      events.push(event);
    expect(events.filter((event) => event.type === "start")).toHaveLength(1);
    expect(events.filter((event) => event.type === "end")).toHaveLength(1);
    expect(events.flatMap((event) => (event.type === "text-delta" ? [[event.choice, event.text]] : [])).sort()).toEqual([
      [0, "a"],
      [1, "b"],
      [3, "c"],
    ]);
  });

  it("counts a shared prompt once and the prompts of a list all", async () => {
    const parts = [part(["a", "b"]), part(["c"])];
    expect((await foldGeneration(mergeGenerations(parts, { promptIsShared: true, signal: NEVER }))).usage).toEqual({
      promptTokens: 10,
      completionTokens: 3,
      cachedTokens: 2,
    });
    expect((await foldGeneration(mergeGenerations(parts, { promptIsShared: false, signal: NEVER }))).usage).toEqual({
      promptTokens: 20,
      completionTokens: 3,
      cachedTokens: 4,
    });
  });

  it("does not add an unknown count as zero", async () => {
    const unknown = {
      ...part(["a"]),
      events: async function* (): AsyncGenerator<GenerateEvent> {
        yield { type: "choice-end", choice: 0, reason: "stop" };
        yield { type: "end", usage: { promptTokens: 1, completionTokens: undefined, cachedTokens: undefined } };
      },
    };
    const { usage } = await foldGeneration(mergeGenerations([part(["a"]), unknown], { promptIsShared: false, signal: NEVER }));
    expect(usage).toEqual({ promptTokens: 11, completionTokens: undefined, cachedTokens: undefined });
  });

  it("aborts the others when one fails, and throws its error", async () => {
    const noted = { aborted: false };
    const failing = {
      choices: 1,
      events: async function* (): AsyncGenerator<GenerateEvent> {
        yield { type: "start", upstreamId: "z" };
        throw new Error("engine down");
      },
    };
    await expect(foldGeneration(mergeGenerations([hanging(noted), failing], { promptIsShared: true, signal: NEVER }))).rejects.toThrow(
      "engine down",
    );
    expect(noted.aborted).toBe(true);
  });

  it("aborts all when the consumer leaves", async () => {
    const noted = { aborted: false };
    for await (const event of mergeGenerations([hanging(noted), part(["a"])], { promptIsShared: true, signal: NEVER }))
      if (event.type === "text-delta") break;
    expect(noted.aborted).toBe(true);
  });
});
