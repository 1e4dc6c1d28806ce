import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSettings } from "@bonfire/platform/settings/read-settings";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runHere } from "../testing/run-cli.ts";
import { temporaryHome } from "../testing/temporary-home.ts";
import { SettingsDocument } from "./settings-document.ts";

const WRITTEN = `# Ours.
server:
  host: 0.0.0.0 # for all
  port: 9000

# Loud while we look for it.
log.level: debug
models:
  preload: [smollm2, 'qwen3:8b']
`;

function homeWith(text: string) {
  const home = temporaryHome();
  const file = join(home, "bonfire.yaml");
  writeFileSync(file, text);
  return { home, file, text: () => readFileSync(file, "utf8") };
}

describe("bonfire config set", () => {
  it("changes the one line and leaves comments and order alone", async () => {
    const { home, text } = homeWith(WRITTEN);
    expect(await runHere(["config", "set", "server.port", "8081"], { home })).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "server.port is written. It counts from the next start of the platform.\n",
    });
    expect(text()).toBe(WRITTEN.replace("9000", "8081"));
  });

  it("keeps to how the setting is spelled in the file", async () => {
    const { home, text } = homeWith(WRITTEN);
    await runHere(["config", "set", "log.level", "warn"], { home });
    expect(text()).toContain("# Loud while we look for it.\nlog.level: warn\n");
  });

  it("adds below the heading that is there, also an empty one", async () => {
    const { home, text } = homeWith("server: # ours\nmodels:\n  memory: 8GiB\n");
    await runHere(["config", "set", "models.keep_alive", "30m"], { home });
    await runHere(["config", "set", "server.port", "9000"], { home });
    expect(readSettings({}, { name: "f", text: text() })).toMatchObject({
      values: { "models.keep_alive": 1_800_000, "models.memory": 2 ** 33, "server.port": 9000 },
    });
    expect(text()).toContain("ours");
  });

  it("makes the file, for its owner alone, where there is none, and leaves nothing else", async () => {
    const home = temporaryHome();
    const inner = join(home, "not", "there");
    await runHere(["config", "set", "models.preload", "smollm2, qwen3:8b"], { home: inner });
    expect(readFileSync(join(inner, "bonfire.yaml"), "utf8")).toBe("models:\n  preload:\n    - smollm2\n    - qwen3:8b\n");
    expect(statSync(join(inner, "bonfire.yaml")).mode & 0o777).toBe(0o600);
    expect(readdirSync(inner)).toEqual(["bonfire.yaml"]);
  });

  it("closes a file that others could read", async () => {
    const { home, file } = homeWith(WRITTEN);
    await runHere(["config", "set", "server.port", "1"], { home });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("writes through a link", async () => {
    const home = temporaryHome();
    mkdirSync(join(home, "shared"));
    writeFileSync(join(home, "shared", "settings.yaml"), "");
    symlinkSync(join(home, "shared", "settings.yaml"), join(home, "bonfire.yaml"));
    await runHere(["config", "set", "server.port", "9000"], { home });
    expect(lstatSync(join(home, "bonfire.yaml")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(home, "shared", "settings.yaml"), "utf8")).toBe("server:\n  port: 9000\n");
  });

  it.each([
    ["server.prot", "9000", "There is no setting server.prot; did you mean server.port?"],
    ["quantum", "9000", "There is no setting quantum. All of them: npx --no bonfire config print"],
    ["server.port", "no", "server.port (bonfire.yaml:3): expected a port number from 0 to 65535"],
    ["models.memory", "8", "expected a size such as 500MB or 8GiB"],
    ["log.file", "maybe", "log.file (bonfire.yaml:4): expected true or false"],
  ])("%s %s is refused before anything is written", async (path, value, text) => {
    const before = "server:\n  host: 0.0.0.0\n";
    const { home, text: after } = homeWith(before);
    expect(await runHere(["config", "set", path, value], { home })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(text),
    });
    expect(after()).toBe(before);
  });

  it("never quotes a secret that is not good enough", async () => {
    const { home } = homeWith("");
    const { exitCode, stderr } = await runHere(["config", "set", "auth.bootstrap_key", "hunter2"], { home });
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain("hunter2");
  });

  it("says so when a variable wins over the file", async () => {
    const { home } = homeWith("");
    const { stderr } = await runHere(["config", "set", "server.port", "9000"], { home, env: { BONFIRE_PORT: "9001" } });
    expect(stderr).toContain("BONFIRE_PORT is set here as well, and wins over the file.");
  });

  it("writes to the file that BONFIRE_CONFIG names", async () => {
    const home = temporaryHome();
    const chosen = join(home, "chosen.yaml");
    const env = { BONFIRE_CONFIG: chosen };
    await runHere(["config", "set", "server.port", "9000"], { home, env });
    expect(readFileSync(chosen, "utf8")).toContain("9000");
    expect(existsSync(join(home, "bonfire.yaml"))).toBe(false);
    expect((await runHere(["config", "path"], { home, env })).stdout).toBe(`${chosen}\n`);
  });

  it("leaves a file alone that is no YAML", async () => {
    const { home, text } = homeWith("server: {port: 1\nlog: x");
    expect(await runHere(["config", "set", "server.port", "1"], { home })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("mend it by hand"),
    });
    expect(text()).toBe("server: {port: 1\nlog: x");
  });
});

