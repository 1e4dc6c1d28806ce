import { once } from "node:events";
import { WebSocket } from "undici";
import { z } from "zod";
import { until } from "./until.ts";

interface NodeProcess {
  readonly pid: number;
  /** The last lines that it printed. */
  lastLines(): string;
}

/** A Node process that is started with these opens its inspector, on a free port of this machine, when it gets SIGUSR1. */
export const INSPECTABLE = ["--inspect-port=127.0.0.1:0"];

const reply = z.object({ id: z.int(), result: z.unknown() });
const evaluated = z.object({ result: z.object({ value: z.number() }) });
const EVALUATE_LIVE_BYTES = {
  expression: "(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())",
  returnByValue: true,
};

/** Asks a process for what it really holds: resident memory says mostly when garbage was collected last. */
export class LiveMemory {
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open({ pid, lastLines }: NodeProcess): Promise<LiveMemory> {
    const findUrl = () => /ws:\/\/127\.0\.0\.1:\S+/.exec(lastLines())?.[0];
    process.kill(pid, "SIGUSR1");
    await until("The inspector's address", () => findUrl() !== undefined);
    const socket = new WebSocket(findUrl() ?? "");
    await once(socket, "open");
    return new LiveMemory(socket);
  }

  /** Bytes on the heap and in buffers outside of it, garbage excluded. */
  async bytes(): Promise<number> {
    // What a first collection finalizes, only a second one frees.
    for (let round = 0; round < 2; round++) await this.#call("HeapProfiler.collectGarbage", {});
    return evaluated.parse(await this.#call("Runtime.evaluate", EVALUATE_LIVE_BYTES)).result.value;
  }

  close(): void {
    this.#socket.close();
  }

  async #call(method: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.#lastId++;
    const id = this.#lastId;
    const answer = new Promise<unknown>((resolve) => {
      const listen = ({ data }: { readonly data: unknown }) => {
        const message = reply.safeParse(JSON.parse(String(data)));
        if (!message.success || message.data.id !== id) return;
        this.#socket.removeEventListener("message", listen);
        resolve(message.data.result);
      };
      this.#socket.addEventListener("message", listen);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }
}
