import { describe, expect, it } from "vitest";
import { bearer } from "../../egress/bearer.ts";
import { EngineError } from "../../engine/engine-error.ts";
import { foldGeneration, type Generation } from "../../engine/fold-generation.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import { engineConformance } from "../../engine/testing/conformance.ts";
import { FakeStream, type Script, sendJson, startFakeReplica } from "../../engine/testing/fake-replica.ts";
import { until } from "../../engine/testing/until.ts";
import { openaiCompatible } from "./openai-compatible.ts";

const CONTEXT = 400;

engineConformance("openai-compatible, on a scripted replica,", async () => {
  const fake = await startFakeReplica({ model: "fake", contextLength: CONTEXT });
  const client = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "fake", credentials: bearer("secret") });
  return {
    client,
    busy: async () => fake.busy(),
    slots: 4,
    contextLength: CONTEXT,
    close: async () => {
      await client.close();
      await fake.close();
    },
  };
});

const REQUEST: GenerateRequest = { prompt: { kind: "chat", messages: [{ role: "user", content: "hello" }] }, choices: 1, stop: [] };

/** Runs one call against a script and hands over what came of it. */
async function against<Value>(
  script: Script | undefined,
  use: (
    generate: (request?: Partial<GenerateRequest>) => Promise<Generation>,
    fake: Awaited<ReturnType<typeof startFakeReplica>>,
  ) => Promise<Value>,
) {
  const fake = await startFakeReplica({ model: "fake", contextLength: CONTEXT });
  if (script !== undefined) fake.script = script;
  const client = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "fake", credentials: bearer("secret") });
  try {
    if (client.generate === undefined) throw new Error("The client does not generate.");
    const { generate } = client;
    return await use(
      (request) => foldGeneration(generate.call(client, { ...REQUEST, maxTokens: 3, ...request }, AbortSignal.timeout(10_000))),
      fake,
    );
  } finally {
    await client.close();
    await fake.close();
  }
}

