import { ApiError } from "@bonfire/protocol/errors";
import type { ResponseObject } from "@bonfire/protocol/responses";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { GenerateEvent } from "../engine/generation.ts";
import { until } from "../engine/testing/until.ts";
import { BackgroundRuns } from "./background-runs.ts";
import { BackgroundStore } from "./background-store.ts";
import { ConversationStore } from "./conversation-store.ts";
import { ResponseStore } from "./response-store.ts";
import { OWN, type ResponseDatabase, startResponseDatabase } from "./testing/response-database.ts";
import { queuedResponse, textsOf, userMessage } from "./testing/sample-responses.ts";

let postgres: ResponseDatabase;
let responses: ResponseStore;
let background: BackgroundStore;
beforeAll(async () => {
  postgres = await startResponseDatabase();
  responses = new ResponseStore({ database: postgres.database });
  background = new BackgroundStore(postgres.database);
});
afterAll(() => postgres.close());

const open: AbortController[] = [];
const running: BackgroundRuns[] = [];
afterEach(async () => {
  for (const shutdown of open.splice(0)) shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
  for (const runs of running.splice(0)) await runs.stop();
});

/** A gateway, and what it complains of. */
function gateway(runnerId: string, times: { aliveMs: number; silentMs: number } = { aliveMs: 60_000, silentMs: 600_000 }) {
  const shutdown = new AbortController();
  const failures: Error[] = [];
  const runs = new BackgroundRuns({
    store: background,
    runnerId,
    onFailure: (error) => failures.push(error),
    shutdown: shutdown.signal,
    times,
  });
  open.push(shutdown);
  running.push(runs);
  return { runs, shutdown, failures };
}

const USAGE: GenerateEvent = { type: "end", usage: { promptTokens: 1, completionTokens: 2, cachedTokens: undefined } };

/** Says a word, and ends when it may, or throws the signal's reason. */
function engine() {
  let finish = (): void => undefined;
  const mayFinish = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const state = { aborted: false };
  async function* generate(signal: AbortSignal): AsyncGenerator<GenerateEvent> {
    yield { type: "start", upstreamId: undefined };
    yield { type: "text-delta", choice: 0, text: "word" };
    if (!signal.aborted) await Promise.race([mayFinish, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
    state.aborted = signal.aborted;
    signal.throwIfAborted();
    yield { type: "choice-end", choice: 0, reason: "stop" };
    yield USAGE;
  }
  return { generate, finish: () => finish(), state };
}

const statusOf = async ({ id }: ResponseObject) => (await responses.find(OWN, id))?.status;

async function hasStatus(response: ResponseObject, status: ResponseObject["status"]): Promise<void> {
  await until(async () => (await statusOf(response)) === status);
}

async function collect<Value>(values: AsyncIterable<Value> | undefined): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values ?? []) all.push(value);
  return all;
}

