import { type Deployment, deployment } from "@bonfire/protocol/deployments";
import { describe, expect, it } from "vitest";
import { deploymentTable } from "./deployments.ts";
import { plain } from "./terminal-text.ts";
import { failed } from "./testing/fake-platform.ts";
import { homeWithPlatform } from "./testing/home-with-platform.ts";
import { runHere } from "./testing/run-cli.ts";
import { NOW } from "./testing/samples.ts";

function sampleDeployment(changes: Partial<Deployment> = {}): Deployment {
  return deployment.parse({
    object: "deployment",
    name: "gpu-box/llama",
    model: "llama",
    engine: "openai-compatible",
    state: "ready",
    draining: false,
    breaker: "closed",
    retry_at: null,
    last_failure: null,
    in_flight: 3,
    max_concurrent: 8,
    first_token_ms: 230.4,
    context_length: 131_072,
    price: null,
    ...changes,
  });
}

const FAILING = sampleDeployment({
  name: "together/llama",
  breaker: "open",
  retry_at: NOW + 12,
  last_failure: "status 500\nsorry",
  max_concurrent: null,
  first_token_ms: null,
  context_length: null,
  price: { input: 0.88, output: 0.9 },
});

describe("bonfire deployments", () => {
  it("list shows how each is doing, and why one is left alone", () => {
    const draining = sampleDeployment({ name: "local/llama", draining: true, last_failure: "long ago" });
    expect(deploymentTable([sampleDeployment(), FAILING, draining], { now: NOW, paint: plain })).toBe(
      `DEPLOYMENT      STATE                                                       RUNNING  FIRST TOKEN  CONTEXT  PRICE
gpu-box/llama   ready                                                       3 of 8   230 ms       131072
together/llama  ready, breaker open, tried again in 12 s: status 500 sorry  3                              $0.88 / $0.9
local/llama     ready, draining                                             3 of 8   230 ms       131072`,
    );
  });

  it("list --json prints them as the API does, and says so where there are none", async () => {
    const { home } = await homeWithPlatform({ "GET /admin/v1/deployments": () => ({ json: { object: "list", data: [FAILING] } }) });
    expect(JSON.parse((await runHere(["deployments", "list", "--json"], { home })).stdout)).toEqual([FAILING]);
    const empty = await homeWithPlatform({ "GET /admin/v1/deployments": () => ({ json: { object: "list", data: [] } }) });
    expect((await runHere(["deployments", "list"], { home: empty.home })).stdout).toContain("There are no deployments");
  });

  it("drain and resume name the deployment and what still runs there", async () => {
    const { home, calls } = await homeWithPlatform({
      "PUT /admin/v1/deployments/gpu-box%2Fllama": ({ body }) => ({
        json: sampleDeployment({ draining: JSON.stringify(body) === '{"draining":true}' }),
      }),
      "PUT /admin/v1/deployments/x": () => failed(404, "deployment_not_found", "There is no deployment 'x'."),
    });
    expect((await runHere(["deployments", "drain", "gpu-box/llama"], { home })).stdout).toBe(
      "gpu-box/llama takes no new requests; 3 of this gateway still run there.\n",
    );
    expect((await runHere(["deployments", "resume", "gpu-box/llama"], { home })).stdout).toBe("gpu-box/llama takes requests again.\n");
    expect(calls.map(({ body }) => body)).toEqual([{ draining: true }, { draining: false }]);
    expect(await runHere(["deployments", "drain", "x"], { home })).toMatchObject({ exitCode: 1, stderr: "There is no deployment 'x'.\n" });
  });
});
