import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect } from "vitest";
import { type FakeReplica, startFakeReplica } from "../../packages/platform/src/engine/testing/fake-replica.ts";
import { startEmbeddedPostgres } from "../../packages/platform/src/storage/embedded-postgres.ts";
import { endAll, runBonfire } from "../bonfire-process.ts";
import { type RunningPlatform, startPlatformProcess } from "../running-platform.ts";

const MODEL = "sealed/echo";
/** Of the upstream `sealed`. */
export const KEY = "sk-canary-4f1d9a7c02e6-of-the-upstream";
const ADMIN = randomBytes(24).toString("hex");
/** What an operator's request has. */
export const WITH_ADMIN_KEY = { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };

type Environment = Readonly<Record<string, string>>;

/** A home on a database of its own, in front of a server that needs a key. */
export interface SealedHome {
  readonly home: string;
  readonly databaseUrl: string;
  readonly replica: FakeReplica;
  start(env?: Environment): Promise<RunningPlatform>;
  /** The CLI as a user has it. */
  bonfire(args: readonly string[], env?: Environment): ReturnType<typeof runBonfire>;
  /** Makes an upstream of the replica with a key, and one without, by the command that a user has. */
  addUpstreams(): Promise<void>;
  ask(platform: RunningPlatform, upstream: "sealed" | "open"): Promise<{ readonly status: number; readonly text: string }>;
  /** A request that is answered, with the key that was applied. */
  expectKeyIsSent(platform: RunningPlatform): Promise<void>;
  /** Those in the home, the newest first. */
  rootSecrets(): readonly string[];
  /** Ends what runs on it. */
  close(): Promise<void>;
}

/** A database server for several homes. */
export interface SealedHomes {
  /** Where all of its files lie. */
  readonly databaseFolder: string;
  add(): Promise<SealedHome>;
  close(): Promise<void>;
}

export async function openSealedHomes(): Promise<SealedHomes> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "bf-"));
  const databaseFolder = join(folder, "database");
  const postgres = await startEmbeddedPostgres({ directory: databaseFolder, log: () => undefined });
  const pool = new pg.Pool({ connectionString: postgres.databaseUrl, max: 1 });
  let count = 0;
  return {
    databaseFolder,
    add: async () => {
      const name = `secrets_${++count}`;
      await pool.query(`create database ${name}`);
      return addHome({ folder, name, databaseUrl: postgres.databaseUrl.replace(/\/bonfire(?=\?|$)/, `/${name}`) });
    },
    close: async () => {
      await pool.end();
      await postgres.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

interface Place {
  readonly folder: string;
  /** Of the home below the folder. */
  readonly name: string;
  readonly databaseUrl: string;
}

async function addHome({ folder, name, databaseUrl }: Place): Promise<SealedHome> {
  const home = join(folder, name);
  const replica = await startFakeReplica({ model: MODEL, contextLength: 1_000 });
  const bonfire: SealedHome["bonfire"] = (args, env = {}) => runBonfire(args, { home, env });
  const ask: SealedHome["ask"] = async ({ baseUrl }, upstream) => {
    const body = JSON.stringify({ model: `${upstream}/${MODEL}`, messages: [{ role: "user", content: "Hello" }], max_tokens: 2 });
    const response = await fetch(`${baseUrl}/chat/completions`, { method: "POST", headers: WITH_ADMIN_KEY, body });
    return { status: response.status, text: await response.text() };
  };
  return {
    ...{ home, databaseUrl, replica, bonfire, ask },
    start: (env = {}) =>
      startPlatformProcess({ home, env: { BONFIRE_PRELOAD: "none", BONFIRE_BOOTSTRAP_KEY: ADMIN, DATABASE_URL: databaseUrl, ...env } }),
    addUpstreams: async () => {
      const path = join(folder, "resources.json");
      const upstream = { base_url: replica.url, health_check: "off" };
      const upstreams = [
        { name: "sealed", ...upstream, keys: [{ value: `\${UPSTREAM_KEY}` }] },
        { name: "open", ...upstream },
      ];
      writeFileSync(path, JSON.stringify({ upstreams }));
      const { exitCode, stderr } = await bonfire(["apply", "-f", path], { UPSTREAM_KEY: KEY });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    },
    expectKeyIsSent: async (platform) => {
      expect(await ask(platform, "sealed")).toMatchObject({ status: 200 });
      expect(replica.calls.at(-1)?.authorization).toBe(`Bearer ${KEY}`);
    },
    rootSecrets: () => readFileSync(join(home, "secret"), "utf8").trimEnd().split("\n"),
    close: async () => {
      await endAll();
      await replica.close();
    },
  };
}
