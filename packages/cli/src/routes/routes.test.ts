import { resources } from "@bonfire/protocol/apply";
import { type Route, type RouteDefinition, route, routeDefinition } from "@bonfire/protocol/routes";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { failed } from "../testing/fake-platform.ts";
import { homeWithPlatform } from "../testing/home-with-platform.ts";
import { runHere } from "../testing/run-cli.ts";
import { NOW } from "../testing/samples.ts";
import { temporaryHome } from "../testing/temporary-home.ts";

const LLAMA = sampleRoute({
  model: "meta/llama",
  policy: "lowest_latency",
  groups: [
    {
      deployments: [
        { deployment: "gpu-box/llama", weight: 3 },
        { deployment: "local/llama", weight: 1 },
      ],
    },
    { deployments: [{ deployment: "together/llama", weight: 1 }] },
  ],
});
const PATH = "/admin/v1/routes/meta%2Fllama";

function sampleRoute(definition: Partial<RouteDefinition>, missing: readonly string[] = []): Route {
  return route.parse({ object: "route", ...routeDefinition.parse(definition), missing, created_at: NOW, etag: '"3"' });
}

/** A platform that has this route, or none, and takes what is put. */
function withRoute(found: Route | undefined, answer = LLAMA) {
  return homeWithPlatform({
    [`GET ${PATH}`]: () => (found === undefined ? failed(404, "route_not_found", "There is none.") : { json: found }),
    [`PUT ${PATH}`]: () => ({ json: answer }),
  });
}

async function put(found: Route | undefined, ...options: string[]) {
  const { home, calls } = await withRoute(found);
  const outcome = await runHere(["routes", "set", "meta/llama", ...options], { home });
  return { ...outcome, call: calls.find(({ method }) => method === "PUT") };
}

