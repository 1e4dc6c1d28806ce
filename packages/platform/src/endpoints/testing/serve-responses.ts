import { once } from "node:events";
import { ApiError } from "@bonfire/protocol/errors";
import { OpenAI } from "openai";
import type { Caller } from "../../access/caller.ts";
import { bearer } from "../../egress/bearer.ts";
import type { TokenizeRequest } from "../../engine/generation.ts";
import { type FakeReplica, FakeStream, type Script, startFakeReplica } from "../../engine/testing/fake-replica.ts";
import { openaiCompatible } from "../../engines/openai-compatible/openai-compatible.ts";
import { FrontDoor } from "../../http/front-door.ts";
import { createHttpServer } from "../../http/http-server.ts";
import { UNOBSERVED } from "../../http/testing/unobserved.ts";
import { BackgroundRuns } from "../../responses/background-runs.ts";
import { BackgroundStore } from "../../responses/background-store.ts";
import { ConversationStore } from "../../responses/conversation-store.ts";
import { ResponseStore } from "../../responses/response-store.ts";
import { FOREIGN, OWN, type ResponseDatabase, startResponseDatabase } from "../../responses/testing/response-database.ts";
import { serveClient } from "../../serving/testing/serve-client.ts";
import { responseEndpoints } from "../response-endpoints.ts";

const CALLERS: Readonly<Record<string, Caller>> = {
  own: { ...OWN, keyId: "key_own", keyName: "own", role: "inference" },
  foreign: { ...FOREIGN, keyId: "key_foreign", keyName: "foreign", role: "inference" },
};

export interface ResponsesApi {
  readonly url: string;
  readonly fake: FakeReplica;
  readonly postgres: ResponseDatabase;
  /** What tokens were counted of; each word is one. */
  readonly counted: readonly TokenizeRequest[];
  /** As an application has it, with the key of our project and of another one. */
  readonly client: OpenAI;
  readonly foreign: OpenAI;
  close(): Promise<void>;
}

/** The real edge and a real database in front of a scripted replica, whose context is 1,000 words. */
export async function serveResponses(): Promise<ResponsesApi> {
  const postgres = await startResponseDatabase();
  const fake = await startFakeReplica({ model: "m", contextLength: 1_000 });
  const connection = { address: { kind: "url" as const, url: fake.url }, model: "m", credentials: bearer(undefined) };
  const counted: TokenizeRequest[] = [];
  const engine = Object.assign(openaiCompatible.connect(connection), {
    tokenize: async (request: TokenizeRequest) => {
      counted.push(request);
      return wordsOf(request).map((_, index) => index);
    },
  });
  const shutdown = new AbortController();
  const { database } = postgres;
  const background = new BackgroundStore(database);
  const runs = new BackgroundRuns({ store: background, runnerId: "test", onFailure: () => undefined, shutdown: shutdown.signal });
  const parts = { background, runs, store: new ResponseStore({ database }), conversations: new ConversationStore({ database }) };
  const door = new FrontDoor();
  await door.open(
    createHttpServer({
      endpoints: responseEndpoints(
        serveClient(() => engine, { aliases: ["alias"] }),
        parts,
      ),
      authenticate: (secret) => {
        const caller = CALLERS[secret];
        if (caller === undefined) throw new ApiError("invalid_api_key", "Incorrect API key provided.");
        return caller;
      },
      ...UNOBSERVED,
      bodyLimitBytes: 100_000,
      keepAliveMs: 15_000,
      shutdown: shutdown.signal,
    }),
  );
  door.server.listen(0, "127.0.0.1");
  await once(door.server, "listening");
  const address = door.server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  const url = `http://127.0.0.1:${address.port}`;
  const client = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  return {
    ...{ url, fake, postgres, counted, client: client("own"), foreign: client("foreign") },
    close: async () => {
      shutdown.abort(new ApiError("shutting_down", "The server is shutting down."));
      door.server.closeAllConnections();
      await door.close();
      await runs.stop();
      await engine.close();
      await fake.close();
      await postgres.close();
    },
  };
}

function wordsOf({ prompt }: TokenizeRequest): string[] {
  if (prompt.kind !== "chat") return [];
  return prompt.messages.flatMap(({ content }) => (typeof content === "string" ? content.split(" ") : []));
}

/** Says one word and then waits until it is told to go on. */
export function pausing(): { script: Script; goOn: () => void } {
  let goOn = () => {};
  const pause = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const script: Script = async ({ path, response, hungUp }) => {
    const stream = new FakeStream(response, { path, model: "m" });
    stream.begin();
    stream.text(0, "word");
    await Promise.race([pause, new Promise((resolve) => hungUp.addEventListener("abort", resolve))]);
    if (hungUp.aborted) return;
    stream.text(0, " more");
    stream.finish(0, "stop");
    stream.usage({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 });
    stream.done();
  };
  return { script, goOn: () => goOn() };
}

/** Says one word and breaks off. */
export const breakingOff: Script = async ({ path, response }) => {
  const stream = new FakeStream(response, { path, model: "m" });
  stream.begin();
  stream.text(0, "word");
  await new Promise((resolve) => setImmediate(resolve));
  response.destroy();
};

export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const value of values) all.push(value);
  return all;
}
