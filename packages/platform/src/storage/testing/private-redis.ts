import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../engine/testing/until.ts";
import { findOnPath } from "../../processes/executable.ts";
import { type ShimmedProcess, startShimmed } from "../../processes/shimmed-process.ts";

/** A Redis server of a test's own, on a unix socket, that keeps nothing on disk. It cannot outlive the test run. */
export interface PrivateRedis {
  /** For `connectRedis`: the socket's path. */
  readonly url: string;
  /** As a power cut does. Safe to call when it is gone. */
  kill(): Promise<void>;
  /** After `kill`, on the same socket, empty. */
  start(): Promise<void>;
  /** Connections stay and nothing is answered, as on a dead network. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws when there is no `redis-server` on the `PATH`, with what to do. */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const [command] = await findOnPath("redis-server", { PATH: process.env.PATH ?? "" });
  if (command === undefined)
    throw new Error("These tests need redis-server on the PATH: on Debian or Ubuntu `apt-get install redis-server`.");
  const directory = await mkdtemp(join(tmpdir(), "bonfire-redis-"));
  const url = join(directory, "redis.sock");
  const pidFile = join(directory, "redis.pid");
  const args = ["--port", "0", "--unixsocket", url, "--pidfile", pidFile, "--dir", directory, "--save", "", "--appendonly", "no"];
  let server: ShimmedProcess | undefined;

  const start = async (): Promise<void> => {
    const lines: string[] = [];
    const started = startShimmed({ command, args, env: {}, stopSignal: "SIGTERM", graceMs: 0 }, (line) => {
      lines.push(line);
    });
    server = started;
    const ended = started.exited.then(() => {
      throw new Error(`redis-server has ended: ${lines.join("\n")}`);
    });
    // Later it ends because a test wants it to.
    ended.catch(() => undefined);
    await Promise.race([until(() => answers(url)), ended]);
  };
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    process.kill(Number.parseInt(await readFile(pidFile, "utf8"), 10), name);
  };
  const kill = async (): Promise<void> => {
    if (server === undefined) return;
    await signal("SIGKILL");
    await server.exited;
    server = undefined;
    // A server that dies so leaves both behind.
    await rm(url, { force: true });
    await rm(pidFile, { force: true });
  };

  await start();
  return {
    url,
    kill,
    start,
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    stop: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once("connect", () => socket.write("PING\r\n"));
    socket.once("data", (reply) => {
      socket.destroy();
      resolve(reply.toString().startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
  });
}