const failureOf = (script: Script) =>
  against(script, (generate) =>
    generate().then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

describe("openai-compatible", () => {
  it("sends the key as a bearer token and asks for usage in the stream", async () => {
    await against(undefined, async (generate, fake) => {
      await generate();
      expect(fake.calls[0]?.authorization).toBe("Bearer secret");
      expect(fake.calls[0]?.body).toMatchObject({ model: "fake", stream: true, stream_options: { include_usage: true } });
    });
  });

  it("puts characters together that were split between chunks of bytes", async () => {
    const text = "héllo 🔥 日本";
    const generation = await against(
      async ({ path, response }) => {
        const recorded: Buffer[] = [];
        const write = response.write.bind(response);
        response.write = ((bytes: string) => recorded.push(Buffer.from(bytes)) > 0) as typeof response.write;
        const stream = new FakeStream(response, { path, model: "fake" });
        stream.begin();
        stream.text(0, text);
        stream.finish(0, "stop");
        response.write = write;
        for (const byte of Buffer.concat(recorded)) {
          write(Buffer.from([byte]));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end("data: [DONE]\n\n");
      },
      (generate) => generate(),
    );
    expect(generation.choices[0]?.text).toBe(text);
  });

  it("fails as interrupted when the server dies in the middle of an answer", async () => {
    const error = await failureOf(async ({ path, response }) => {
      const stream = new FakeStream(response, { path, model: "fake" });
      stream.begin();
      stream.text(0, "half an ans");
      setImmediate(() => response.destroy());
    });
    expect(error).toMatchObject({ kind: "interrupted" });
  });

  it("fails as interrupted when a stream ends without a finish reason", async () => {
    const error = await failureOf(async ({ path, response }) => {
      const stream = new FakeStream(response, { path, model: "fake" });
      stream.begin();
      stream.text(0, "half an answer");
      stream.done();
    });
    expect(error).toMatchObject({ kind: "interrupted" });
  });

  it("fails when an error stands where a chunk should be", async () => {
    const error = await failureOf(async ({ path, response }) => {
      const stream = new FakeStream(response, { path, model: "fake" });
      stream.begin();
      stream.data('{"error":{"message":"the GPU fell off","type":"server_error"}}');
      stream.done();
    });
    expect(error).toMatchObject({ kind: "interrupted", message: "the GPU fell off" });
  });

  it("accepts a stream without [DONE], and usage on the last chunk", async () => {
    const generation = await against(
      async ({ response }) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const chunk = {
          choices: [{ index: 0, delta: { content: "hi" }, finish_reason: "eos" }],
          usage: { prompt_tokens: 9, completion_tokens: 1, cached_tokens: 4 },
        };
        response.end(`: ka\r\n\r\ndata:${JSON.stringify(chunk)}\r\n\r\n`);
      },
      (generate) => generate(),
    );
    expect(generation).toMatchObject({ choices: [{ text: "hi", finishReason: "stop" }], usage: { promptTokens: 9, cachedTokens: 4 } });
  });

  it("keeps its connection for the next call, also when the end of an answer comes a moment after its last event", async () => {
    const script: Script = async ({ path, response }) => {
      const stream = new FakeStream(response, { path, model: "fake" });
      stream.begin();
      stream.text(0, "word ".repeat(1_000));
      stream.finish(0, "stop");
      stream.data("[DONE]");
      setTimeout(() => response.end(), 5);
    };
    await against(script, async (generate, fake) => {
      for (let call = 0; call < 5; call++) {
        await generate();
        await until(() => fake.calls[call]?.response.writableFinished === true);
      }
      // The client may see the end of an answer a moment after its server does.
      expect(fake.connections()).toBeLessThan(5);
    });
  });

  it("calls once more when the kept connection had been closed while idle", async () => {
    await against(undefined, async (generate, fake) => {
      await generate();
      // The server hangs up on the idle connection at the moment when the next request arrives on it.
      const answer = fake.script;
      let refused = 0;
      fake.script = async (call) => {
        if (refused++ === 0) call.response.socket?.destroy();
        else await answer(call);
      };
      expect((await generate()).choices[0]?.finishReason).toBe("length");
      expect(refused).toBe(2);
    });
  });

  it.each([
    [400, "invalid-request"],
    [401, "refused"],
    [404, "not-found"],
    [429, "rate-limited"],
    [500, "bad-response"],
    [503, "overloaded"],
  ])("reads status %i as %s", async (status, kind) => {
    const error = await failureOf(async ({ response }) => sendJson(response, status, { error: { message: "no", type: "t" } }));
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ kind, details: { status } });
  });

  it.each([
    [
      "OpenAI",
      "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. Please reduce the length of the messages.",
    ],
    [
      "vLLM",
      "This model's maximum context length is 4096 tokens. However, you requested 6000 tokens (5000 in the messages, 1000 in the completion).",
    ],
  ])("reads both counts of an overflow from the words of %s", async (_, message) => {
    const error = await failureOf(async ({ response }) =>
      sendJson(response, 400, { error: { message, type: "invalid_request_error", code: "context_length_exceeded" } }),
    );
    expect(error).toMatchObject({ kind: "context-overflow", details: { promptTokens: 5_000, contextTokens: 4_096 } });
  });

  it("keeps quiet about what a server says of credentials", async () => {
    const error = await failureOf(async ({ response }) => sendJson(response, 401, { error: { message: "bad key sk-12345", type: "t" } }));
    expect(error instanceof Error ? error.message : "").not.toContain("sk-12345");
  });

  it("is unreachable where nobody listens", async () => {
    const fake = await startFakeReplica({ model: "fake", contextLength: CONTEXT });
    await fake.close();
    const client = openaiCompatible.connect({ address: { kind: "url", url: fake.url }, model: "fake", credentials: bearer(undefined) });
    await expect(client.health(AbortSignal.timeout(5_000))).rejects.toMatchObject({ kind: "unreachable" });
    await client.close();
  });

  it("says before anything is sent what a strict upstream lacks, and calls the limit by its name", async () => {
    const fake = await startFakeReplica({ model: "fake", contextLength: CONTEXT });
    const client = openaiCompatible.connect({
      address: { kind: "url", url: fake.url },
      model: "fake",
      profile: "openai",
      credentials: bearer(undefined),
    });
    const ask = (request: Partial<GenerateRequest>) =>
      foldGeneration(client.generate?.({ ...REQUEST, ...request }, AbortSignal.timeout(10_000)) ?? (async function* () {})());
    await expect(ask({ topK: 3 })).rejects.toMatchObject({ kind: "unsupported", details: { param: "top_k" } });
    expect(fake.calls).toHaveLength(0);
    const { start } = await ask({ maxTokens: 3, stop: ["hello"], tokenIds: true });
    expect(start?.ignored).toEqual(["return_token_ids"]);
    expect(fake.calls[0]?.body).toMatchObject({ max_completion_tokens: 3 });
    await client.close();
    await fake.close();
  });

  it("tells thoughts and log-probabilities", async () => {
    await against(undefined, async (generate) => {
      const { choices, usage } = await generate({ reasoning: { enabled: true }, logprobs: { alternatives: 1 }, maxTokens: 5 });
      expect(choices[0]).toMatchObject({
        reasoning: "Let me think.",
        text: "hello hello",
        logprobs: [{ token: "hello" }, { token: " hello" }],
      });
      expect(usage).toMatchObject({ completionTokens: 5, reasoningTokens: 3 });
    });
  });

  it("sends pictures by their bytes", async () => {
    const source = { kind: "bytes", mediaType: "image/png", base64: "AAAA" } as const;
    const content = [{ kind: "text", text: "look at" } as const, { kind: "image", source, param: "messages[0].content[1]" } as const];
    await against(undefined, async (generate) => {
      const { choices, usage } = await generate({ prompt: { kind: "chat", messages: [{ role: "user", content }] } });
      expect([choices[0]?.text, usage.promptTokens]).toEqual(["look at <image>", 3]);
    });
  });

  it("hangs up when the consumer leaves", async () => {
    await against(undefined, async (_, fake) => {
      const client = openaiCompatible.connect({
        address: { kind: "url", url: fake.url },
        model: "fake",
        credentials: bearer(undefined),
      });
      for await (const event of client.generate?.(REQUEST, AbortSignal.timeout(10_000)) ?? []) if (event.type === "text-delta") break;
      await until(() => fake.calls[0]?.hungUp.aborted === true && fake.busy() === 0);
      await client.close();
    });
  });
});
