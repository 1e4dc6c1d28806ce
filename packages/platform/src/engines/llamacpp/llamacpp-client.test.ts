import { createServer, type Server } from "node:http";
import { bearer } from "@bonfire/platform/egress/bearer";
import { afterEach, describe, expect, it } from "vitest";
import { foldGeneration } from "../../engine/fold-generation.ts";
import type { GenerateRequest } from "../../engine/generation.ts";
import { LlamacppClient } from "./llamacpp-client.ts";

/** A server that takes prompts and then says nothing more, while it is healthy. */
async function startStuckServer(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    if (request.url === "/tokenize") response.end(JSON.stringify({ tokens: [1, 2] }));
    else if (request.url === "/slots") response.end(JSON.stringify([{ is_processing: true }]));
    else response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It has no port.");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

const REQUEST: GenerateRequest = { prompt: { kind: "text", text: "Hi" }, choices: 1, stop: [] };

describe("LlamacppClient", () => {
  const closers: (() => void)[] = [];
  afterEach(() => {
    for (const close of closers.splice(0)) close();
  });

  async function connect() {
    const { server, url } = await startStuckServer();
    const credentials = bearer(undefined);
    const client = new LlamacppClient({ address: { kind: "url", url }, model: "m", credentials }, { tokenDeadlineMs: 100 });
    closers.push(() => {
      void client.close();
      server.closeAllConnections();
      server.close();
    });
    return client;
  }

  it("gives up a server that makes no token of an answer that a grammar binds, and no longer calls it healthy", async () => {
    const client = await connect();
    expect(await client.health(AbortSignal.timeout(5_000))).toMatchObject({ state: "ready" });
    const format = { kind: "regex", pattern: "a", param: "response_format" } as const;
    const bound = foldGeneration(client.generate({ ...REQUEST, format }, AbortSignal.timeout(20_000)));
    await expect(bound).rejects.toMatchObject({ kind: "timeout" });
    await expect(client.health(AbortSignal.timeout(5_000))).rejects.toMatchObject({ kind: "timeout" });
    expect(await client.lost).toContain("stuck");
  });

  it("waits longer for an answer that is free", async () => {
    const client = await connect();
    const abort = new AbortController();
    const free = foldGeneration(client.generate(REQUEST, abort.signal));
    setTimeout(() => abort.abort(new Error("no longer wanted")), 300);
    await expect(free).rejects.toThrow("no longer wanted");
    expect(await client.health(AbortSignal.timeout(5_000))).toMatchObject({ state: "ready" });
  });
});
