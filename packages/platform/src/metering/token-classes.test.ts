import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meterAnswer, meterProduced } from "./token-classes.ts";

const NOTHING = { promptTokens: undefined, answerDeltas: 0, reasoningDeltas: 0 };
const NO_USAGE = { promptTokens: undefined, completionTokens: undefined, cachedTokens: undefined };

const sum = (...values: readonly (number | null)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);

describe("the classes of tokens", () => {
  it("sum to the totals that the engine counted, whatever it says about its cache and its thoughts", () => {
    const count = fc.nat(1_000_000);
    const part = fc.option(count, { nil: undefined });
    fc.assert(
      fc.property(count, count, part, part, (promptTokens, completionTokens, cachedTokens, reasoningTokens) => {
        const tokens = meterAnswer({ promptTokens, completionTokens, cachedTokens, reasoningTokens }, NOTHING, "engine");
        expect(sum(tokens.uncachedPromptTokens, tokens.cachedPromptTokens)).toBe(promptTokens);
        expect(sum(tokens.completionTokens, tokens.reasoningTokens)).toBe(completionTokens);
        expect(tokens.cachedPromptTokens === null).toBe(cachedTokens === undefined);
        expect(tokens.reasoningTokens === null).toBe(reasoningTokens === undefined);
        expect(tokens.usageSource).toBe("engine");
      }),
    );
  });

  it("sum to what was produced where nobody counted, and say that it is an estimate", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.nat(10_000), (promptTokens, answerDeltas, reasoningDeltas) => {
        const tokens = meterProduced({ promptTokens, answerDeltas, reasoningDeltas });
        expect(sum(tokens.uncachedPromptTokens)).toBe(promptTokens);
        expect(sum(tokens.completionTokens, tokens.reasoningTokens)).toBe(answerDeltas + reasoningDeltas);
        expect(tokens.usageSource).toBe("estimated");
      }),
    );
  });

  it.each([
    ["nothing was seen", meterProduced(NOTHING), [null, null, null, null, "none"]],
    ["only text was seen", meterProduced({ ...NOTHING, answerDeltas: 3 }), [null, null, 3, 0, "estimated"]],
    ["only the prompt was counted", meterProduced({ ...NOTHING, promptTokens: 9 }), [9, null, 0, 0, "estimated"]],
    ["a whole answer has no usage", meterAnswer(NO_USAGE, { ...NOTHING, answerDeltas: 4 }, "provider"), [null, null, 4, 0, "estimated"]],
    ["an empty answer has no usage", meterAnswer(NO_USAGE, NOTHING, "provider"), [null, null, null, null, "none"]],
    [
      "the other side counted the prompt alone",
      meterAnswer({ ...NO_USAGE, promptTokens: 8, cachedTokens: 3 }, { ...NOTHING, promptTokens: 7, answerDeltas: 2 }, "provider"),
      [5, 3, 2, 0, "estimated"],
    ],
    [
      "the other side counted the completion alone",
      meterAnswer({ ...NO_USAGE, completionTokens: 6 }, { ...NOTHING, promptTokens: 7, answerDeltas: 2 }, "provider"),
      [7, null, 6, null, "estimated"],
    ],
    [
      "the counts are no counts",
      meterAnswer({ promptTokens: -1, completionTokens: Number.NaN, cachedTokens: 1e300 }, { ...NOTHING, answerDeltas: 2 }, "provider"),
      [null, null, 2, 0, "estimated"],
    ],
  ])("unknown is not zero when %s", (_, tokens, expected) => {
    const { uncachedPromptTokens, cachedPromptTokens, completionTokens, reasoningTokens, usageSource } = tokens;
    expect([uncachedPromptTokens, cachedPromptTokens, completionTokens, reasoningTokens, usageSource]).toEqual(expected);
  });
});
