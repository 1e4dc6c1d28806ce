import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readSettings } from "./settings/read-settings.ts";
import { CLIENT_VARIABLES, PLACES, SETTING_PATHS, SETTINGS } from "./settings/settings.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

/** Variables that these files set and that belong to somebody else. */
const OTHERS = ["NODE_ENV", "HOME", "POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB"];
const KNOWN: readonly string[] = [
  ...SETTING_PATHS.map((path) => SETTINGS[path].env),
  ...Object.keys(PLACES),
  ...CLIENT_VARIABLES,
  ...OTHERS,
];

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      environment: z.record(z.string(), z.string()).default({}),
      healthcheck: z.unknown().optional(),
      stop_grace_period: z.string().optional(),
      profiles: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
});

function settingsIn(text: string) {
  const settings = readSettings({}, { name: "example", text });
  if ("faults" in settings) throw new Error(settings.faults.join("\n"));
  return settings;
}

describe("the example of a settings file", () => {
  const example = read("deploy/example.bonfire.yaml");

  it("changes nothing as it stands", () => {
    expect(settingsIn(example).values).toEqual(settingsIn("").values);
  });

  it("has every setting, with a value that can be used, and no other", () => {
    const { sources } = settingsIn(example.replaceAll(/^(\s*)#(\w)/gm, "$1$2"));
    const missing = SETTING_PATHS.filter((path) => !sources[path].startsWith("example:"));
    expect(missing).toEqual([]);
  });
});

describe("the compose file", () => {
  const { services, volumes } = composeFile.parse(parse(read("deploy/compose.yaml")));

  it("starts Bonfire and PostgreSQL, and Redis only when asked", () => {
    const started = Object.entries(services).filter(([, { profiles }]) => profiles.length === 0);
    expect(started.map(([name]) => name)).toEqual(["bonfire", "postgres"]);
    expect(Object.keys(services)).toContain("redis");
  });

  it("sets only variables that somebody reads, and to values that can be used", () => {
    for (const { environment } of Object.values(services)) expect(KNOWN).toEqual(expect.arrayContaining(Object.keys(environment)));
    const environment = Object.entries(services.bonfire?.environment ?? {}).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{\w+:\?[^}]*\}/g, "0123456789abcdef").replaceAll(/\$\{\w+:-\}/g, ""),
    ]);
    expect(readSettings(Object.fromEntries(environment), undefined)).toHaveProperty("values");
  });

  it("asks for secrets by names that the example of the environment file has", () => {
    const asked = [...read("deploy/compose.yaml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    const given = [...read("deploy/bonfire.env.example").matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
    expect(new Set(asked)).toEqual(new Set(given));
    expect(KNOWN).toEqual(expect.arrayContaining(given));
  });

  it("keeps what must survive in volumes, and waits for Bonfire longer than Bonfire waits for requests", () => {
    for (const { volumes: mounted } of Object.values(services)) {
      for (const mount of mounted) expect(Object.keys(volumes)).toContain(mount.split(":")[0]);
    }
    const { bonfire } = services;
    expect(Number.parseInt(bonfire?.stop_grace_period ?? "", 10)).toBeGreaterThan(
      Number.parseInt(bonfire?.environment.BONFIRE_SHUTDOWN_GRACE ?? "", 10),
    );
  });
});

describe("the unit of systemd", () => {
  const unit = read("deploy/bonfire.service");

  it("sets only variables that somebody reads", () => {
    const names = [...unit.matchAll(/^Environment=(.+)$/gm)].flatMap(([, list = ""]) => list.split(" ").map((pair) => pair.split("=")[0]));
    expect(names).toContain("BONFIRE_HOME");
    expect(KNOWN).toEqual(expect.arrayContaining(names));
  });

  it("forbids nothing that the compiler of JavaScript needs", () => {
    expect(unit).not.toMatch(/^MemoryDenyWriteExecute/m);
  });
});

describe("the Dockerfile", () => {
  const dockerfile = read("deploy/Dockerfile");

  it("copies files that exist, and that .dockerignore lets through", () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = ""]) => sources.split(" "));
    expect(copied.length).toBeGreaterThan(5);
    const allowed = [...read(".dockerignore").matchAll(/^!(\S+)$/gm)].map(([, path = ""]) => path);
    for (const path of copied) {
      expect(() => read(path)).not.toThrow(expect.objectContaining({ code: "ENOENT" }));
      expect(
        allowed.some((entry) => path === entry || path.startsWith(`${entry}/`)),
        path,
      ).toBe(true);
    }
  });

  it("copies the list of packages of every workspace", () => {
    const { workspaces } = z.object({ workspaces: z.array(z.string()) }).parse(JSON.parse(read("package.json")));
    for (const folder of workspaces) expect(dockerfile).toContain(`COPY ${folder}/package.json ${folder}/\n`);
  });

  it("sets only variables that somebody reads, and runs as an ordinary user", () => {
    const names = [...dockerfile.matchAll(/^(?:ENV| ) ?([A-Z_]+)=\S+/gm)].map(([, name]) => name);
    expect(names).toContain("BONFIRE_HOME");
    expect(KNOWN).toEqual(expect.arrayContaining(names));
    expect(dockerfile).toMatch(/^USER bonfire$/m);
  });
});
