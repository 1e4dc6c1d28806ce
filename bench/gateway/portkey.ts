import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort, startChild } from "../processes/child.ts";
import { answersOk, until } from "../processes/until.ts";
import type { Peer } from "./peer.ts";

const VERSION = "1.15.2";
const MANIFEST = {
  name: "bonfire-bench-portkey",
  private: true,
  dependencies: { "@portkey-ai/gateway": VERSION },
  // Later versions of the server library do not start on Node 20.
  overrides: { "@hono/node-server": "1.13.8" },
};

export type Portkey = Peer;

/** Starts Portkey's gateway in front of the mock; installs it into the cache folder first where it is missing. */
export async function startPortkey(cacheFolder: string, mockPort: number): Promise<Peer> {
  const program = await install(join(cacheFolder, "bench", `portkey-${VERSION}`));
  const port = await freePort();
  const startedAt = performance.now();
  const child = startChild({
    command: process.execPath,
    args: [program, "--headless", `--port=${port}`],
    // It refuses addresses of this machine unless they are listed.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" },
  });
  try {
    await until("The start of Portkey's gateway", async () => child.hasEnded() || (await answersOk(`http://127.0.0.1:${port}/`)));
    if (child.hasEnded()) throw new Error(`Portkey's gateway ended instead of starting:\n${child.lastLines()}`);
  } catch (error) {
    await child.stop();
    throw error;
  }
  const readyAfterMs = performance.now() - startedAt;
  const headers = {
    authorization: "Bearer none",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `http://127.0.0.1:${mockPort}/v1`,
  };
  return { ...child, port, headers, readyAfterMs };
}

/** @returns the path of the program. */
async function install(folder: string): Promise<string> {
  const program = join(folder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
  if (existsSync(program)) return program;
  console.log(`installing Portkey's gateway ${VERSION} into ${folder}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(MANIFEST, undefined, 2)}\n`);
  try {
    await promisify(execFile)("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
  } catch (cause) {
    throw new Error("Portkey's gateway cannot be installed. Leave it out with --without-portkey.", { cause });
  }
  return program;
}
