import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { APIError } from "openai";
import { describe, expect, inject, it } from "vitest";
import { startFakeReplica } from "../packages/platform/src/engine/testing/fake-replica.ts";
import { until } from "../packages/platform/src/engine/testing/until.ts";
import { runBonfire, startBonfire } from "./bonfire-process.ts";
import {
  BOOTSTRAP,
  connect,
  expectToWork,
  KEY,
  printedKey,
  QUESTION,
  startAt,
  startStream,
  useOwnFolder,
} from "./lifecycle/own-platform.ts";
import { processesNaming, processTree, stillRunning } from "./processes.ts";
import type { RunningPlatform } from "./running-platform.ts";
import { ENDLESS, MODEL } from "./shared-platform.ts";

const { folder, home } = useOwnFolder();
const start = (env?: Record<string, string>, at = home()) => startAt(at, env);

describe("a start", () => {
  it("prints a key that works, the base URL, and samples that hold them; the next one prints no key", async () => {
    const first = await start({});
    const key = printedKey(first) ?? "";
    expect(key).not.toBe("");
    const printed = first.stdout();
    expect(printed).toContain(`curl ${first.baseUrl}/chat/completions -H "Authorization: Bearer ${key}"`);
    expect(printed).toContain(`client = OpenAI(base_url="${first.baseUrl}", api_key="${key}")`);
    expect(printed).toContain(`new OpenAI({ baseURL: "${first.baseUrl}", apiKey: "${key}" })`);
    expect(printed).toContain(`model="${MODEL}"`);
    expect(first.stderr()).not.toContain(key);
    await expectToWork(first, key);
    expect(await first.stop()).toBe(0);

    const second = await start({});
    expect(second.stdout()).not.toContain("bf-");
    expect(second.stdout()).toContain(`OpenAI(base_url="${second.baseUrl}", api_key=os.environ["BONFIRE_API_KEY"])`);
    await expectToWork(second, key);
  });

  it("takes the key that is chosen with BONFIRE_BOOTSTRAP_KEY, prints it nowhere, and takes it again", async () => {
    for (const _ of ["first start", "second start"]) {
      const platform = await start();
      const list = await fetch(new URL("/admin/v1/keys", platform.baseUrl), { headers: { authorization: `Bearer ${KEY}` } });
      expect(await list.json()).toMatchObject({ data: [{ name: "bootstrap", role: "admin" }] });
      expect(await platform.stop("SIGTERM")).toBe(0);
      expect(platform.stdout() + platform.stderr()).not.toContain(KEY);
    }
  });

  it("on a home that is in use fails and says so, while the first goes on", async () => {
    const first = await start();
    const second = await runBonfire(["up"], { home: home(), env: { BONFIRE_PORT: "0" } });
    expect(second).toEqual({ exitCode: 1, stdout: "", stderr: expect.stringMatching(/running with this home already.*BONFIRE_HOME/) });
    await expectToWork(first);
  });

  it("on another home runs beside, with keys of its own", async () => {
    const platform = await start();
    expect(platform.baseUrl).not.toBe(inject("baseUrl"));
    await expectToWork(platform);
    await expect(expectToWork(platform, inject("apiKey"))).rejects.toMatchObject({ status: 401 });
  });

  it("on a taken port fails, names BONFIRE_PORT and leaves nothing behind", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? String(address?.port) : "";
    const outcome = await runBonfire(["up"], { home: home(), env: { BONFIRE_PORT: port } });
    server.close();
    expect(outcome).toEqual({ exitCode: 1, stdout: "", stderr: expect.stringMatching(new RegExp(`Port ${port} .*BONFIRE_PORT=`)) });
    expect(processesNaming(folder())).toEqual([]);
  });

  it("with settings that cannot be used names them all, with exit code 2, and makes nothing", async () => {
    const outcome = await runBonfire(["up"], {
      home: home(),
      env: { BONFIRE_PORT: "abc", BONFIRE_BOOTSTRAP_KEY: "short", DATABASE_URL: "mysql://x" },
    });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    for (const name of ["BONFIRE_PORT", "BONFIRE_BOOTSTRAP_KEY", "DATABASE_URL"]) expect(outcome.stderr).toContain(name);
    expect(existsSync(home())).toBe(false);
  });

  it("that is interrupted ends with code 0 and leaves nothing behind", async () => {
    const starting = startBonfire(["up"], { home: home(), env: { BONFIRE_PORT: "0" } });
    await until(() => starting.stderr().includes("starting the engine"));
    starting.interrupt();
    expect(await starting.exited).toBe(0);
    expect(processesNaming(folder())).toEqual([]);
  });

  it("serves the models of an upstream beside its own", async () => {
    const upstream = await startFakeReplica({ model: "upstream/echo", contextLength: 100 });
    try {
      const platform = await start({ ...BOOTSTRAP, BONFIRE_UPSTREAM_URL: upstream.url, BONFIRE_UPSTREAM_API_KEY: "upstream-secret" });
      const client = await connect(platform);
      expect((await client.models.list()).data.map(({ id }) => id)).toEqual([MODEL, "upstream/echo"]);
      const { choices } = await client.chat.completions.create({ model: "upstream/echo", messages: QUESTION, max_tokens: 2 });
      expect(choices[0]?.message.content).toBe("What is");
      expect(upstream.calls[0]?.authorization).toBe("Bearer upstream-secret");
      expect(platform.stdout() + platform.stderr()).not.toContain("upstream-secret");
      await expectToWork(platform);
    } finally {
      await upstream.close();
    }
  });
});

