import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { SseFrame, SseFrameIterator } from "@bonfire/protocol/sse";
import { describe, expect, it } from "vitest";
import { writeEventStream } from "./event-stream.ts";

/** Frames that come in groups: those of one group together. */
function framesIn(groups: readonly (readonly string[])[]): AsyncIterable<SseFrame> {
  const left = groups.map((group) => group.map((data): SseFrame => ({ data })));
  const iterator: SseFrameIterator = {
    next: async () => {
      while (left[0]?.length === 0) left.shift();
      const value = left[0]?.shift();
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    ready: () => left[0]?.shift(),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** What a client reads, and how many writes of the server it took. */
async function stream(frames: AsyncIterable<SseFrame>): Promise<{ text: string; writes: string[] }> {
  const writes: string[] = [];
  const answer = async (response: ServerResponse): Promise<void> => {
    const write = response.write.bind(response);
    response.write = (chunk: unknown) => {
      writes.push(String(chunk));
      return write(chunk);
    };
    const { signal } = new AbortController();
    await writeEventStream(response, frames, {
      ...{ headers: () => ({}), keepAliveMs: 60_000, onBegin: () => undefined, describeFailure: () => undefined, signal },
    });
  };
  const server = createServer((_, response) => void answer(response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server does not listen on a port.");
  const text = await (await fetch(`http://127.0.0.1:${address.port}/`)).text();
  server.close();
  return { text, writes };
}

describe("an event stream", () => {
  it("writes frames that have come together at once, and others apart", async () => {
    const { text, writes } = await stream(framesIn([["a"], ["b", "c", "d"], ["e"]]));
    expect(writes).toEqual(["data: a\n\n", "data: b\n\ndata: c\n\ndata: d\n\n", "data: e\n\n"]);
    expect(text).toBe(writes.join(""));
  });

  it("splits no frame over two writes, however many have come together", async () => {
    const group = Array.from({ length: 100 }, (_, index) => String(index).padEnd(1_000, "."));
    const { text, writes } = await stream(framesIn([group]));
    expect(writes.length).toBeGreaterThan(3);
    for (const written of writes) expect(written).toMatch(/^data: .*\n\n$/s);
    expect(text).toBe(group.map((data) => `data: ${data}\n\n`).join(""));
  });
});
