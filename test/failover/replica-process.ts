import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const REPLICA = fileURLToPath(new URL("replica.ts", import.meta.url));

/** A replica that can be killed and started again, always on the same port. */
export interface ReplicaProcess {
  readonly name: string;
  readonly url: string;
  /** Ids of the requests that reached it, in all its lives. */
  requests(): readonly string[];
  /** As `kill -9` does. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
}

export async function startReplicaProcess(name: string, folder: string): Promise<ReplicaProcess> {
  const file = join(folder, `${name}.requests`);
  writeFileSync(file, "");
  let life = await begin(file, "0");
  return {
    name,
    url: `http://127.0.0.1:${life.port}/v1`,
    requests: () => readFileSync(file, "utf8").split("\n").slice(0, -1),
    kill: async () => {
      const ended = once(life.child, "exit");
      life.child.kill("SIGKILL");
      await ended;
    },
    startAgain: async () => {
      life = await begin(file, life.port);
    },
  };
}

/** It ends when this process does, since its standard input ends then. */
async function begin(file: string, port: string): Promise<{ readonly child: ChildProcess; readonly port: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", REPLICA, file, port], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit").then(() => undefined);
  for await (const line of createInterface({ input: child.stdout })) return { child, port: line };
  await ended;
  throw new Error(`The replica has ended with code ${child.exitCode} instead of starting.`);
}
