import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { type FakeReplica, startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { runBonfire } from "./bonfire-process.ts";
import { applyResources } from "./peers/peer-gateway.ts";
import { connectToSharedPlatform, MODEL } from "./shared-platform.ts";

const { call } = await connectToSharedPlatform();
const platform = { baseUrl: inject("baseUrl"), key: inject("apiKey") };
const REPLICA = "applied/echo";

let replicas: Readonly<Record<"one" | "two", FakeReplica>>;
let folder: string;
beforeAll(async () => {
  replicas = {
    one: await startFakeReplica({ model: REPLICA, contextLength: 1_000 }),
    two: await startFakeReplica({ model: REPLICA, contextLength: 1_000 }),
  };
  folder = mkdtempSync(join(tmpdir(), "bonfire-apply-"));
});
afterAll(async () => {
  await Promise.all(Object.values(replicas).map((replica) => replica.close()));
  rmSync(folder, { recursive: true });
});

const NOTHING = { upstreams: [], routes: [], aliases: [] };
beforeEach(() => clear());
afterAll(() => clear());
const clear = () => applyResources(platform, NOTHING, { prune: true });

/** The CLI as a user has it, against the platform that all tests share. */
const bonfire = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => runBonfire(args, { home: inject("home"), env });

/** @returns what it printed. @throws when it fails */
async function bonfireWell(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await bonfire(args, env);
  if (exitCode !== 0) throw new Error(`bonfire ${args.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

function file(resources: object, name = "resources.yaml"): string {
  const path = join(folder, name);
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(resources, undefined, 2));
  return path;
}

const KEYS = { KEY_ONE: "sk-of-the-first-upstream", KEY_TWO: "sk-of-the-second-upstream" };
const upstream = (name: "one" | "two", more: object = {}) => ({
  name,
  base_url: replicas[name].url,
  keys: [{ value: `\${KEY_${name.toUpperCase()}}` }],
  ...more,
});
/** As it is where keys have their values. */
const upstreamWithKey = (name: "one" | "two", more: object = {}) =>
  upstream(name, { keys: [{ value: name === "one" ? KEYS.KEY_ONE : KEYS.KEY_TWO }], ...more });
const route = (weights: readonly [number, number]) => ({
  model: "assistant",
  groups: [
    {
      deployments: [
        { deployment: `one/${REPLICA}`, weight: weights[0] },
        { deployment: `two/${REPLICA}`, weight: weights[1] },
      ],
    },
  ],
});
const whole = (weights: readonly [number, number] = [1, 0]) => ({
  upstreams: [upstream("one"), upstream("two", { max_concurrent: 8 })],
  routes: [route(weights)],
  aliases: [{ name: "gpt-test", model: "assistant" }],
});
/** The state that `apply(whole(…))` leaves, without the time that a command takes. */
const haveWhole = (weights?: readonly [number, number]) =>
  applyResources(platform, { ...whole(weights), upstreams: [upstreamWithKey("one"), upstreamWithKey("two", { max_concurrent: 8 })] });
const apply = (resources: object, ...options: readonly string[]) => bonfireWell(["apply", "-f", file(resources), ...options], KEYS);

/** Who answers for a name, or the code of the refusal. */
async function answers(model: string): Promise<string | null> {
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 2 });
  const response = await call("/v1/chat/completions", { method: "POST", headers: { "content-type": "application/json" }, body });
  const json: unknown = await response.json();
  return response.ok ? response.headers.get("x-bonfire-deployment") : Object(Object(json).error).code;
}

describe("bonfire apply", () => {
  it("shows what would change, and changes nothing, with --dry-run", async () => {
    const told = await apply(whole(), "--dry-run");
    expect(told).toMatch(/^\+ upstream one\n/);
    expect(told).toContain("+ route assistant");
    expect(told).toContain("+ alias gpt-test");
    expect(told).toMatch(/4 to add\. Nothing was changed\.\n$/);
    expect(await answers("assistant")).toBe("model_not_found");
  });

  it("makes upstreams, routes and aliases that answer at once, and changes nothing the second time", async () => {
    expect(await apply(whole())).toMatch(/4 added\.\n$/);
    expect(await answers("assistant")).toBe(`one/${REPLICA}`);
    expect(await answers("gpt-test")).toBe(`one/${REPLICA}`);
    expect(replicas.one.calls.at(-1)?.authorization).toBe(`Bearer ${KEYS.KEY_ONE}`);
    expect(await apply(whole())).toBe("Nothing changes: all is as the file says; 4 as before.\n");
  });

  it("shows each field that changes, and of a key no more than its end", async () => {
    await haveWhole();
    const path = file({ ...whole([0, 1]), upstreams: [upstream("one"), upstream("two", { max_concurrent: 16 })] });
    const told = await bonfireWell(["apply", "-f", path], { ...KEYS, KEY_TWO: "sk-another-one-of-the-second" });
    expect(told).toMatch(/~ upstream two\n\s+max_concurrent\s+8 → 16\n\s+keys\.default\s+…ream → …cond\n/);
    expect(told).toMatch(/~ route assistant\n.*weight/s);
    expect(told).toMatch(/2 changed; 2 as before\.\n$/);
    expect(await answers("gpt-test")).toBe(`two/${REPLICA}`);
    expect(replicas.two.calls.at(-1)?.authorization).toBe("Bearer sk-another-one-of-the-second");
  });

  it("leaves alone what does not stand in the file, and removes it with --prune, of the kinds that the file has", async () => {
    await haveWhole();
    const part = { upstreams: [upstream("one")], routes: [] };
    expect(await apply(part)).toMatch(/^Nothing changes/);
    const told = await apply(part, "--prune");
    expect(told).toContain("- upstream two");
    expect(told).toContain("- route assistant");
    expect(told).toMatch(/2 removed; 1 as before\.\n$/);
    const [upstreams, aliases] = await Promise.all([bonfireWell(["upstreams", "list"]), bonfireWell(["aliases", "list"])]);
    expect(upstreams).not.toMatch(/^two /m);
    // No aliases in the file: that one stays, and leads nowhere.
    expect(aliases).toContain("gpt-test");
    expect(await answers("gpt-test")).toBe("model_not_found");
    expect(await answers(`one/${REPLICA}`)).toBe(`one/${REPLICA}`);
  });

  it("changes nothing at all where a part of it is wrong, and says where", async () => {
    const wrong = { ...whole(), routes: [{ ...route([1, 0]), policy: "fastest" }] };
    // What the command takes, and the platform does not.
    const chain = { ...whole(), aliases: [...whole().aliases, { name: "gpt-other", model: "gpt-test" }] };
    const [{ exitCode, stderr }, refused] = await Promise.all([
      bonfire(["apply", "-f", file(wrong)], KEYS),
      bonfire(["apply", "-f", file(chain, "chain.yaml")], KEYS),
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/resources\.yaml:\d+.*policy/);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("'gpt-test' is an alias itself");
    expect(await bonfireWell(["upstreams", "list"])).toMatch(/^There are no upstreams/);
  });

  it("warns of what will not work as it stands", async () => {
    const missing = { ...route([1, 0]), model: MODEL };
    const { exitCode, stderr } = await bonfire([
      "apply",
      "-f",
      file({ routes: [missing], aliases: [{ name: MODEL, model: "assistant" }] }),
    ]);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Warning: .*'one'/m);
    expect(stderr).toMatch(/^Warning: The alias .* is not reached/m);
  });

  it("asks for the variable that a key is to come from", async () => {
    const { exitCode, stderr } = await bonfire(["apply", "-f", file(whole())], { KEY_ONE: KEYS.KEY_ONE });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("KEY_TWO");
    expect(stderr).not.toContain(KEYS.KEY_ONE);
  });

  it("takes what it is shown: an upstream and a route as they are printed change nothing", async () => {
    await haveWhole();
    const paths = await Promise.all(
      [["upstreams", "show", "two"] as const, ["routes", "show", "assistant"] as const].map(async (command) => {
        const path = join(folder, `${command[0]}.yaml`);
        writeFileSync(path, await bonfireWell(command));
        return path;
      }),
    );
    expect(await bonfireWell(["apply", ...paths.flatMap((path) => ["-f", path])])).toMatch(/^Nothing changes/);
  });
});

describe("the commands", () => {
  it("add an upstream, change it, read its list and remove it", async () => {
    const added = await bonfireWell(["upstreams", "add", "one", "--base-url", replicas.one.url, "--key-from-env", "KEY_ONE"], KEYS);
    expect(added).toMatch(/^one: 1 model listed now/);
    expect(await answers(REPLICA)).toBe(`one/${REPLICA}`);
    await bonfireWell(["upstreams", "set", "one", "--max-concurrent", "3"]);
    const [shown, refreshed] = await Promise.all([bonfireWell(["upstreams", "show", "one"]), bonfireWell(["upstreams", "refresh", "one"])]);
    expect(shown).toMatch(/# Keys: default …ream\n.*max_concurrent: 3/s);
    expect(refreshed).toContain("listed");
    await bonfireWell(["upstreams", "rm", "one"]);
    expect(await answers(REPLICA)).toBe("model_not_found");
    expect((await bonfire(["upstreams", "show", "one"])).exitCode).toBe(1);
  });

  it("lead a route elsewhere and remove it", async () => {
    await applyResources(platform, { upstreams: [upstreamWithKey("one"), upstreamWithKey("two")] });
    await bonfireWell(["routes", "set", "assistant", "--to", `one/${REPLICA}`, "--fallback", `two/${REPLICA}`]);
    expect(await answers("assistant")).toBe(`one/${REPLICA}`);
    await bonfireWell(["routes", "set", "assistant", "--to", `two/${REPLICA}`]);
    const [listed, answered] = await Promise.all([bonfireWell(["routes", "list"]), answers("assistant")]);
    expect(answered).toBe(`two/${REPLICA}`);
    expect(listed).toContain("assistant");
    await bonfireWell(["routes", "rm", "assistant"]);
    expect(await answers("assistant")).toBe("model_not_found");
  });

  it("take a deployment out and bring it back", async () => {
    await haveWhole([1, 1]);
    const name = `one/${REPLICA}`;
    await bonfireWell(["deployments", "drain", name]);
    expect(await bonfireWell(["deployments", "list"])).toMatch(new RegExp(`^${name} .*draining`, "m"));
    expect(await Promise.all(Array.from({ length: 8 }, () => answers("assistant")))).toEqual(Array(8).fill(`two/${REPLICA}`));
    expect(await answers(name)).toBe("model_unavailable");
    await bonfireWell(["deployments", "resume", name]);
    expect(await answers(name)).toBe(name);
  });
});