describe("Ctrl-C", () => {
  it("lets a running stream finish, then ends with code 0 and leaves nothing behind", async () => {
    const platform = await start();
    const tree = processTree(platform.pid);
    const stream = await startStream(platform, 60);
    platform.interrupt();
    let text = "";
    let finish: string | null | undefined;
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      finish = choices[0]?.finish_reason;
    }
    expect(finish).toBe("length");
    expect(text.length).toBeGreaterThan(60);
    expect(await platform.exited).toBe(0);
    // The platform, two shims, the engine and the database.
    expect(tree.length).toBeGreaterThanOrEqual(5);
    expect(stillRunning(tree)).toEqual([]);
    expect(processesNaming(folder())).toEqual([]);
  });

  it("pressed twice cuts a running stream with an error in it, and ends with code 0", async () => {
    const platform = await start();
    const stream = await startStream(platform, 4_000);
    platform.interrupt();
    await until(() => platform.stderr().includes("Press Ctrl-C again"));
    platform.interrupt();
    const failure = await failureOf(stream);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ code: "shutting_down", type: "server_error" });
    expect(await platform.exited).toBe(0);
    expect(processesNaming(folder())).toEqual([]);
  });
});

describe("kill -9", () => {
  it("of the platform takes engine and database with it, and the next start finds everything", async () => {
    const platform = await start({});
    const key = printedKey(platform) ?? "";
    const client = await connect(platform, key);
    const stream = await client.chat.completions.create({ model: MODEL, messages: QUESTION, ...ENDLESS, max_tokens: 4_000, stream: true });
    await stream[Symbol.asyncIterator]().next();
    const tree = processTree(platform.pid);
    platform.kill("SIGKILL");
    await until(() => stillRunning(tree).length === 0);
    await expectToWork(await start({}), key);
  });

  it("of the engine fails requests with an error until it is back", async () => {
    const platform = await start();
    const stream = await startStream(platform, 4_000);
    process.kill(engineOf(platform), "SIGKILL");
    expect(await failureOf(stream)).toMatchObject({ code: "upstream_error", type: "server_error" });

    const client = await connect(platform);
    const statuses: number[] = [];
    await until(async () => {
      const answer = client.chat.completions.create({ model: MODEL, messages: QUESTION, max_tokens: 2 });
      const status = await answer.then(
        () => 200,
        (error: unknown) => (error instanceof APIError ? Number(error.status) : 0),
      );
      statuses.push(status);
      return status === 200;
    }, 30_000);
    expect(statuses.shift()).toBeOneOf([502, 503]);
    for (const status of statuses) expect(status).toBeOneOf([200, 502, 503]);
  });
});

/** Its replica's socket stands in its command line. */
function engineOf(platform: RunningPlatform): number {
  const own = processTree(platform.pid).map(({ pid }) => pid);
  const engine = processesNaming("/replica-").find((pid) => own.includes(pid));
  if (engine === undefined) throw new Error("The platform has no engine.");
  return engine;
}

async function failureOf(stream: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of stream);
  } catch (error) {
    return error;
  }
  throw new Error("The stream did not fail.");
}
