import { resources } from "@bonfire/protocol/apply";
import { UPSTREAM_PROFILES, type Upstream, upstream, upstreamDefinition } from "@bonfire/protocol/upstreams";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { commandTree } from "../completion/command-tree.ts";
import { buildProgram } from "../program.ts";
import { failed } from "../testing/fake-platform.ts";
import { homeWithPlatform } from "../testing/home-with-platform.ts";
import { runHere } from "../testing/run-cli.ts";
import { NOW } from "../testing/samples.ts";
import { temporaryHome } from "../testing/temporary-home.ts";

function sampleUpstream(changes: Partial<Upstream> = {}): Upstream {
  return upstream.parse({
    object: "upstream",
    ...upstreamDefinition.parse({ name: "together", profile: "together", base_url: "https://api.together.xyz/v1", exclude: ["*-lora"] }),
    keys: [{ name: "default", hint: "abcd", created_at: NOW }],
    listed_models: 12,
    listed_at: NOW,
    list_error: null,
    source: "resources",
    created_at: NOW,
    etag: '"7"',
    ...changes,
  });
}

const TOGETHER = sampleUpstream();
const GPU_BOX = sampleUpstream({ name: "gpu-box", profile: "vllm", keys: [], listed_at: null, list_error: "connection\nrefused" });
const missing = () => failed(404, "upstream_not_found", "There is no upstream 'together'.");

