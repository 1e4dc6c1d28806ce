import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readSettings } from "./read-settings.ts";
import { SETTING_PATHS, SETTINGS } from "./settings.ts";

const file = (text: string) => ({ name: "bonfire.yaml", text });

function valuesOf(text: string, environment: Record<string, string> = {}) {
  const read = readSettings(environment, file(text));
  if ("faults" in read) throw new Error(read.faults.join("\n"));
  return read;
}

function faultsOf(text: string, environment: Record<string, string> = {}): string {
  const read = readSettings(environment, file(text));
  return "faults" in read ? read.faults.join("\n") : "";
}

describe("bonfire.yaml", () => {
  it("sets what is written in it, nested or with dots", () => {
    const { values, sources } = valuesOf("server:\n  port: 9000\n  cors_origins: ['https://a.example']\nlog.level: debug\n");
    expect(values).toMatchObject({ "server.port": 9000, "server.cors_origins": ["https://a.example"], "log.level": "debug" });
    expect(sources).toMatchObject({ "server.port": "bonfire.yaml:2", "log.level": "bonfire.yaml:4", "server.host": "default" });
  });

  it("loses against a variable", () => {
    const { values, sources } = valuesOf("server: {port: 9000}", { BONFIRE_PORT: "9001" });
    expect([values["server.port"], sources["server.port"]]).toEqual([9001, "BONFIRE_PORT"]);
  });

  it("may be empty, and may hold headings without anything below", () => {
    expect(valuesOf("").values["server.port"]).toBe(8080);
    expect(valuesOf("# nothing yet\nserver:\nlog:\n  level:\n").values["server.port"]).toBe(8080);
  });

  it.each([
    ["server:\n  prot: 1", "server.prot (bonfire.yaml:2): there is no such setting; did you mean server.port?"],
    ["port: 1", "port (bonfire.yaml:1): there is no such setting; did you mean server.port?"],
    ["servr: {host: x}", "servr.host (bonfire.yaml:1): there is no such setting; did you mean server.host?"],
    ["quantum: 1", "quantum (bonfire.yaml:1): there is no such setting"],
    ["server: {port: '8080'}", "server.port (bonfire.yaml:1): expected a port number from 0 to 65535 (0 picks a free one)"],
    ["server: {shutdown_grace: 10}", "server.shutdown_grace (bonfire.yaml:1): expected a duration such as 500ms, 30s, 5m or 1h"],
    ["models: {memory: 8}", "models.memory (bonfire.yaml:1): expected a size such as 500MB or 8GiB"],
    ["server: {cors_origins: ['a.example/x']}", "server.cors_origins (bonfire.yaml:1): expected an origin"],
    ["- a\n- b", "bonfire.yaml line 1: expected settings"],
    ["server: {port: 1\nlog: x", "bonfire.yaml line 2"],
    ["server: {port: 1, port: 2}", "bonfire.yaml line 1"],
  ])("refuses %j with the place and what would be right", (text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });

  it("never quotes a secret that is not good enough", () => {
    expect(faultsOf("auth: {bootstrap_key: hunter2}\nhugging_face: {token: [hunter2]}")).not.toContain("hunter2");
  });
});

describe("a variable", () => {
  it.each([
    ["BONFIRE_LOG_FILE", "no", "log.file", false],
    ["BONFIRE_PRELOAD", "none", "models.preload", []],
    ["BONFIRE_PRELOAD", "smollm2, qwen3:8b", "models.preload", ["smollm2", "qwen3:8b"]],
    ["BONFIRE_KEEP_ALIVE", "90s", "models.keep_alive", 90_000],
    ["BONFIRE_KEEP_ALIVE", "forever", "models.keep_alive", "forever"],
    ["BONFIRE_MEMORY", "1.5GiB", "models.memory", 1_610_612_736],
    ["BONFIRE_TRACE_SAMPLE_RATIO", "0.1", "tracing.sample_ratio", 0.1],
  ] as const)("%s=%s is read as what the setting is", (name, text, path, value) => {
    expect(valuesOf("", { [name]: text }).values[path]).toEqual(value);
  });

  it("whose name is misspelled is an error that suggests the right one", () => {
    expect(faultsOf("", { BONFIRE_PROT: "1" })).toContain("BONFIRE_PROT: there is no such setting; did you mean BONFIRE_PORT?");
    expect(faultsOf("", { BONFIRE_LOGLEVEL: "debug" })).toContain("did you mean BONFIRE_LOG_LEVEL?");
  });

  it("that belongs to somebody else is none of our business", () => {
    expect(faultsOf("", { BONFIRE_SERVICE_HOST: "10.0.0.1", BONFIRE_API_KEY: "k", PORT: "x" })).toBe("");
  });
});

it("any text as a file gives values or faults, and never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(readSettings({}, file(text))).toBeDefined();
    }),
  );
});

it("no two settings share a variable", () => {
  const variables = SETTING_PATHS.map((path) => SETTINGS[path].env);
  expect(new Set(variables).size).toBe(variables.length);
});
