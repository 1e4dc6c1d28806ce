import { once } from "node:events";
import { KeySnapshot } from "../../access/key-snapshot.ts";
import { KeyStore } from "../../access/key-store.ts";
import { AliasStore } from "../../aliases/alias-store.ts";
import { bearer } from "../../egress/bearer.ts";
import { putAlias } from "../../endpoints/aliases.ts";
import { inferenceEndpoints } from "../../endpoints/index.ts";
import { createKey } from "../../endpoints/keys.ts";
import { responseEndpoints } from "../../endpoints/response-endpoints.ts";
import { startFakeReplica } from "../../engine/testing/fake-replica.ts";
import { openaiCompatible } from "../../engines/openai-compatible/openai-compatible.ts";
import { IMAGE_LIMITS } from "../../images/image-limits.ts";
import { ImageLoader } from "../../images/image-loader.ts";
import { loadRequestImages } from "../../images/load-request-images.ts";
import { BackgroundRuns } from "../../responses/background-runs.ts";
import { BackgroundStore } from "../../responses/background-store.ts";
import { ConversationStore } from "../../responses/conversation-store.ts";
import { ResponseStore } from "../../responses/response-store.ts";
import { OWN, startResponseDatabase } from "../../responses/testing/response-database.ts";
import { ModelDirectory } from "../../serving/model-directory.ts";
import { serveClient } from "../../serving/testing/serve-client.ts";
import { FrontDoor } from "../front-door.ts";
import { createHttpServer } from "../http-server.ts";
import { UNOBSERVED } from "./unobserved.ts";

/** Short, so that what asks for as much as fits is answered soon. */
const CONTEXT_LENGTH = 60;

interface Everything {
  readonly url: string;
  close(): Promise<void>;
}

/** Every endpoint that takes a body, on a real database and in front of a scripted replica; any key is an administrator's. */
export async function serveEverything(): Promise<Everything> {
  const postgres = await startResponseDatabase();
  const { database } = postgres;
  const fake = await startFakeReplica({ model: "m", contextLength: CONTEXT_LENGTH });
  const connection = { address: { kind: "url" as const, url: fake.url }, model: "m", credentials: bearer(undefined) };
  const engine = Object.assign(openaiCompatible.connect(connection), { tokenize: async () => [1, 2], detokenize: async () => "one two" });
  const images = new ImageLoader({ fetch: undefined, limits: IMAGE_LIMITS });
  const serving = serveClient(() => engine, {
    aliases: ["alias"],
    loadImages: (requests, stop) => loadRequestImages(images, requests, stop),
  });
  const shutdown = new AbortController();
  const background = new BackgroundStore(database);
  const runs = new BackgroundRuns({ store: background, runnerId: "test", onFailure: () => undefined, shutdown: shutdown.signal });
  const parts = { background, runs, store: new ResponseStore({ database }), conversations: new ConversationStore({ database }) };
  const keys = new KeyStore(database);
  const aliases = { entries: new Map<string, string>(), refresh: async () => undefined };
  const directory = new ModelDirectory();
  const door = new FrontDoor();
  await door.open(
    createHttpServer({
      endpoints: [
        ...inferenceEndpoints(serving, 1),
        ...responseEndpoints(serving, parts),
        createKey({ store: keys, snapshot: new KeySnapshot(keys, () => undefined) }),
        putAlias({ store: new AliasStore(database), snapshot: aliases, directory, models: { list: async () => [] } }),
      ],
      authenticate: () => ({ ...OWN, keyId: "key_own", keyName: "own", role: "admin" }),
      ...UNOBSERVED,
      bodyLimitBytes: 50 * 2 ** 20,
      keepAliveMs: 15_000,
      shutdown: shutdown.signal,
    }),
  );
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      shutdown.abort();
      door.server.closeAllConnections();
      await door.close();
      await runs.stop();
      await engine.close();
      await fake.close();
      await postgres.close();
    },
  };
}
