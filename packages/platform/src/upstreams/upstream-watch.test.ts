import { upstreamDefinition } from "@bonfire/protocol/upstreams";
import { beforeEach, describe, expect, it } from "vitest";
import type { ModelClient } from "../engine/engine.ts";
import type { KnownUpstream } from "./known-upstream.ts";
import { UpstreamWatch } from "./upstream-watch.ts";

let known: ReadonlyMap<string, KnownUpstream>;
let heard: string[];
let connected: string[];
let closed: string[];
let failures: string[];
let watch: UpstreamWatch;

beforeEach(() => {
  known = new Map();
  [heard, connected, closed, failures] = [[], [], [], []];
  watch = new UpstreamWatch({
    known: () => known,
    engine: "test",
    reach: ({ definition, keys }) => {
      if (definition.headers.fail !== undefined) throw new Error("It cannot be reached.");
      return {
        hasList: definition.profile !== "vertex",
        connect: (model) => clientOf(`${definition.name}/${model} with ${keys.map(({ sealed }) => sealed).join()}`),
      };
    },
    onDeployments: (upstream, deployments) => heard.push(`${upstream}: ${deployments.map(({ name }) => name).join()}`),
    onFailure: (upstream) => failures.push(upstream),
  });
});

function clientOf(name: string): ModelClient {
  connected.push(name);
  return {
    health: async () => ({ state: "ready", models: [{ id: "listed" }] }),
    close: async () => {
      closed.push(name);
    },
  };
}

/** From now on there is this upstream, and no other. */
function be(models: readonly string[], { key = "k1", ...more }: { readonly key?: string; readonly [field: string]: unknown } = {}): void {
  const definition = upstreamDefinition.parse({ name: "u", base_url: "http://a/v1", models: models.map((id) => ({ id })), ...more });
  known = new Map([["u", { definition, keys: [{ name: "a", sealed: key, fingerprint: "", hint: "", createdAt: 0 }], listed: null }]]);
}

async function lease(model: string) {
  const found = await watch.find(`u/${model}`)?.acquire(new AbortController().signal);
  if (found === undefined) throw new Error(`There is no ${model}.`);
  return found;
}

describe("the deployments of upstreams", () => {
  it("come, change and go with what is known of them, and nobody hears of what has not changed", () => {
    be(["m", "n"]);
    expect(watch.list().map(({ name }) => name)).toEqual(["u/m", "u/n"]);
    const { revision } = watch;
    be(["m", "n"]);
    expect(watch.revision).toBe(revision);
    be(["m"]);
    expect(watch.find("u/n")).toBeUndefined();
    known = new Map();
    expect(watch.list()).toEqual([]);
    expect(heard).toEqual(["u: u/m,u/n", "u: u/m", "u: "]);
  });

  it("say of a model what is known of it", () => {
    const models = [{ id: "m", context_length: 100, chat: false, vision: false, price: { input: 1, output: 2 } }];
    be([], { models, max_concurrent: 3, timeouts: { total: "1m" } });
    expect(watch.find("u/m")).toMatchObject({
      ...{ name: "u/m", model: "m", engine: "test", ownedBy: "u", contextLength: 100, chat: false, vision: false, maxConcurrent: 3 },
      price: { input: 1, output: 2 },
      usageSource: "provider",
      timeouts: { firstTokenMs: 120_000, betweenTokensMs: 60_000, totalMs: 60_000 },
    });
  });

  it("share one question, unless none can be asked or none is wanted", () => {
    be(["m", "n"], { health_check: "20s" });
    const [one, other] = watch.list();
    expect(one?.check?.everyMs).toBe(20_000);
    expect(other?.check).toBe(one?.check);
    be(["m", "n", "o"], { health_check: "20s" });
    expect(watch.list()[2]?.check).toBe(one?.check);
    be(["m"], { health_check: "off" });
    expect(watch.find("u/m")?.check).toBeUndefined();
    be(["m"], { profile: "vertex" });
    expect(watch.find("u/m")?.check).toBeUndefined();
  });

  it("cannot be listed where there is no such upstream, and are none where it has no list", async () => {
    be(["m"]);
    const { signal } = new AbortController();
    expect(await watch.listModels("u", signal)).toEqual([{ id: "listed" }]);
    expect(await watch.listModels("absent", signal)).toBeUndefined();
    be(["m"], { profile: "vertex" });
    expect(await watch.listModels("u", signal)).toEqual([]);
  });

  it("are none of an upstream that cannot be reached in the way that its definition says, until it can", () => {
    be(["m"], { headers: { fail: "yes" } });
    expect(watch.list()).toEqual([]);
    expect(failures).toEqual(["u"]);
    be(["m"]);
    expect(watch.find("u/m")).toBeDefined();
  });
});

describe("the clients of an upstream", () => {
  it("are made by their first request, and kept while only models or prices change", async () => {
    be(["m"]);
    watch.follow();
    expect(connected).toEqual([]);
    (await lease("m")).release();
    be(["m", "n"], { max_concurrent: 1 });
    (await lease("m")).release();
    expect([connected, closed]).toEqual([["u/m with k1"], []]);
  });

  it("are made anew where keys or addresses change; the old ones are closed behind their last request", async () => {
    be(["m"]);
    const running = await lease("m");
    be(["m"], { key: "k2" });
    const next = await lease("m");
    expect([connected, closed]).toEqual([["u/m with k1", "u/m with k2"], []]);
    running.release();
    expect(closed).toEqual(["u/m with k1"]);
    next.release();
    watch.stop();
    expect(closed).toEqual(["u/m with k1", "u/m with k2"]);
  });

  it("of a model that is gone are closed behind its last request", async () => {
    be(["m", "n"]);
    const running = await lease("n");
    be(["m"]);
    watch.follow();
    expect(closed).toEqual([]);
    running.release();
    expect(closed).toEqual(["u/n with k1"]);
  });
});
