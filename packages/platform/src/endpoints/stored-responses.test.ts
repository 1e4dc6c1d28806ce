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

const BODY = { model: "m", input: "one two three", max_output_tokens: 3 };
const NOT_FOUND = { status: 404, code: "response_not_found" };

async function hasStatus(id: string, status: string): Promise<void> {
  await until(async () => (await api.client.responses.retrieve(id)).status === status);
}

describe("a stored response", () => {
  it("is fetched as it was answered, deleted, and gone then", async () => {
    const response = await api.client.responses.create(BODY);
    expect(await api.client.responses.retrieve(response.id)).toMatchObject({ ...response, output_text: response.output_text });
    await api.client.responses.delete(response.id);
    await expect(api.client.responses.retrieve(response.id)).rejects.toMatchObject(NOT_FOUND);
    await expect(api.client.responses.delete(response.id)).rejects.toMatchObject(NOT_FOUND);
  });

  it("is not there for another project", async () => {
    const { id } = await api.client.responses.create({ ...BODY, background: true });
    const { responses } = api.foreign;
    await expect(responses.retrieve(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(responses.retrieve(id, { stream: true })).rejects.toMatchObject(NOT_FOUND);
    await expect(responses.cancel(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(responses.delete(id)).rejects.toMatchObject(NOT_FOUND);
    await expect(responses.inputItems.list(id)).rejects.toMatchObject(NOT_FOUND);
  });

  it("lists the items that it answers, newest first, over several pages", async () => {
    const input = ["a", "b", "c"].map((content) => ({ role: "user" as const, content }));
    const { id } = await api.client.responses.create({ ...BODY, input });
    const page = await api.client.responses.inputItems.list(id, { limit: 2 });
    const all = await collect(page);
    expect(page.data).toHaveLength(2);
    expect(all.map((item) => item.type === "message" && item.content)).toEqual(
      ["c", "b", "a"].map((text) => [{ type: "input_text", text }]),
    );
  });

  it("that ran with its connection has no stream to come back to, and cannot be cancelled", async () => {
    const { id } = await api.client.responses.create(BODY);
    await expect(api.client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400, param: "stream" });
    await expect(api.client.responses.cancel(id)).rejects.toMatchObject({ status: 400 });
  });
});

describe("a background response", () => {
  it("is answered at once and polled until it is completed", async () => {
    const { script, goOn } = pausing();
    api.fake.script = script;
    const { id, status } = await api.client.responses.create({ ...BODY, background: true });
    expect(status).toBe("queued");
    await hasStatus(id, "in_progress");
    goOn();
    await hasStatus(id, "completed");
    expect(await api.client.responses.retrieve(id)).toMatchObject({ output_text: "word more", usage: { total_tokens: 3 } });
  });

  it("that is cancelled frees the engine", async () => {
    api.fake.script = pausing().script;
    const { id } = await api.client.responses.create({ ...BODY, background: true });
    await hasStatus(id, "in_progress");
    expect(await api.client.responses.cancel(id)).toMatchObject({ id, status: "cancelled" });
    await until(() => api.fake.calls.at(-1)?.hungUp.aborted === true);
    expect(await api.client.responses.cancel(id)).toMatchObject({ status: "cancelled" });
  });

  it("that is deleted frees the engine", async () => {
    api.fake.script = pausing().script;
    const { id } = await api.client.responses.create({ ...BODY, background: true });
    await hasStatus(id, "in_progress");
    await api.client.responses.delete(id);
    await until(() => api.fake.calls.at(-1)?.hungUp.aborted === true);
    await expect(api.client.responses.retrieve(id)).rejects.toMatchObject(NOT_FOUND);
  });

  it("of an engine that breaks off has failed", async () => {
    api.fake.script = breakingOff;
    const { id } = await api.client.responses.create({ ...BODY, background: true });
    await hasStatus(id, "failed");
    expect((await api.client.responses.retrieve(id)).error).toMatchObject({ code: "server_error" });
  });
});

describe("the stream of a background response", () => {
  it("goes on where a client left it, and is told again as it was", async () => {
    const { script, goOn } = pausing();
    api.fake.script = script;
    const stream = await api.client.responses.create({ ...BODY, background: true, stream: true });
    const seen = [];
    for await (const event of stream) {
      seen.push(event);
      if (event.type === "response.output_text.delta") break;
    }
    expect(seen.map(({ type }) => type)).toEqual([
      ...["response.created", "response.queued", "response.in_progress"],
      ...["response.output_item.added", "response.content_part.added", "response.output_text.delta"],
    ]);
    const [first] = seen;
    if (first?.type !== "response.created") throw new Error("It was not created.");
    const { id } = first.response;
    const resumed = api.client.responses.retrieve(id, { stream: true, starting_after: seen.length - 1 }).then(collect);
    goOn();
    const whole = [...seen, ...(await resumed)];
    expect(whole.map(({ sequence_number }) => sequence_number)).toEqual(whole.map((_, index) => index));
    expect(whole.at(-1)).toMatchObject({ type: "response.completed", response: { output: [{ content: [{ text: "word more" }] }] } });
    expect(await collect(await api.client.responses.retrieve(id, { stream: true }))).toEqual(whole);
  });

  it("ends for a client that comes back to a cancelled one", async () => {
    api.fake.script = pausing().script;
    const { id } = await api.client.responses.create({ ...BODY, background: true });
    await hasStatus(id, "in_progress");
    const following = collect(await api.client.responses.retrieve(id, { stream: true }));
    await api.client.responses.cancel(id);
    expect((await following).at(-1)).toMatchObject({ type: "response.incomplete", response: { status: "cancelled" } });
    const late = await collect(await api.client.responses.retrieve(id, { stream: true, starting_after: 40 }));
    expect(late).toMatchObject([{ type: "response.incomplete", sequence_number: 41 }]);
  });

  it("is the only one that can start after an event", async () => {
    const { id } = await api.client.responses.create(BODY);
    const answer = await fetch(`${api.url}/v1/responses/${id}?starting_after=2`, { headers: { "x-api-key": "own" } });
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { param: "starting_after" } }]);
  });
});
