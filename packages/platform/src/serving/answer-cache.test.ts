import { durationMs } from "@bonfire/protocol/durations";
import { routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../caching/memory-store.ts";
import { EngineError } from "../engine/engine-error.ts";
import type { GenerateRequest } from "../engine/generation.ts";
import type { AttemptFacts, AttemptResult } from "../metering/attempt.ts";
import { Metrics } from "../observability/metrics.ts";
import { TRACING_OFF } from "../observability/tracing.ts";
import { startServing } from "../start-serving.ts";
import { AnswerCache, type CacheWish } from "./answer-cache.ts";
import type { Decision } from "./decision.ts";
import { ModelDirectory } from "./model-directory.ts";
import type { Generate } from "./serving.ts";
import { type ScriptedDeployment, START, says, scriptedDeployment, word } from "./testing/scripted-deployment.ts";
import { PLAIN_REQUEST } from "./testing/serve-client.ts";

const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "a" }, choices: 1, stop: [] };
const ON: CacheWish = { kind: "on", ttlMs: undefined };

/** A route called `r` with these deployments behind each other, which caches where `ttl` is given. */
function setUp(scripted: readonly ScriptedDeployment[], ttl?: string) {
  const directory = new ModelDirectory();
  for (const { deployment } of scripted) directory.add({ id: deployment.model, aliases: [], deployment });
  const groups = scripted.map(({ deployment }) => ({ deployments: [{ deployment: deployment.name }] }));
  const definition = routeDefinition.parse({
    model: "r",
    groups,
    retries: { attempts: 2 },
    ...(ttl === undefined ? {} : { cache: { ttl } }),
  });
  directory.useRoutes({ routes: new Map([["r", definition]]), wildcard: () => undefined });
  const rows: (AttemptFacts & AttemptResult)[] = [];
  const metrics = new Metrics({ version: "test" });
  const { serving } = startServing({
    ...{ models: directory, metrics, queue: { mostWaiting: 10, deadlineMs: 60_000 } },
    ledger: { begin: (facts) => ({ id: "att_1", end: (result) => void rows.push({ ...facts, ...result }) }) },
    loadImages: async (requests) => requests,
    answers: new AnswerCache({ store: new MemoryStore({ mostBytes: 100_000 }), metrics }),
  });
  const ask = async (given: Partial<Omit<Generate, "model">> & { readonly projectId?: string; readonly named?: string } = {}) => {
    const { projectId = "p", named = "r", ...rest } = given;
    let decision: Decision | undefined;
    const trace = TRACING_OFF.startRequest({ headers: {}, method: "POST", route: "/", requestId: "req_1", arrivedAt: 0 });
    const ids = { requestId: "req_1", accountId: "a", projectId, keyId: "key_1" };
    const origin = { ...ids, endpoint: "completions", streamed: false, onAttempt: () => undefined, trace };
    const generation: Generate = {
      ...{ model: serving.find(named), requests: [REQUEST], routed: PLAIN_REQUEST, promptParam: "prompt", origin },
      onDecision: (decided) => {
        decision = decided;
      },
      ...rest,
    };
    let text = "";
    for await (const event of serving.generate(generation, new AbortController().signal))
      if (event.type === "text-delta") text += event.text;
    return { text, decision };
  };
  return { ask, rows, serving };
}

describe("an answer is stored", () => {
  it.each<[string, string | undefined, CacheWish | undefined, number | undefined]>([
    ["as long as the route says", "10m", undefined, durationMs("10m")],
    ["as long as the request says, whatever the route does", "10m", { kind: "on", ttlMs: 7 }, 7],
    ["as long as the route says where the request only wants it", "10m", ON, durationMs("10m")],
    ["for five minutes where nobody says more", undefined, ON, durationMs("5m")],
    ["not where nobody wants it", undefined, undefined, undefined],
    ["not where the request does not want it", "10m", { kind: "off" }, undefined],
  ])("%s", (_, ttl, wish, expected) => {
    const cache = new AnswerCache({ store: new MemoryStore({ mostBytes: 1 }), metrics: new Metrics({ version: "test" }) });
    expect(cache.ttlMsOf(REQUEST, { cacheTtlMs: ttl === undefined ? undefined : durationMs(ttl) }, wish)).toBe(expected);
  });

  it("and given again to the same project, with a row in the ledger and nobody asked", async () => {
    const one = scriptedDeployment("one/m");
    const { ask, rows } = setUp([one], "5m");
    const first = await ask();
    const again = await ask();
    expect([first.text, again.text]).toEqual(["one/m", "one/m"]);
    expect(first.decision).toMatchObject({ deployment: "one/m", attempts: 1, cache: { hit: false } });
    expect(again.decision).toMatchObject({ deployment: "cache", attempts: 0, cache: { hit: true, ageMs: expect.any(Number) } });
    expect(one.asked).toHaveLength(1);
    expect(rows.map(({ deployment, usageSource, outcome }) => [deployment, usageSource, outcome])).toEqual([
      ["one/m", "provider", "succeeded"],
      ["cache", "cache", "succeeded"],
    ]);
  });

  it("but never given to another project, nor where something else is asked", async () => {
    const one = scriptedDeployment("one/m");
    const { ask } = setUp([one], "5m");
    await ask();
    expect((await ask({ projectId: "other" })).decision?.cache).toEqual({ hit: false });
    expect((await ask({ requests: [{ ...REQUEST, seed: 1 }] })).decision?.cache).toEqual({ hit: false });
    expect((await ask({ cache: { kind: "off" } })).decision?.cache).toBeUndefined();
    expect(one.asked).toHaveLength(4);
  });

  it("not where it broke off", async () => {
    const one = scriptedDeployment("one/m");
    one.play([START, word("half"), new EngineError("interrupted", "gone")], says("whole"));
    const { ask } = setUp([one], "5m");
    await expect(ask()).rejects.toMatchObject({ code: "upstream_error" });
    expect((await ask()).text).toBe("whole");
    expect((await ask()).decision?.cache).toMatchObject({ hit: true });
    expect(one.asked).toHaveLength(2);
  });

  it("not where a fallback that the request named gave it: that is another model's answer", async () => {
    const [one, two] = [scriptedDeployment("one/m"), scriptedDeployment("two/n")];
    const { ask, serving } = setUp([one, two]);
    one.play([new EngineError("unreachable", "gone")]);
    const fallbacks = [serving.find("n")];
    expect((await ask({ named: "m", fallbacks, cache: ON })).text).toBe("two/n");
    one.play(says("one again"));
    expect((await ask({ named: "m", cache: ON })).text).toBe("one again");
  });
});