describe("bonfire upstreams", () => {
  it("list shows profile, address, keys and the state of each list", async () => {
    const { home } = await homeWithPlatform({ "GET /admin/v1/upstreams": () => ({ json: { object: "list", data: [TOGETHER, GPU_BOX] } }) });
    const { stdout } = await runHere(["upstreams", "list"], { home });
    expect(stdout).toMatch(/^UPSTREAM +PROFILE +BASE URL +KEYS +MODELS$/m);
    expect(stdout).toMatch(/^together +together +https:\/\/api\.together\.xyz\/v1 +1 +12 models listed .+ ago$/m);
    expect(stdout).toMatch(/^gpu-box +vllm +\S+ +0 +list cannot be read: connection refused$/m);
    expect(JSON.parse((await runHere(["upstreams", "list", "--json"], { home })).stdout)).toEqual([TOGETHER, GPU_BOX]);
  });

  it("list says how to make one where there are none", async () => {
    const { home } = await homeWithPlatform({ "GET /admin/v1/upstreams": () => ({ json: { object: "list", data: [] } }) });
    expect((await runHere(["upstreams", "list"], { home })).stdout).toContain("upstreams add NAME --profile PROFILE");
  });

  it("show prints what can be applied again, without defaults and keys", async () => {
    const { home } = await homeWithPlatform({ "GET /admin/v1/upstreams/together": () => ({ json: TOGETHER }) });
    const { stdout } = await runHere(["upstreams", "show", "together"], { home });
    expect(stdout).toContain("# Keys: default …abcd\n");
    expect(stdout).not.toContain("health_check");
    expect(resources.parse(parse(stdout))).toEqual({ upstreams: [upstreamDefinition.strip().parse(TOGETHER)] });
    expect(parse(stdout).upstreams[0]).not.toHaveProperty("keys");
  });

  it("add sends a new one with its key, which comes from a variable", async () => {
    const { home, calls } = await homeWithPlatform({
      "GET /admin/v1/upstreams/together": missing,
      "PUT /admin/v1/upstreams/together": () => ({ json: TOGETHER }),
    });
    const args = [
      "upstreams",
      "add",
      "together",
      "--profile",
      "together",
      "--key-from-env",
      "A_KEY",
      "--exclude",
      "*-lora",
      "--exclude",
      "x/*",
    ];
    expect(await runHere(args, { home, env: { A_KEY: "canary\n" } })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^together: 12 models listed .+ ago\.\n$/),
      stderr: "",
    });
    expect(calls.at(-1)?.body).toMatchObject({
      profile: "together",
      exclude: ["*-lora", "x/*"],
      import_models: true,
      keys: [{ name: "default", value: "canary" }],
    });
    expect(calls.at(-1)?.body).not.toHaveProperty("name");
    expect(calls.at(-1)?.headers).not.toHaveProperty("if-match");
  });

  it("add says where there is one already, and changes nothing", async () => {
    const { home, calls } = await homeWithPlatform({ "GET /admin/v1/upstreams/together": () => ({ json: TOGETHER }) });
    expect(await runHere(["upstreams", "add", "together"], { home })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("upstreams set together"),
    });
    expect(calls.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("set changes what is given, and only if nobody else changed it in between", async () => {
    const { home, calls } = await homeWithPlatform({
      "GET /admin/v1/upstreams/together": () => ({ json: TOGETHER }),
      "PUT /admin/v1/upstreams/together": () => ({ json: sampleUpstream({ keys: [], import_models: false }) }),
    });
    expect(await runHere(["upstreams", "set", "together", "--max-concurrent", "8", "--no-import"], { home })).toMatchObject({
      exitCode: 0,
      stdout: "together: list not taken over.\n",
      stderr: expect.stringContaining("It has no key"),
    });
    const { name: _, ...before } = upstreamDefinition.strip().parse(TOGETHER);
    expect(calls.at(-1)).toMatchObject({ headers: { "if-match": '"7"' }, body: { ...before, max_concurrent: 8, import_models: false } });
    expect(calls.at(-1)?.body).not.toHaveProperty("keys");
  });

  it("set takes several keys, each with a name", async () => {
    const { home, calls } = await homeWithPlatform({
      "GET /admin/v1/upstreams/together": () => ({ json: TOGETHER }),
      "PUT /admin/v1/upstreams/together": () => ({ json: TOGETHER }),
    });
    const keys = ["--key-from-env", "first=KEY_1", "--key-from-env", "second=KEY_2"];
    await runHere(["upstreams", "set", "together", ...keys], { home, env: { KEY_1: "a", KEY_2: "b" } });
    expect(calls.at(-1)?.body).toMatchObject({
      keys: [
        { name: "first", value: "a" },
        { name: "second", value: "b" },
      ],
    });
  });

  it("rm and refresh say what came of it", async () => {
    const { home } = await homeWithPlatform({
      "DELETE /admin/v1/upstreams/together": () => ({ json: { name: "together", object: "upstream", deleted: true } }),
      "POST /admin/v1/upstreams/together/refresh": () => ({ json: TOGETHER }),
      "POST /admin/v1/upstreams/gpu-box/refresh": () => ({ json: GPU_BOX }),
    });
    expect((await runHere(["upstreams", "rm", "together"], { home })).stdout).toContain("together is removed");
    expect(await runHere(["upstreams", "refresh", "together"], { home })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("12 models listed"),
    });
    expect(await runHere(["upstreams", "refresh", "gpu-box"], { home })).toMatchObject({
      exitCode: 1,
      stderr: "The list of gpu-box could not be read: connection\nrefused\n",
    });
  });

  it.each([
    ["no variable", ["--key-from-env", "NO_SUCH_KEY"], "The variable NO_SUCH_KEY is not set."],
    ["two keys of one name", ["--key-from-env", "A_KEY", "--key-from-env", "A_KEY"], "Two keys are named default"],
    [
      "a key with a control character",
      ["--key-from-env", "ODD_KEY"],
      "The key from the variable ODD_KEY cannot be used: expected a key of at most",
    ],
    ["a key's odd name", ["--key-from-env", "A B=A_KEY"], "The name from the variable A_KEY cannot be used"],
    ["no URL", ["--base-url", "here"], "--base-url: expected a base URL such as https://api.together.xyz/v1."],
    ["an unknown profile", ["--profile", "vlm"], "Allowed choices are generic, openai"],
    ["both ways for a key", ["--key-stdin", "--key-from-env", "A_KEY"], "cannot be used with"],
  ])("add with %s is wrong usage that shows no key", async (_, args, text) => {
    const env = { A_KEY: "canary-secret", ODD_KEY: "canary-secret\u0007x" };
    const outcome = await runHere(["upstreams", "add", "together", ...args], { home: temporaryHome(), env });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringContaining(text) });
    expect(outcome.stderr).not.toContain("canary");
  });

  it("takes every profile that there is", () => {
    const tree = commandTree(
      buildProgram(() => undefined),
      {},
    );
    const add = tree.commands.find(({ name }) => name === "upstreams")?.commands.find(({ name }) => name === "add");
    expect(add?.options.find(({ flags }) => flags.includes("--profile"))?.value).toEqual(UPSTREAM_PROFILES);
  });
});
