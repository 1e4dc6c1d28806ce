// The yardstick's process: the least that a relay on the same libraries can do. It passes bytes on, with back-pressure and hang-up, and
// looks at nothing. Argument: the base URL of the replica, without a path.
import Fastify from "fastify";
import { Pool } from "undici";
import { announce } from "../processes/helper-server.ts";

const PASSED_HEADERS = ["content-type", "content-length", "cache-control"];

const pool = new Pool(process.argv[2] ?? "");
const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));

app.post<{ Body: Buffer }>("/v1/chat/completions", async (request, reply) => {
  const upstream = await pool.request({
    path: "/v1/chat/completions",
    method: "POST",
    headers: { "content-type": "application/json" },
    body: request.body,
  });
  reply.hijack();
  const { raw } = reply;
  const { body } = upstream;
  raw.writeHead(
    upstream.statusCode,
    Object.fromEntries(Object.entries(upstream.headers).filter(([name, value]) => value !== undefined && PASSED_HEADERS.includes(name))),
  );
  body.on("data", (piece) => {
    if (raw.write(piece)) return;
    body.pause();
    raw.once("drain", () => body.resume());
  });
  body.on("end", () => raw.end());
  body.on("error", () => raw.destroy());
  raw.on("close", () => {
    if (!raw.writableFinished) body.destroy();
  });
});

await app.ready();
announce(app.server);
