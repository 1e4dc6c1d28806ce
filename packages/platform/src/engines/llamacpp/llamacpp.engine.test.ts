import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import { engineConformance } from "../../engine/testing/conformance.ts";
import { until } from "../../engine/testing/until.ts";
import { SLICE_TOKENS } from "./prompt-slices.ts";
import { type LlamaServer, startLlamaServer } from "./testing/start-llama-server.ts";

engineConformance("llamacpp", async () => {
  const server = await startLlamaServer();
  return {
    ...server,
    busy: async () => (await server.client.health(AbortSignal.timeout(10_000))).busySlots ?? 0,
  };
});

describe("llamacpp", () => {
  let server: LlamaServer;
  beforeAll(async () => {
    server = await startLlamaServer();
  }, 60_000);
  afterAll(() => server.close());

  const generate = (request: Partial<GenerateRequest>) => {
    const { client } = server.supervisor;
    if (client?.generate === undefined) throw new Error("The client does not generate.");
    return foldGeneration(
      client.generate({ prompt: { kind: "text", text: "" }, choices: 1, stop: [], maxTokens: 1, ...request }, AbortSignal.timeout(60_000)),
    );
  };
  const longPrompt = (seed: number): GenerateRequest["prompt"] => ({
    kind: "chat",
    messages: [{ role: "user", content: Array.from({ length: 0.75 * SLICE_TOKENS }, (_, index) => `${(index * seed) % 97}`).join(" ") }],
  });

  it("counts none of a long prompt as cached the first time, and all but its end the second time", async () => {
    const first = await generate({ prompt: longPrompt(31) });
    expect(first.usage.cachedTokens).toBeLessThan(40);
    const second = await generate({ prompt: longPrompt(31) });
    expect(second.usage.promptTokens).toBe(first.usage.promptTokens);
    expect(second.usage.cachedTokens).toBeGreaterThan((first.usage.promptTokens ?? 0) - SLICE_TOKENS);
  });

  it("gives the same answer to a prompt that was fed in slices as to one whose tokens are given", async () => {
    const words = Array.from({ length: SLICE_TOKENS }, (_, index) => `${index % 7}`).join(" ");
    const text = await generate({ prompt: { kind: "text", text: words }, maxTokens: 8, temperature: 0 });
    const again = await generate({ prompt: { kind: "text", text: words }, maxTokens: 8, temperature: 0 });
    expect(again.choices).toEqual(text.choices);
    expect(text.choices[0]?.text).toMatch(/[0-6]/);
  });

  it("refuses a prompt without any token, which the server would answer with nothing", async () => {
    await expect(generate({ prompt: { kind: "text", text: "" } })).rejects.toMatchObject({ kind: "invalid-request" });
  });

  it("never breaks a character that takes several tokens", async () => {
    const { choices } = await generate({ prompt: { kind: "text", text: "日本語🔥".repeat(12) }, maxTokens: 40, temperature: 0 });
    expect(choices[0]?.text).toMatch(/[日本語🔥]/u);
    expect(choices[0]?.text).not.toContain("\u{FFFD}");
  });

  it("fails as interrupted when the server is killed in the middle, and is replaced by one that works", async () => {
    const answer = generate({ prompt: { kind: "text", text: "A long story:" }, maxTokens: 1_000 });
    const failed = expect(answer).rejects.toMatchObject({ kind: "interrupted" });
    const { client } = server;
    await until(async () => (await client.health(AbortSignal.timeout(5_000))).busySlots === 1);
    const [replica] = await server.substrate.observe();
    await server.substrate.stop(replica?.id ?? "", 0);
    await failed;
    await until(() => server.supervisor.client !== undefined && server.supervisor.client !== client, 30_000);
    const health = await server.supervisor.client?.health(AbortSignal.timeout(5_000));
    expect(health?.state).toBe("ready");
  });

  it("bans and forces tokens by their bias", async () => {
    const prompt: GenerateRequest["prompt"] = { kind: "chat", messages: [{ role: "user", content: "Hi" }] };
    // 19556 is "Hello" in the default model's vocabulary.
    const forced = await generate({ prompt, maxTokens: 3, logitBias: new Map([[19_556, 100]]) });
    expect(forced.choices[0]?.text).toBe("HelloHelloHello");
    const banned = await generate({ prompt, maxTokens: 3, temperature: 0, logitBias: new Map([[19_556, -100]]) });
    expect(banned.choices[0]?.text).not.toContain("Hello");
  });
});
