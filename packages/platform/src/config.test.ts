import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "./config.ts";

const fault = (environment: Record<string, string>): string => {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error("The settings were accepted.");
};

describe("loadConfig", () => {
  it("has a default for everything", () => {
    expect(loadConfig({}, "linux")).toMatchObject({
      home: join(homedir(), ".bonfire"),
      cache: join(homedir(), ".cache", "bonfire"),
      host: "127.0.0.1",
      port: 8080,
      databaseUrl: undefined,
      bootstrapKey: undefined,
    });
  });

  it("takes an empty variable for an unset one", () => {
    expect(loadConfig({ BONFIRE_PORT: "", DATABASE_URL: "" })).toMatchObject({ port: 8080, databaseUrl: undefined });
  });

  it("keeps the cache where each system keeps its caches", () => {
    expect(loadConfig({ XDG_CACHE_HOME: "/c" }, "linux").cache).toBe(join("/c", "bonfire"));
    expect(loadConfig({}, "darwin").cache).toBe(join(homedir(), "Library", "Caches", "bonfire"));
  });

  it("makes relative folders absolute", () => {
    expect(loadConfig({ BONFIRE_HOME: "here" }).home).toBe(join(process.cwd(), "here"));
  });

  it.each([
    [{ BONFIRE_PORT: "abc" }, "BONFIRE_PORT", "port number"],
    [{ BONFIRE_PORT: "70000" }, "BONFIRE_PORT", "port number"],
    [{ BONFIRE_BOOTSTRAP_KEY: "short" }, "BONFIRE_BOOTSTRAP_KEY", "at least 20 characters"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL", "postgresql://"],
    [{ BONFIRE_UPSTREAM_URL: "localhost" }, "BONFIRE_UPSTREAM_URL", "base URL"],
    [{ BONFIRE_LOG_LEVEL: "loud" }, "BONFIRE_LOG_LEVEL", "info"],
  ])("refuses %j by name and says what would be right", (environment, name, expected) => {
    expect(fault(environment)).toContain(name);
    expect(fault(environment)).toContain(expected);
  });

  it("never quotes a secret that is not good enough", () => {
    expect(fault({ BONFIRE_BOOTSTRAP_KEY: "hunter2" })).not.toContain("hunter2");
  });

  it("lists all faults at once", () => {
    expect(fault({ BONFIRE_PORT: "x", DATABASE_URL: "y" })).toMatch(/BONFIRE_PORT[\s\S]*DATABASE_URL/);
  });

  it("gives children search paths and proxies, and none of our secrets", () => {
    const { childEnvironment } = loadConfig({
      PATH: "/bin",
      https_proxy: "http://p",
      BONFIRE_BOOTSTRAP_KEY: "x".repeat(20),
      DATABASE_URL: "postgresql://a",
      HF_TOKEN: "t",
    });
    expect(childEnvironment).toEqual({ PATH: "/bin", https_proxy: "http://p" });
  });
});