describe("bonfire routes", () => {
  it("list shows where each leads, in order and with weights", async () => {
    const conditional = sampleRoute(
      { model: "openai/*", groups: [{ deployments: [{ deployment: "o/x", weight: 1 }], when: { tags: ["a"] } }] },
      ["o/x"],
    );
    const { home } = await homeWithPlatform({ "GET /admin/v1/routes": () => ({ json: { object: "list", data: [LLAMA, conditional] } }) });
    expect((await runHere(["routes", "list"], { home })).stdout).toBe(
      `ROUTE       POLICY          AFFINITY  STATE      LEADS TO
meta/llama  lowest_latency  session              gpu-box/llama:3 + local/llama:1, then together/llama
openai/*    weighted        session   1 missing  o/x (on conditions)
`,
    );
    expect(JSON.parse((await runHere(["routes", "list", "--json"], { home })).stdout)).toEqual([LLAMA, conditional]);
  });

  it("list says how to make one where there are none", async () => {
    const { home } = await homeWithPlatform({ "GET /admin/v1/routes": () => ({ json: { object: "list", data: [] } }) });
    expect((await runHere(["routes", "list"], { home })).stdout).toContain("routes set MODEL --to DEPLOYMENT");
  });

  it("show prints what can be applied again, without defaults", async () => {
    const { home } = await withRoute(sampleRoute({ ...routeDefinition.strip().parse(LLAMA) }, ["local/llama"]));
    const { stdout } = await runHere(["routes", "show", "meta/llama"], { home });
    expect(stdout).toBe(`# Not there now: local/llama
routes:
  - model: meta/llama
    policy: lowest_latency
    groups:
      - deployments:
          - deployment: gpu-box/llama
            weight: 3
          - deployment: local/llama
      - deployments:
          - deployment: together/llama
`);
    expect(resources.parse(parse(stdout))).toEqual({ routes: [routeDefinition.strip().parse(LLAMA)] });
  });

  it("set makes one: weights behind a colon, fallbacks in order", async () => {
    const { call, exitCode, stdout } = await put(
      undefined,
      ...["--to", "gpu-box/llama:3", "--to", "local/llama", "--fallback", "together/llama", "--fallback", "ollama/llama3:8b"],
      ...["--policy", "least_busy", "--affinity", "prefix", "--attempts", "5", "--hedge", "2s", "--cache", "10m"],
    );
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: "meta/llama leads to gpu-box/llama:3 + local/llama:1, then together/llama.\n",
    });
    const { model: _, ...body } = routeDefinition.parse({
      model: "meta/llama",
      policy: "least_busy",
      affinity: "prefix",
      groups: [
        { deployments: [{ deployment: "gpu-box/llama", weight: 3 }, { deployment: "local/llama" }] },
        { deployments: [{ deployment: "together/llama" }] },
        { deployments: [{ deployment: "ollama/llama3:8b" }] },
      ],
      retries: { attempts: 5 },
      hedge: { after: "2s" },
      cache: { ttl: "10m" },
    });
    expect(call?.body).toEqual(body);
    expect(call?.headers).not.toHaveProperty("if-match");
  });

  it("set leaves what is not given, and sends the etag that it saw", async () => {
    const { call } = await put(LLAMA, "--fallback", "openai/llama");
    expect(call).toMatchObject({
      headers: { "if-match": '"3"' },
      body: { policy: "lowest_latency", groups: [LLAMA.groups[0], { deployments: [{ deployment: "openai/llama", weight: 1 }] }] },
    });
    expect((await put(LLAMA, "--to", "local/llama")).call?.body).toMatchObject({
      groups: [{ deployments: [{ deployment: "local/llama", weight: 1 }] }, LLAMA.groups[1]],
    });
  });

  it("set takes hedging and cache away again", async () => {
    const hedged = sampleRoute({ ...routeDefinition.strip().parse(LLAMA), hedge: { after: "2s", share: 0.1 }, cache: { ttl: "5m" } });
    const { call } = await put(hedged, "--hedge", "off", "--cache", "off");
    expect(call?.body).not.toHaveProperty("hedge");
    expect(call?.body).not.toHaveProperty("cache");
    expect((await put(hedged, "--hedge", "p95")).call?.body).toMatchObject({ hedge: { after: "p95", share: 0.1 }, cache: { ttl: "5m" } });
  });

  it("set does not lose conditions that it cannot say", async () => {
    const groups = [{ deployments: [{ deployment: "a/b", weight: 1 }], when: { uses: ["images" as const] } }];
    const conditional = sampleRoute({ model: "meta/llama", groups });
    expect(await put(conditional, "--to", "local/llama")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("routes show meta/llama > route.yaml"),
      call: undefined,
    });
    expect((await put(conditional, "--policy", "cheapest")).call?.body).toMatchObject({ policy: "cheapest", groups: conditional.groups });
  });

  it("set says what is not there yet", async () => {
    const { home } = await withRoute(undefined, sampleRoute({ ...routeDefinition.strip().parse(LLAMA) }, ["gpu-box/llama"]));
    expect(await runHere(["routes", "set", "meta/llama", "--to", "gpu-box/llama"], { home })).toMatchObject({
      exitCode: 0,
      stderr: "Not there now, and passed over until they are: gpu-box/llama.\n",
    });
  });

  it.each([
    ["without a place to lead to", [], "say where it leads with --to DEPLOYMENT"],
    ["to what is no deployment", ["--to", "llama"], "groups[0].deployments[0].deployment: expected the name of a deployment such as"],
    [
      "with an unknown policy",
      ["--to", "a/b", "--policy", "random"],
      "Allowed choices are weighted, least_busy, lowest_latency, cheapest.",
    ],
    ["with a cache that is no time", ["--to", "a/b", "--cache", "long"], "cache.ttl: expected a duration such as"],
    ["with too many attempts", ["--to", "a/b", "--attempts", "11"], "retries.attempts: expected number to be <=10"],
  ])("set of a new one %s is wrong usage", async (_, options, text) => {
    expect(await put(undefined, ...options)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(text), call: undefined });
  });

  it("rm says what is gone, and names wildcards as they are", async () => {
    const { home } = await homeWithPlatform({
      "DELETE /admin/v1/routes/openai%2F*": () => ({ json: { model: "openai/*", object: "route", deleted: true } }),
    });
    expect((await runHere(["routes", "rm", "openai/*"], { home })).stdout).toBe("The route openai/* is removed; its deployments stay.\n");
    expect((await runHere(["routes", "rm", "x"], { home: temporaryHome() })).exitCode).toBe(3);
  });
});
