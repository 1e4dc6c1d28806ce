import { fork } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { basename } from "node:path";
import { z } from "zod";
import { hasEnded } from "./child.ts";
import { openOutputFile } from "./output-file.ts";

/** A server of the benchmark's own in a process of its own. */
export interface HelperServer {
  readonly pid: number;
  readonly port: number;
  /** The last lines that it printed. */
  lastLines(): string;
  stop(): Promise<void>;
}

const announcement = z.strictObject({ port: z.int() });

/** Starts a module that calls `announce`. @param args what its `process.argv` gets, from index 2 on. */
export async function startHelperServer(
  module: URL,
  args: readonly string[],
  nodeArguments: readonly string[] = [],
): Promise<HelperServer> {
  const output = openOutputFile();
  const child = fork(module, args, { execArgv: [...nodeArguments], stdio: ["ignore", output.descriptor, output.descriptor, "ipc"] });
  output.closeHere();
  const stop = async () => {
    if (!hasEnded(child)) {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    }
    output.remove();
  };
  const { pid } = child;
  if (pid === undefined) throw new Error(`${module.pathname} does not start.`);
  const settled = new AbortController();
  const { signal } = settled;
  const ended = once(child, "exit", { signal }).then(() => {
    throw new Error(`${basename(module.pathname)} ended instead of listening:\n${output.lastLines()}`);
  });
  try {
    const [message]: unknown[] = await Promise.race([once(child, "message", { signal }), ended]);
    return { pid, port: announcement.parse(message).port, lastLines: output.lastLines, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    settled.abort();
  }
}

/** In the server's process: listens on a free port, tells it to the benchmark, and ends with it. */
export function announce(server: Server): void {
  server.listen(0, "127.0.0.1", () => {
    const address: AddressInfo | string | null = server.address();
    if (typeof address === "object" && address !== null) process.send?.({ port: address.port });
  });
  process.on("disconnect", () => process.exit());
}
