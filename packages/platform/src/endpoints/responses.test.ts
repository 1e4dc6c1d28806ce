import { createOpenAI } from "@ai-sdk/openai";
import { responseEvent } from "@bonfire/protocol/response-events";
import { responseObject } from "@bonfire/protocol/responses";
import { generateText, streamText } from "ai";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Script } from "../engine/testing/fake-replica.ts";
import { until } from "../engine/testing/until.ts";
import { breakingOff, collect, pausing, type ResponsesApi, serveResponses } from "./testing/serve-responses.ts";

let api: ResponsesApi;
let likeAModel: Script;
beforeAll(async () => {
  api = await serveResponses();
  likeAModel = api.fake.script;
});
beforeEach(() => {
  api.fake.script = likeAModel;
});
afterAll(() => api.close());

const BODY = { model: "alias", input: "one two three", max_output_tokens: 3 };

function post(body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${api.url}/v1/responses`, {
    method: "POST",
    headers: { authorization: "Bearer own", "content-type": "application/json" },
    body: JSON.stringify(body),
    ...init,
  });
}

/** Frames with their event's name, and the data as it is described. */
function framesOf(text: string) {
  return text
    .split("\n\n")
    .filter((frame) => frame !== "" && !frame.startsWith(":"))
    .map((frame) => {
      const [, event, data = ""] = /^event: (.+)\ndata: (.+)$/.exec(frame) ?? [];
      return { event, data: responseEvent.parse(JSON.parse(data)) };
    });
}

/** What the replica was last asked to answer. */
const lastMessages = (): unknown => api.fake.calls.at(-1)?.body.messages;

describe("a response", () => {
  it("has every key that it must have, and names what its model resolved to", async () => {
    const response = await post({ ...BODY, instructions: "Repeat.", metadata: { team: "a" } });
    expect(response.headers.get("x-bonfire-model")).toBe("m");
    const body = responseObject.parse(await response.json());
    expect(body.id).toBe(`resp_${response.headers.get("x-request-id")?.slice("req_".length)}`);
    expect(body).toMatchObject({ model: "alias", instructions: "Repeat.", metadata: { team: "a" }, status: "incomplete" });
    expect(body.usage).toMatchObject({ output_tokens: 3 });
  });

  it("satisfies OpenAI's client", async () => {
    const response = await api.client.responses.create({ ...BODY, input: [{ role: "user", content: "one two" }] });
    expect(response.output_text).toBe("one two one");
    expect(response.incomplete_details).toEqual({ reason: "max_output_tokens" });
  });

  it("satisfies the AI SDK, which asks for responses unless it is told otherwise", async () => {
    const model = createOpenAI({ baseURL: `${api.url}/v1`, apiKey: "own" })("m");
    const whole = await generateText({ model, prompt: "one two", maxOutputTokens: 3 });
    expect([whole.text, whole.usage.outputTokens]).toEqual(["one two one", 3]);
    const streamed = streamText({ model, prompt: "one two", maxOutputTokens: 3 });
    expect(await streamed.text).toBe("one two one");
  });

  it("lists the fields that had no effect", async () => {
    const response = await post({ ...BODY, prompt_cache_retention: "24h", include: ["reasoning.encrypted_content"] });
    expect(response.headers.get("x-bonfire-ignored")).toBe("prompt_cache_retention, include.reasoning.encrypted_content");
  });

  it("sends the engine what it says of itself", async () => {
    const { temperature, top_p } = await api.client.responses.create(BODY);
    expect(api.fake.calls.at(-1)?.body).toMatchObject({ temperature, top_p });
  });

  it("is refused with the name of the field at fault", async () => {
    const response = await post({ ...BODY, prompt: { id: "pmpt_1" } });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param: "prompt", code: "unsupported_parameter" } }]);
  });

  it("of an engine that fails has an error's status, and is not stored", async () => {
    api.fake.script = breakingOff;
    await expect(api.client.responses.create(BODY)).rejects.toMatchObject({ status: 502 });
  });
});

describe("a streamed response", () => {
  it("begins with created and in_progress, and ends with the body that is stored", async () => {
    const response = await post({ ...BODY, stream: true });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const frames = framesOf(await response.text());
    expect(frames.map(({ event }) => event)).toEqual(frames.map(({ data }) => data.type));
    expect(frames.map(({ data }) => data.sequence_number)).toEqual(frames.map((_, index) => index));
    expect(frames.slice(0, 2).map(({ event }) => event)).toEqual(["response.created", "response.in_progress"]);
    const last = frames.at(-1)?.data;
    if (last?.type !== "response.incomplete") throw new Error(`It ends with ${last?.type}.`);
    expect(await (await fetch(`${api.url}/v1/responses/${last.response.id}`, { headers: { "x-api-key": "own" } })).json()).toEqual(
      last.response,
    );
  });

  it("satisfies the SDK's stream helper", async () => {
    const stream = api.client.responses.stream(BODY);
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ output_text: "one two three", status: "incomplete" });
  });

  it("that cannot begin fails with a status instead of a stream", async () => {
    const response = await post({ ...BODY, input: "word ".repeat(1_001), stream: true });
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: "context_length_exceeded", param: "input" } }]);
  });

  it("that breaks off tells of it, and is stored as failed", async () => {
    api.fake.script = breakingOff;
    const frames = framesOf(await (await post({ ...BODY, stream: true })).text());
    const last = frames.at(-1)?.data;
    expect(last).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "server_error" }, output: [{ status: "incomplete", content: [{ text: "word" }] }] },
    });
    if (last?.type !== "response.failed") throw new Error("It did not fail.");
    expect(await api.client.responses.retrieve(last.response.id)).toMatchObject({ status: "failed" });
  });

  it("stops its engine when the client hangs up, and is not stored", async () => {
    api.fake.script = pausing().script;
    const abort = new AbortController();
    const response = await post({ ...BODY, stream: true }, { signal: abort.signal });
    await response.body?.getReader().read();
    abort.abort();
    await until(() => api.fake.calls.at(-1)?.hungUp.aborted === true);
    const id = response.headers.get("x-request-id")?.replace("req_", "resp_") ?? "";
    await expect(api.client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
});

describe("tools", () => {
  const TOOL = {
    type: "function" as const,
    name: "look_up",
    parameters: { type: "object", properties: { word: { type: "string" } }, required: ["word"], additionalProperties: false },
    strict: true,
  };

  it("are called, and get their outputs back", async () => {
    const asked = await api.client.responses.create({ model: "m", input: "What is fire?", tools: [TOOL], tool_choice: "required" });
    const call = asked.output.find((item) => item.type === "function_call");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ word: expect.any(String) });
    await api.client.responses.create({
      ...{ model: "m", tools: [TOOL], max_output_tokens: 2, previous_response_id: asked.id },
      input: [{ type: "function_call_output", call_id: call?.call_id ?? "", output: "hot" }],
    });
    expect(lastMessages()).toMatchObject([
      { role: "user", content: "What is fire?" },
      { role: "assistant", tool_calls: [{ id: call?.call_id, function: { name: "look_up", arguments: call?.arguments } }] },
      { role: "tool", tool_call_id: call?.call_id, content: "hot" },
    ]);
  });

  it("stream their arguments", async () => {
    const body = { model: "m", input: "What is fire?", tools: [TOOL], tool_choice: { type: "function", name: "look_up" }, stream: true };
    const events = framesOf(await (await post(body)).text()).map(({ data }) => data);
    const deltas = events.flatMap((event) => (event.type === "response.function_call_arguments.delta" ? [event.delta] : []));
    const done = events.find((event) => event.type === "response.function_call_arguments.done");
    expect(done).toMatchObject({ name: "look_up", arguments: deltas.join("") });
  });
});

describe("a conversation by previous_response_id", () => {
  it("has everything that was said, but not the instructions", async () => {
    const first = await api.client.responses.create({ ...BODY, instructions: "Be brief.", input: "My secret is blue." });
    await api.client.responses.create({ ...BODY, input: "Which one?", previous_response_id: first.id });
    expect(lastMessages()).toMatchObject([
      { role: "user", content: "My secret is blue." },
      { role: "assistant", content: first.output_text },
      { role: "user", content: "Which one?" },
    ]);
  });

  it("is not there for another project, nor where there is none", async () => {
    const { id } = await api.client.responses.create(BODY);
    const failure = { status: 404, code: "response_not_found", param: "previous_response_id" };
    await expect(api.foreign.responses.create({ ...BODY, previous_response_id: id })).rejects.toMatchObject(failure);
    await expect(api.client.responses.create({ ...BODY, previous_response_id: "resp_none" })).rejects.toMatchObject(failure);
  });

  it("takes references to items of what was stored", async () => {
    const { output } = await api.client.responses.create(BODY);
    const input = [
      { type: "item_reference" as const, id: output[0]?.id ?? "" },
      { role: "user" as const, content: "and?" },
    ];
    await api.client.responses.create({ ...BODY, input });
    expect(lastMessages()).toMatchObject([
      { role: "assistant", content: "one two three" },
      { role: "user", content: "and?" },
    ]);
    await expect(api.foreign.responses.create({ ...BODY, input })).rejects.toMatchObject({ code: "item_not_found", param: "input[0].id" });
  });

  it("cannot come after a response that is not stored", async () => {
    const { id } = await api.client.responses.create({ ...BODY, store: false });
    await expect(api.client.responses.retrieve(id)).rejects.toMatchObject({ status: 404, code: "response_not_found" });
  });
});

describe("while the database is away", () => {
  it("what is to be stored is refused before anything is computed; the rest is answered", async () => {
    await api.postgres.goAway();
    try {
      const before = api.fake.calls.length;
      await expect(api.client.responses.create(BODY)).rejects.toMatchObject({ status: 503, code: "database_unavailable" });
      await expect(api.client.responses.create({ ...BODY, background: true })).rejects.toMatchObject({ status: 503 });
      expect(api.fake.calls.length).toBe(before);
      expect(await api.client.responses.create({ ...BODY, store: false })).toMatchObject({ output_text: "one two three" });
    } finally {
      await api.postgres.comeBack();
    }
  });

  it("a stream that cannot be stored at its end fails instead of being completed", async () => {
    await until(() =>
      api.client.responses.create(BODY).then(
        () => true,
        () => false,
      ),
    );
    const { script, goOn } = pausing();
    api.fake.script = script;
    const stream = await api.client.responses.create({ ...BODY, stream: true });
    const events = stream[Symbol.asyncIterator]();
    await events.next();
    await api.postgres.goAway();
    goOn();
    const rest = await collect({ [Symbol.asyncIterator]: () => events });
    await api.postgres.comeBack();
    expect(rest.at(-1)).toMatchObject({ type: "response.failed", response: { status: "failed", error: { code: "server_error" } } });
  });
});
