import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { z } from "zod";
import { processesNaming } from "../processes.ts";

/** A platform's own llama.cpp server as any server of that kind is met: at an address, behind a key. */
export interface EngineDoor {
  readonly port: number;
  /** As an upstream's base URL. */
  readonly url: string;
  readonly key: string;
  /** How many of its slots compute. */
  busySlots(): Promise<number>;
  close(): void;
}

const listening = z.object({ port: z.int() });
const slots = z.array(z.object({ is_processing: z.boolean() }));

/** Opens the door of the engine that a running platform has started: its weights are loaded once. @throws where there is not exactly one. */
export async function openEngineDoor(home: string): Promise<EngineDoor> {
  const { socketPath, key } = findEngine(home);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const engine = connect({ path: socketPath });
    for (const [one, other] of [[client, engine] as const, [engine, client] as const]) {
      sockets.add(one);
      one.pipe(other);
      // Each end learns of it when the other one is gone.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = listening.parse(server.address());
  const url = `http://127.0.0.1:${port}/v1`;
  return {
    ...{ port, url, key },
    busySlots: async () => {
      const response = await fetch(new URL("/slots", url), { headers: { authorization: `Bearer ${key}`, connection: "close" } });
      return slots.parse(await response.json()).filter(({ is_processing }) => is_processing).length;
    },
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The kernel knows how it was started, whatever code did that. */
function findEngine(home: string): { readonly socketPath: string; readonly key: string } {
  const engines = processesNaming(home).flatMap((pid) => {
    const command = readNullSeparated(`/proc/${pid}/cmdline`);
    const socketPath = command[command.indexOf("--host") + 1];
    const key = readNullSeparated(`/proc/${pid}/environ`)
      .find((entry) => entry.startsWith(KEY))
      ?.slice(KEY.length);
    return command.includes("--model") && socketPath !== undefined && key !== undefined ? [{ socketPath, key }] : [];
  });
  const [engine] = engines;
  if (engine === undefined || engines.length > 1)
    throw new Error(`The platform in ${home} runs ${engines.length} engines; one was expected.`);
  return engine;
}

const KEY = "LLAMA_API_KEY=";

function readNullSeparated(path: string): readonly string[] {
  return readFileSync(path, "utf8").split("\0");
}
