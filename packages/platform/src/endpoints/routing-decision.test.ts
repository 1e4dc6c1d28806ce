import { once } from "node:events";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { until } from "../engine/testing/until.ts";
import { FrontDoor } from "../http/front-door.ts";
import { createHttpServer } from "../http/http-server.ts";
import { UNOBSERVED } from "../http/testing/unobserved.ts";
import type { EndedRequest } from "../observability/trace.ts";
import { TRACING_OFF } from "../observability/tracing.ts";
import type { Decision } from "../serving/decision.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Endpoint } from "./endpoint.ts";
import { noteDecision } from "./origin.ts";
import { readRoutingHeaders } from "./request-routing.ts";

const open: FrontDoor[] = [];
afterEach(async () => {
  for (const door of open.splice(0)) await door.close();
});

/** A server for whose every request this was decided. */
async function serve(decision: Decision) {
  const log: Record<string, unknown>[] = [];
  const ended: EndedRequest[] = [];
  const endpoint: Endpoint = {
    method: "GET",
    paths: ["/decided"],
    permission: "public",
    summary: "Tells what was decided.",
    schemas: { answer: z.unknown() },
    handle: async ({ header, facts }) => {
      readRoutingHeaders(header);
      noteDecision(facts, decision);
      return { headers: answerHeaders({ modelId: "m", ignored: [], decision }), json: {} };
    },
  };
  const app = createHttpServer({
    endpoints: [endpoint],
    authenticate: () => ({ keyId: "key_1", keyName: "test", accountId: "a", projectId: "p", role: "inference" }),
    ...UNOBSERVED,
    logger: pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    tracing: {
      ...TRACING_OFF,
      startRequest: (request) => ({ ...TRACING_OFF.startRequest(request), end: (result) => void ended.push(result) }),
    },
    bodyLimitBytes: 1_000,
    keepAliveMs: 15_000,
    shutdown: new AbortController().signal,
  });
  const door = new FrontDoor();
  open.push(door);
  await door.open(app);
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/decided`, log, ended };
}

const ours = (headers: Headers) => Object.fromEntries([...headers].filter(([name]) => name === "age" || name.startsWith("x-bonfire-")));

describe("what was decided for a request", () => {
  it.each<[string, Decision, Record<string, string>]>([
    [
      "an attempt that waited for nothing",
      { model: "m", deployment: "local/m", attempts: 1, queuedMs: 0.2, cache: undefined },
      { "x-bonfire-deployment": "local/m", "x-bonfire-attempts": "1" },
    ],
    [
      "a fallback after a queue, whose answer was not stored",
      { model: "m", deployment: "together/org/m", attempts: 3, queuedMs: 12.6, cache: { hit: false } },
      { "x-bonfire-deployment": "together/org/m", "x-bonfire-attempts": "3", "x-bonfire-queue-ms": "13", "x-bonfire-cache": "miss" },
    ],
    [
      "a stored answer",
      { model: "m", deployment: "cache", attempts: 0, queuedMs: 0, cache: { hit: true, ageMs: 61_900 } },
      { "x-bonfire-deployment": "cache", "x-bonfire-attempts": "0", "x-bonfire-cache": "hit", age: "61" },
    ],
    [
      "a deployment whose name no header could hold",
      { model: "m", deployment: "up/modèle", attempts: 1, queuedMs: 0, cache: undefined },
      { "x-bonfire-deployment": "up/mod%C3%A8le", "x-bonfire-attempts": "1" },
    ],
  ])("stands in the headers of its answer: %s", async (_, decision, headers) => {
    const { url } = await serve(decision);
    expect(ours((await fetch(url)).headers)).toEqual({ "x-bonfire-model": "m", ...headers });
  });

  it("stands in its log line and in its span", async () => {
    const { url, log, ended } = await serve({ model: "m", deployment: "together/m", attempts: 2, queuedMs: 12.6, cache: { hit: false } });
    await (await fetch(url)).text();
    await until(() => ended.length > 0);
    expect(log[0]).toMatchObject({ model: "m", deployment: "together/m", attempts: 2, queued_ms: 13, cache: "miss" });
    expect(ended[0]?.routing).toMatchObject({ model: "m", deployment: "together/m", attempts: 2, queuedMs: 13, cache: "miss" });
  });
});

describe("a header that makes no sense", () => {
  it("is refused by its name", async () => {
    const { url } = await serve({ model: "m", deployment: "local/m", attempts: 1, queuedMs: 0, cache: undefined });
    const response = await fetch(url, { headers: { "x-bonfire-priority": "now" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "invalid_value", param: "x-bonfire-priority" } });
  });
});
