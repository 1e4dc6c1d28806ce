import { once } from "node:events";
import { bearer } from "../../egress/bearer.ts";
import { inferenceEndpoints } from "../../endpoints/index.ts";
import { engineConformance } from "../../engine/testing/conformance.ts";
import { FrontDoor } from "../../http/front-door.ts";
import { createHttpServer } from "../../http/http-server.ts";
import { UNOBSERVED } from "../../http/testing/unobserved.ts";
import { serveClient } from "../../serving/testing/serve-client.ts";
import { startLlamaServer } from "../llamacpp/testing/start-llama-server.ts";
import { openaiCompatible } from "./openai-compatible.ts";

engineConformance("openai-compatible, on another Bonfire with real weights,", async () => {
  const server = await startLlamaServer();
  const serving = serveClient(() => server.supervisor.client);
  const door = new FrontDoor();
  await door.open(
    createHttpServer({
      endpoints: inferenceEndpoints(serving, 1),
      ...UNOBSERVED,
      bodyLimitBytes: 1_000_000,
      keepAliveMs: 15_000,
      shutdown: new AbortController().signal,
    }),
  );
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = openaiCompatible.connect({
    address: { kind: "url", url: `http://127.0.0.1:${port}/v1` },
    model: "m",
    credentials: bearer(undefined),
  });
  return {
    client,
    busy: async () => (await server.client.health(AbortSignal.timeout(10_000))).busySlots ?? 0,
    slots: server.slots,
    contextLength: server.contextLength,
    close: async () => {
      await client.close();
      await door.close();
      await server.close();
    },
  };
});
