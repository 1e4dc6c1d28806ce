import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { endAll, runBonfire } from "./bonfire-process.ts";
import { connectToSharedPlatform } from "./shared-platform.ts";

const { fetch } = await connectToSharedPlatform();
const home = inject("home");
const EMPTY_HOME = join(home, "no-platform-runs-here");

afterAll(endAll);

const keys = (...args: string[]) => runBonfire(["keys", ...args], { home });

async function createKey(name: string): Promise<{ secret: string; id: string }> {
  const { stdout, stderr, exitCode } = await keys("create", name);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^key_\w+ /) });
  return { secret: stdout.trimEnd(), id: stderr.split(" ", 1)[0] ?? "" };
}

async function statusWith(secret: string): Promise<number> {
  const response = await fetch(new URL("/v1/models", inject("baseUrl")), { headers: { authorization: `Bearer ${secret}` } });
  return response.status;
}

describe("bonfire keys", () => {
  it("create prints nothing but the secret on stdout, and the key works at once", async () => {
    const { stdout } = await keys("create", "a test");
    expect(stdout).toMatch(/^bf-[0-9A-Za-z]{43}\n$/);
    expect(await statusWith(stdout.trimEnd())).toBe(200);
  });

  it("create makes a key for applications unless it is told otherwise", async () => {
    const json = await keys("create", "an application", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      object: "api_key",
      name: "an application",
      role: "inference",
      key: expect.stringMatching(/^bf-/),
    });
    const admin = await keys("create", "an operator", "--role", "admin", "--json");
    expect(JSON.parse(admin.stdout)).toMatchObject({ role: "admin" });
  });

  it("list shows what a key is, but not its secret", async () => {
    const { secret, id } = await createKey("to be listed");
    const { stdout } = await keys("list");
    const line = stdout.split("\n").find((candidate) => candidate.startsWith(id));
    expect(line).toMatch(new RegExp(`${secret.slice(0, 9)}….*inference.*valid.*to be listed$`));
    expect(stdout).not.toContain(secret);
  });

  it("list --json is for programs", async () => {
    const { secret, id } = await createKey("for programs");
    const { stdout } = await keys("list", "--json");
    expect(JSON.parse(stdout)).toContainEqual(
      expect.objectContaining({ id, name: "for programs", revoked_at: null, prefix: secret.slice(0, 9) }),
    );
    expect(stdout).not.toContain(secret);
  });

  it("revoke refuses the key at once, and the list says so", async () => {
    const { secret, id } = await createKey("to be revoked");
    expect(await statusWith(secret)).toBe(200);
    expect(await keys("revoke", id)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(id) });
    expect(await statusWith(secret)).toBe(401);
    const list = JSON.parse((await keys("list", "--json")).stdout);
    expect(list).toContainEqual(expect.objectContaining({ id, revoked_at: expect.any(Number) }));
  });

  it("revoke of an unknown key fails with code 1 and says so", async () => {
    const outcome = await keys("revoke", "key_unknown");
    expect(outcome).toEqual({ exitCode: 1, stdout: "", stderr: expect.stringContaining("key_unknown") });
  });

  it("fails with code 3 and tells how to start where no platform runs", async () => {
    const outcome = await runBonfire(["keys", "list"], { home: EMPTY_HOME });
    expect(outcome).toEqual({
      exitCode: 3,
      stdout: "",
      stderr: expect.stringMatching(/No platform answers at .*no-platform-runs-here.*npm start/),
    });
    const remote = await runBonfire(["keys", "list", "--url", "http://127.0.0.1:1", "--admin-key", "x"], { home });
    expect(remote).toMatchObject({ exitCode: 3, stderr: expect.stringContaining("http://127.0.0.1:1") });
  });

  it("works from elsewhere with --url and an admin key", async () => {
    const origin = new URL(inject("baseUrl")).origin;
    const remote = (url: string, adminKey: string) =>
      runBonfire(["keys", "list", "--json", "--url", url], { home: EMPTY_HOME, env: { BONFIRE_ADMIN_KEY: adminKey } });
    for (const url of [origin, inject("baseUrl")]) {
      const { exitCode, stdout } = await remote(url, inject("apiKey"));
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ name: "bootstrap", role: "admin" }));
    }
    expect(await remote(origin, "bf-wrong")).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Incorrect API key") });
    const { secret } = await createKey("no admin");
    expect(await remote(origin, secret)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("admin") });
  });

  it.each([
    ["no command", ["keys"]],
    ["an unknown command", ["keys", "lend"]],
    ["no name", ["keys", "create"]],
    ["an unknown option", ["keys", "list", "--colour"]],
    ["an unknown role", ["keys", "create", "x", "--role", "king"]],
    ["a URL that is none", ["keys", "list", "--url", "here"]],
    ["a URL without an admin key", ["keys", "list", "--url", "http://127.0.0.1:1"]],
  ])("fails with code 2 for wrong usage: %s", async (_, args) => {
    const { exitCode, stdout, stderr } = await runBonfire(args, { home });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).not.toBe("");
  });

  it.each([
    ["", "keys"],
    ["up", "BONFIRE_PORT"],
    ["keys", "Exit codes"],
    ["keys create", "KEY=\\$\\("],
    ["keys list", "--json"],
    ["keys revoke", "<id>"],
  ])("bonfire %s --help explains it", async (command, text) => {
    const { exitCode, stdout } = await runBonfire([...command.split(" ").filter(Boolean), "--help"], { home });
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(text) });
  });

  it("leave a secret neither in the files of the home nor in the log", async () => {
    const name = "a name that is stored";
    const { secret } = await createKey(name);
    await statusWith(secret);
    const stored = filesBelow(home).map((file) => readFileSync(file));
    expect(stored.some((bytes) => bytes.includes(name))).toBe(true);
    expect(stored.some((bytes) => bytes.includes(secret))).toBe(false);
    const log = readFileSync(inject("logFile"), "utf8");
    expect(log).toContain('"path":"/admin/v1/keys"');
    expect(log).not.toContain(secret);
    expect(log).not.toContain(inject("apiKey"));
  });
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