describe("bonfire config unset", () => {
  it("removes the line, and a heading that nothing stands below any more", async () => {
    const { home, text } = homeWith(WRITTEN);
    await runHere(["config", "unset", "models.preload"], { home });
    await runHere(["config", "unset", "server.port"], { home });
    expect(text()).toBe("# Ours.\nserver:\n  host: 0.0.0.0 # for all\n\n# Loud while we look for it.\nlog.level: debug\n");
  });

  it("mends one of several faults, also a name that does not exist", async () => {
    const { home, text } = homeWith("servr:\n  port: 1\nlog:\n  level: loud\n");
    const outcome = await runHere(["config", "unset", "servr.port"], { home });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("still holds what cannot be used:\n  log.level") });
    expect(text()).toBe("log:\n  level: loud\n");
  });

  it("of what is not there changes nothing", async () => {
    const { home, text } = homeWith(WRITTEN);
    expect(await runHere(["config", "unset", "log.file"], { home })).toMatchObject({
      exitCode: 0,
      stderr: "log.file is not in the file.\n",
    });
    expect(text()).toBe(WRITTEN);
    expect(await runHere(["config", "unset", "log.fil"], { home })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("log.file"),
    });
  });
});

describe("bonfire config print", () => {
  it("shows each setting with its value and where that comes from", async () => {
    const { home, file } = homeWith(WRITTEN);
    const { stdout } = await runHere(["config", "print"], { home, env: { BONFIRE_KEEP_ALIVE: "90s", BONFIRE_MEMORY: "1.5GiB" } });
    expect(stdout).toContain(`Home       ${home} (BONFIRE_HOME)\nSettings   ${file}\n`);
    expect(stdout).toMatch(/^server\.port +9000 +bonfire\.yaml:4$/m);
    expect(stdout).toMatch(/^models\.keep_alive +90s +BONFIRE_KEEP_ALIVE$/m);
    expect(stdout).toMatch(/^models\.memory +1536MiB +BONFIRE_MEMORY$/m);
    expect(stdout).toMatch(/^models\.load_wait +1m +default$/m);
    expect(stdout).toMatch(/^models\.preload +smollm2, qwen3:8b +bonfire\.yaml:9$/m);
    expect(stdout).toMatch(/^upstream\.url +– +default$/m);
  });

  it("shows no secret, in whatever form", async () => {
    const env = {
      DATABASE_URL: "postgresql://ada:hunter2@db/bonfire",
      HF_TOKEN: "hunter2",
      BONFIRE_UPSTREAM_URL: "http://ada:hunter2@10.0.0.1/v1",
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=hunter2",
    };
    for (const form of [[], ["--long"], ["--json"]]) {
      const { exitCode, stdout } = await runHere(["config", "print", ...form], { home: temporaryHome(), env });
      expect(exitCode).toBe(0);
      expect(stdout).not.toContain("hunter2");
      expect(stdout).toContain("(set)");
    }
  });

  it("--long explains, --json is for programs", async () => {
    const home = temporaryHome();
    expect((await runHere(["config", "print", "--long"], { home })).stdout).toContain("BONFIRE_PORT: Port to listen on.");
    expect(JSON.parse((await runHere(["config", "print", "--json"], { home })).stdout)).toMatchObject({
      home,
      settings_file: { exists: false },
      settings: expect.arrayContaining([
        expect.objectContaining({ path: "server.port", value: 8080, source: "default", env: "BONFIRE_PORT" }),
      ]),
    });
  });

  it("lists what cannot be used, with code 2", async () => {
    const { home } = homeWith("server: {prot: 1}");
    expect(await runHere(["config", "print"], { home })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("did you mean server.port?"),
    });
  });
});

describe("a settings document", () => {
  const values: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    "server.port": fc.integer({ min: 0, max: 65_535 }),
    "server.host": fc.string({ minLength: 1 }),
    "log.file": fc.boolean(),
    "models.preload": fc.array(fc.string({ minLength: 1 })),
    "tracing.service_name": fc.string({ unit: "grapheme", minLength: 1 }),
  };
  const changes = fc.array(fc.oneof(...Object.entries(values).map(([path, value]) => fc.tuple(fc.constant(path), fc.option(value)))));

  it("holds after any changes what was written last, and reads as such", () => {
    fc.assert(
      fc.property(fc.constantFrom<string[]>("", WRITTEN, "server:\n", "# nothing\n"), changes, (text, list) => {
        let current = text;
        const expected = new Map<string, unknown>();
        for (const [path, value] of list) {
          const document = new SettingsDocument(current);
          if (value === null) document.unset(path);
          else document.set(path, value);
          current = document.toString();
          expected.set(path, value);
        }
        const read = readSettings({}, { name: "f", text: current });
        if ("faults" in read) throw new Error(`${read.faults.join("\n")}\nin\n${current}`);
        for (const [path, value] of expected) {
          const [, found] = Object.entries(read.values).find(([known]) => known === path) ?? [];
          if (value !== null) expect(found).toEqual(value);
          else expect(read.sources).toHaveProperty([path], "default");
        }
      }),
    );
  });
});
