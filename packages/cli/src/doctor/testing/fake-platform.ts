import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * A process that holds the operator's socket of a home as a platform does: bound under a name with its process id, then linked. It answers
 * the status with `answer`, in which `pid` becomes its own; a model in it that failed is ready once it is asked to load. Without an answer
 * it never says a word.
 */
export async function startFakePlatform(home: string, answer?: Readonly<Record<string, unknown>>): Promise<ChildProcess> {
  await mkdir(join(home, "run"), { mode: 0o700 });
  const child = spawn(process.execPath, ["-e", PROGRAM, join(home, "run", "admin.sock"), JSON.stringify(answer ?? null)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

const PROGRAM = `
const { linkSync, unlinkSync } = require("node:fs");
const [socket, answer] = [process.argv[1], JSON.parse(process.argv[2])];
const status = answer && { ...answer, pid: process.pid };
const server = require("node:http").createServer((request, response) => {
  if (status === null) return;
  const isLoad = request.url === "/admin/v1/models/load";
  if (isLoad) for (const model of status.models) Object.assign(model, { state: "ready", reason: null });
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(isLoad ? status.models[0] : status));
});
const own = socket + "." + process.pid;
server.listen(own, () => {
  linkSync(own, socket);
  unlinkSync(own);
  process.stdout.write("listening");
});
`;