describe("a response in the background", () => {
  it("goes from queued over in_progress to completed, and keeps its output", async () => {
    const { runs } = gateway("one");
    const { generate, finish } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [userMessage("hi")], generate });
    await hasStatus(response, "in_progress");
    finish();
    await hasStatus(response, "completed");
    const ended = await responses.find(OWN, response.id);
    expect(ended).toMatchObject({ background: true, usage: { input_tokens: 1, output_tokens: 2 }, completed_at: expect.any(Number) });
    expect(textsOf(await responses.history(OWN, response.id))).toEqual(["hi", "word"]);
  });

  it("cannot be continued before it has ended", async () => {
    const { runs } = gateway("one");
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate: engine().generate });
    await expect(responses.history(OWN, response.id)).rejects.toMatchObject({ code: "invalid_value", param: "previous_response_id" });
  });

  it("is followed from its beginning by whoever comes, whenever", async () => {
    const { runs } = gateway("one");
    const { generate, finish } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate });
    const { signal } = new AbortController();
    const early = collect(runs.follow(response.id, signal));
    await hasStatus(response, "in_progress");
    const late = collect(runs.follow(response.id, signal));
    finish();
    expect((await early).map(({ type }) => type)).toEqual(["start", "text-delta", "choice-end", "end"]);
    expect(await late).toEqual(await early);
    // Followers hear of the end when it is stored.
    expect(await statusOf(response)).toBe("completed");
    expect((await background.events(OWN, response.id)).map(({ type }) => type)).toEqual(["text-delta", "choice-end"]);
  });

  it("adds to its conversation when it has ended", async () => {
    const conversations = new ConversationStore({ database: postgres.database });
    const { id: conversation } = await conversations.create(OWN, {}, []);
    const { runs } = gateway("one");
    const { generate, finish } = engine();
    const response = queuedResponse({ conversation });
    await runs.add({ scope: OWN, response, input: [userMessage("hi")], generate });
    finish();
    await hasStatus(response, "completed");
    expect(textsOf(await conversations.history(OWN, conversation))).toEqual(["hi", "word"]);
  });

  it("whose conversation was deleted meanwhile fails, with what it has said", async () => {
    const conversations = new ConversationStore({ database: postgres.database });
    const { id: conversation } = await conversations.create(OWN, {}, []);
    const { runs } = gateway("one");
    const { generate, finish } = engine();
    const response = queuedResponse({ conversation });
    await runs.add({ scope: OWN, response, input: [], generate });
    await conversations.remove(OWN, conversation);
    finish();
    await hasStatus(response, "failed");
    expect(textsOf((await responses.find(OWN, response.id))?.output ?? [])).toEqual(["word"]);
  });

  it("that is cancelled stops its engine and stays cancelled", async () => {
    const { runs } = gateway("one");
    const { generate, state } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate });
    expect(await background.cancel(OWN, response.id)).toBe(true);
    await runs.abort(response.id);
    expect(state.aborted).toBe(true);
    expect(await responses.find(OWN, response.id)).toMatchObject({ status: "cancelled", output: [] });
    expect(await background.cancel(OWN, response.id)).toBe(false);
  });

  it("that another gateway ended stops here soon", async () => {
    const { runs } = gateway("one", { aliveMs: 20, silentMs: 600_000 });
    runs.start();
    const { generate, state } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate });
    await background.cancel(OWN, response.id);
    await until(() => state.aborted);
  });

  it("fails where its engine fails, with the failure's message", async () => {
    const { runs, failures } = gateway("one");
    const response = queuedResponse();
    const generate = async function* (): AsyncGenerator<GenerateEvent> {
      yield { type: "text-delta", choice: 0, text: "wo" };
      throw new ApiError("upstream_error", "The engine broke off.");
    };
    await runs.add({ scope: OWN, response, input: [], generate });
    await hasStatus(response, "failed");
    expect(await responses.find(OWN, response.id)).toMatchObject({
      error: { code: "server_error", message: "The engine broke off." },
      output: [{ status: "incomplete", content: [{ text: "wo" }] }],
    });
    expect(failures).toMatchObject([{ code: "upstream_error" }]);
  });

  it("is refused before it is stored where it may not be generated", async () => {
    const { runs } = gateway("one");
    const response = queuedResponse();
    const generate = () => {
      throw new ApiError("invalid_value", "m does not take images.");
    };
    await expect(runs.add({ scope: OWN, response, input: [], generate })).rejects.toMatchObject({ code: "invalid_value" });
    expect(await statusOf(response)).toBeUndefined();
  });
});

describe("a gateway that stops", () => {
  it("fails what still runs when nobody waits any more", async () => {
    const { runs, shutdown } = gateway("one");
    const { generate, state } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate });
    const stopped = runs.stop();
    shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
    await stopped;
    expect(state.aborted).toBe(true);
    expect(await responses.find(OWN, response.id)).toMatchObject({
      status: "failed",
      error: { code: "server_error", message: "The server is shutting down." },
    });
  });
});

describe("a gateway that died", () => {
  it("leaves responses that fail once it has been silent for long enough", async () => {
    const response = queuedResponse();
    await background.add({ scope: OWN, response, input: [] }, "dead");
    const { runs } = gateway("two", { aliveMs: 20, silentMs: 200 });
    runs.start();
    await hasStatus(response, "failed");
    expect((await responses.find(OWN, response.id))?.error).toMatchObject({ code: "server_error" });
  });

  it("is told from one that lives", async () => {
    const alive = gateway("one", { aliveMs: 20, silentMs: 600_000 });
    alive.runs.start();
    const { generate, finish } = engine();
    const response = queuedResponse();
    await alive.runs.add({ scope: OWN, response, input: [], generate });
    for (let beats = 0; beats < 5; beats++) {
      await background.keepAlive("one");
      expect(await background.failAbandoned("two", 10_000)).toBe(0);
    }
    finish();
    await hasStatus(response, "completed");
  });
});

describe("a database that is away when a response ends", () => {
  it("gets it when it is back", async () => {
    const { runs, failures } = gateway("one");
    const { generate, finish } = engine();
    const response = queuedResponse();
    await runs.add({ scope: OWN, response, input: [], generate });
    await hasStatus(response, "in_progress");
    await postgres.goAway();
    finish();
    await until(() => failures.length > 0);
    expect(failures[0]).toMatchObject({ code: "database_unavailable" });
    await postgres.comeBack();
    await until(async () => (await statusOf(response).catch(() => undefined)) === "completed");
  });
});
