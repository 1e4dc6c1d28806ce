import { describe, expect, it } from "vitest";
import type { ModelClient } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { GenerateEvent, GenerateRequest } from "../engine/generation.ts";
import { LedgerUnavailableError } from "../metering/ledger.ts";
import { TRACING_OFF } from "../observability/tracing.ts";
import { ModelDirectory } from "./model-directory.ts";
import { PLAIN_REQUEST, readyDeployment, serveDirectory } from "./testing/serve-client.ts";

const NEVER = new AbortController().signal;
const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "a" }, choices: 1, stop: [] };
const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const ORIGIN = {
  requestId: "req_1",
  accountId: "a",
  projectId: "p",
  keyId: "key_1",
  endpoint: "completions",
  streamed: false,
  onAttempt: () => undefined,
  trace: TRACING_OFF.startRequest({
    headers: { traceparent: TRACEPARENT },
    method: "POST",
    route: "/v1/completions",
    requestId: "req_1",
    arrivedAt: 0,
  }),
};

/** A model whose client answers with these events; the ledger takes attempts or refuses them. */
function setUp(script: readonly (GenerateEvent | Error)[], { ledgerIsFull = false } = {}) {
  const sent: GenerateRequest[] = [];
  let leases = 0;
  const client: ModelClient = {
    generate: async function* (request) {
      sent.push(request);
      for (const step of script) {
        if (step instanceof Error) throw step;
        yield step;
      }
    },
    health: async () => ({ state: "ready" }),
    close: async () => undefined,
  };
  const acquire = async () => {
    leases++;
    return { client, release: () => void leases-- };
  };
  const directory = new ModelDirectory();
  directory.add({ id: "m", aliases: [], deployment: readyDeployment(acquire) });
  const begin = () => {
    if (ledgerIsFull) throw new LedgerUnavailableError("The disk is full.");
    return { id: "att_1", end: () => undefined };
  };
  const { serving, attempts } = serveDirectory({ directory, ledger: { begin } });
  const generate = (requests: readonly GenerateRequest[] = [REQUEST]) =>
    serving.generate({ model: serving.find("m"), requests, routed: PLAIN_REQUEST, promptParam: "prompt", origin: ORIGIN }, NEVER);
  return { generate, sent, leases: () => leases, counts: () => [...attempts.requestCounts()] };
}

async function drain(events: AsyncIterable<GenerateEvent>): Promise<void> {
  for await (const _ of events);
}

const START: GenerateEvent = { type: "start", upstreamId: undefined };
const WORD: GenerateEvent = { type: "text-delta", choice: 0, text: "word" };
const STOP: GenerateEvent = { type: "choice-end", choice: 0, reason: "stop" };
const END: GenerateEvent = { type: "end", usage: { promptTokens: 1, completionTokens: 1, cachedTokens: undefined } };

describe("serving", () => {
  it("gives the model back and counts nothing as running, however the answer ended", async () => {
    const whole = setUp([START, WORD, STOP, END]);
    await drain(whole.generate());
    const failed = setUp([START, new EngineError("interrupted", "gone")]);
    await expect(drain(failed.generate())).rejects.toMatchObject({ code: "upstream_error" });
    const left = setUp([START, WORD, STOP, END]);
    for await (const _ of left.generate()) break;
    for (const { leases, counts } of [whole, failed, left]) {
      expect(leases()).toBe(0);
      expect(counts()).toEqual([{ model: "m", running: 0, waiting: 0 }]);
    }
  });

  it("counts a request as waiting until a replica works on it", async () => {
    const { generate, counts } = setUp([START, WORD, STOP, END]);
    const seen: unknown[] = [];
    for await (const event of generate()) seen.push([event.type, ...counts().map(({ running, waiting }) => [running, waiting])]);
    expect(seen).toEqual([
      ["start", [1, 0]],
      ["text-delta", [1, 0]],
      ["choice-end", [1, 0]],
      ["end", [0, 0]],
    ]);
  });

  it("runs nothing that cannot be written down", async () => {
    const { generate, sent, leases, counts } = setUp([START, WORD, STOP, END], { ledgerIsFull: true });
    await expect(drain(generate())).rejects.toMatchObject({ code: "ledger_unavailable", status: 503 });
    expect(sent).toEqual([]);
    expect(leases()).toBe(0);
    expect(counts()).toEqual([{ model: "m", running: 0, waiting: 0 }]);
  });

  it("tells the replica the request's id and the caller's trace", async () => {
    const { generate, sent } = setUp([START, WORD, STOP, END]);
    await drain(generate([REQUEST, REQUEST]));
    const headers = { "x-request-id": "req_1", traceparent: TRACEPARENT };
    expect(sent.map(({ trace }) => trace)).toEqual([headers, headers]);
  });
});
