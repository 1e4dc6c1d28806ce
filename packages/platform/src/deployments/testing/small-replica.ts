import { type LaunchPlan, type MemoryBytes, PLACEHOLDER } from "../../engine/engine.ts";
import { openaiCompatible } from "../../engines/openai-compatible/openai-compatible.ts";
import type { LocalDeployment } from "../local-deployment.ts";

/** A server on the socket of its plan, with the key of its plan; it tells its pid as a model's name. */
export const SERVER = `
  const http = require("http"), [socket] = process.argv.slice(1);
  http.createServer((request, response) => {
    const right = request.headers.authorization === "Bearer " + process.env.KEY;
    response.writeHead(right ? 200 : 401, { "content-type": "application/json" });
    response.end(right ? JSON.stringify({ data: [{ id: "pid-" + process.pid }] }) : '{"error":"no"}');
  }).listen(socket);`;

/** The same, but it ends soon after it was ready. */
export const CRASHING = `${SERVER} setTimeout(() => { console.error("broken"); process.exit(3); }, 150)`;

/** Runs, and never answers. */
export const SILENT = "setInterval(() => {}, 1000)";

/** A plan for a small Node program instead of an engine. */
export function planFor(script: string, plan: Partial<LaunchPlan> = {}): LaunchPlan {
  return {
    command: process.execPath,
    args: ["-e", script, PLACEHOLDER.socketPath],
    env: { KEY: PLACEHOLDER.secret },
    slots: 1,
    contextLength: 100,
    gpuLayers: 0,
    weightsBytes: 0,
    memory: { ramBytes: 0, vramBytes: 0 },
    ...plan,
  };
}

interface SmallModel extends Partial<Omit<LocalDeployment, "plan">> {
  readonly script?: string;
  readonly ramBytes?: number;
}

/** A model that takes so much memory whatever the budget is. */
export function smallModel(id: string, { script = SERVER, ramBytes = 1, ...deployment }: SmallModel = {}): LocalDeployment {
  const memory: MemoryBytes = { ramBytes, vramBytes: 0 };
  return { id, engine: openaiCompatible, plan: () => planFor(script, { memory }), ...deployment };
}
