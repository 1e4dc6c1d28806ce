import { join } from "node:path";
import { loadConfig } from "@bonfire/platform/config";
import { ADMIN_SOCKET } from "@bonfire/platform/processes/admin-socket";
import { socketDirectory } from "@bonfire/platform/processes/socket-directory";
import { errorBody } from "@bonfire/protocol/error-body";
import { Agent, request } from "undici";
import type { z } from "zod";
import { CliError, EXIT } from "./exit.ts";

export interface Connection {
  readonly url?: string;
  readonly adminKey?: string;
}

/** Calls `/admin/v1` of a running platform: on this machine through its socket, elsewhere with an admin key. @throws CliError */
export async function callAdmin<Output>(
  { method, path, body, answer }: { method: "GET" | "POST" | "DELETE"; path: string; body?: unknown; answer: z.ZodType<Output> },
  connection: Connection,
): Promise<Output> {
  const { origin, agent, headers, where } = openConnection(connection);
  try {
    const response = await request(new URL(`/admin/v1${path}`, origin), {
      method,
      dispatcher: agent,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      body: body === undefined ? null : JSON.stringify(body),
    }).catch((cause: unknown) => {
      throw new CliError(`No platform answers at ${where}. Start one with \`npm start\`.`, EXIT.unreachable, cause);
    });
    const text = await response.body.text();
    const json = parseJson(text);
    if (response.statusCode >= 400) {
      const failure = errorBody.safeParse(json);
      throw new CliError(failure.success ? failure.data.error.message : `${where} answered with status ${response.statusCode}.`);
    }
    const parsed = answer.safeParse(json);
    if (!parsed.success) throw new CliError(`${where} gave an answer that this version cannot read.`, EXIT.failed, parsed.error);
    return parsed.data;
  } finally {
    await agent.close();
  }
}

function openConnection({ url, adminKey }: Connection): { origin: string; agent: Agent; headers: Record<string, string>; where: string } {
  if (url === undefined) {
    const { home } = loadConfig(process.env);
    const socketPath = join(socketDirectory(home), ADMIN_SOCKET);
    return { origin: "http://operator", agent: new Agent({ connect: { socketPath } }), headers: {}, where: home };
  }
  if (!URL.canParse(url)) throw new CliError(`--url ${url} is no URL; it looks like http://10.0.0.5:8080.`, EXIT.usage);
  const key = adminKey ?? process.env.BONFIRE_ADMIN_KEY;
  if (key === undefined || key === "") throw new CliError("With --url an admin key is needed: set BONFIRE_ADMIN_KEY.", EXIT.usage);
  return { origin: url, agent: new Agent(), headers: { authorization: `Bearer ${key}` }, where: url };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
