import { closeSync, openSync, writeSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { FakeStream, sendJson } from "../../packages/platform/src/engine/testing/fake-stream.ts";
import { MODEL, WORD_MS, WORDS } from "./replica-answer.ts";

/*
 * A replica in a process of its own, which can be killed. It notes the id of each request in a file before anything else: what was written stays
 * when the process dies. Arguments: the file, the port (0: any). It prints its port, and ends with its standard input.
 */
const [, , file = "", port = "0"] = process.argv;
const log = openSync(file, "a");
process.stdin.resume();
process.stdin.once("end", () => {
  closeSync(log);
  process.exit();
});

const server = createServer((request, response) => {
  if (request.method === "GET") {
    sendJson(response, 200, { object: "list", data: [{ id: MODEL, object: "model", created: 0, owned_by: "replica" }] });
    return;
  }
  writeSync(log, `${request.headers["x-request-id"]}\n`);
  request.resume();
  request.once("end", () => void answer(request.url ?? "", response));
});

async function answer(path: string, response: ServerResponse): Promise<void> {
  const stream = new FakeStream(response, { path, model: MODEL });
  stream.begin();
  stream.role(0);
  for (const word of WORDS) {
    await delay(WORD_MS);
    if (response.destroyed) return;
    stream.text(0, word);
  }
  stream.finish(0, "stop");
  stream.usage({ prompt_tokens: 1, completion_tokens: WORDS.length, total_tokens: 1 + WORDS.length });
  stream.done();
}

server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(address.port);
});
