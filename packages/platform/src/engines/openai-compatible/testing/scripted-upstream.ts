import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** One request as it arrived. */
interface UpstreamCall {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** Parsed; undefined where there was none. */
  readonly body: unknown;
}

interface ScriptedUpstream {
  readonly origin: string;
  readonly calls: readonly UpstreamCall[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** A vendor's server: whatever is asked of it, it notes, and answers by script. */
export async function startScriptedUpstream(answer: (call: UpstreamCall, response: ServerResponse) => void): Promise<ScriptedUpstream> {
  const calls: UpstreamCall[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const call = { method, url, headers, body: text === "" ? undefined : JSON.parse(text) };
      calls.push(call);
      answer(call, response);
    });
  });
  server.on("connection", () => {
    connections++;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The upstream has no port.");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    calls,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The `data` of events, with the names that Anthropic gives them. */
export function sendEvents(response: ServerResponse, events: readonly object[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const frames = events.map((event) => `${"type" in event ? `event: ${String(event.type)}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
  response.end(frames.join(""));
}
