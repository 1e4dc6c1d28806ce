import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendJson } from "../packages/platform/src/engine/testing/fake-replica.ts";
import type { RunningPlatform } from "./running-platform.ts";
import { KEY, openSealedHomes, type SealedHome, type SealedHomes, WITH_ADMIN_KEY } from "./secrets/sealed-home.ts";
import { everyRow, filesWith } from "./secrets/traces.ts";

let homes: SealedHomes;
let sealed: SealedHome;
/** All of them; the last one runs. */
const platforms: RunningPlatform[] = [];
let platform: RunningPlatform;
async function start(): Promise<void> {
  platform = await sealed.start();
  platforms.push(platform);
}

beforeAll(async () => {
  homes = await openSealedHomes();
  sealed = await homes.add();
  await start();
  await sealed.addUpstreams();
});
afterAll(async () => {
  await sealed.close();
  await homes.close();
});

describe("bonfire secrets rotate", () => {
  it("seals keys anew while requests that use them go on, keeps the secret before it, and a second start opens them", async () => {
    const { ask, bonfire, rootSecrets, expectKeyIsSent } = sealed;
    const [first] = rootSecrets();
    let rotating = true;
    const statuses = new Set<number>();
    const load = async () => {
      while (rotating) statuses.add((await ask(platform, "sealed")).status);
    };
    const requests = Promise.all([load(), load(), load()]);
    expect((await bonfire(["secrets", "rotate"])).stdout).toBe(
      "1 of 1 keys of upstreams are sealed anew, under a new secret in the home.\n",
    );
    const [second, previous] = rootSecrets();
    expect(previous).toBe(first);
    expect(await bonfire(["secrets", "rotate"])).toMatchObject({ exitCode: 0 });
    expect(rootSecrets().slice(1)).toEqual([second]);
    rotating = false;
    await requests;
    expect([...statuses]).toEqual([200]);
    await expectKeyIsSent(platform);
    await platform.stop();
    await start();
    await expectKeyIsSent(platform);
  });
});

describe("a key of an upstream", () => {
  // The last one: it ends the platform, to look at all that is left of it.
  it("stands nowhere: not in files, database, log, metrics, nor in anything that is answered", async () => {
    const { ask, bonfire, replica, home } = sealed;
    const told: string[] = [];
    await sealed.expectKeyIsSent(platform);
    // Servers that quote what they were sent.
    for (const status of [400, 401, 403, 404, 429, 500]) {
      replica.script = async ({ response, authorization }) =>
        sendJson(response, status, { error: { message: `Wrong: ${authorization}, ${KEY}`, type: "error", code: authorization } });
      told.push((await ask(platform, "sealed")).text);
    }
    replica.script = async ({ response, authorization }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`data: {"error": {"message": "Wrong: ${authorization}, ${KEY}"}}\n\n`);
    };
    told.push((await ask(platform, "sealed")).text);

    const wrong = { upstreams: [{ name: "sealed", base_url: 7, keys: [{ value: KEY, more: KEY }] }] };
    const refused = { method: "POST", headers: WITH_ADMIN_KEY, body: JSON.stringify({ resources: wrong }) };
    told.push(await (await fetch(new URL("/admin/v1/apply", platform.baseUrl), refused)).text());
    const broken = { method: "POST", headers: WITH_ADMIN_KEY, body: `{"resources": "${KEY}` };
    told.push(await (await fetch(new URL("/admin/v1/apply", platform.baseUrl), broken)).text());
    const paths = ["upstreams", "upstreams/sealed", "routes", "deployments", "aliases", "keys", "models", "status"];
    for (const path of [...paths.map((name) => `/admin/v1/${name}`), "/metrics", "/v1/models", "/openapi.json"]) {
      const response = await fetch(new URL(path, platform.baseUrl), { headers: WITH_ADMIN_KEY });
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
      told.push(await response.text());
    }
    for (const args of [
      ["upstreams", "list", "--json"],
      ["upstreams", "show", "sealed"],
      ["deployments", "list"],
      ["secrets", "rotate"],
    ]) {
      const { exitCode, stdout, stderr } = await bonfire(args);
      expect({ args, exitCode }).toEqual({ args, exitCode: 0 });
      told.push(stdout, stderr);
    }
    expect(told.filter((text) => text.includes(KEY))).toEqual([]);
    await platform.stop();

    const [stdout, stderr] = [platforms.map((one) => one.stdout()).join("\n"), platforms.map((one) => one.stderr()).join("\n")];
    expect(stdout).not.toContain(KEY);
    expect(stderr).not.toContain(KEY);
    expect(filesWith(KEY, home)).toEqual([]);
    expect(filesWith(KEY, homes.databaseFolder)).toEqual([]);
    const rows = await everyRow(sealed.databaseUrl);
    expect(rows).toContain("sealed");
    expect(rows).not.toContain(KEY);
    const [root = ""] = sealed.rootSecrets();
    expect(rows + told.join("\n") + stderr).not.toContain(root);
    expect(filesWith(root, home)).toEqual([join(home, "secret")]);
  });
});
