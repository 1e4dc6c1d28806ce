import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN_SOCKET } from "@bonfire/platform/processes/admin-socket";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { socketDirectory } from "@bonfire/platform/processes/socket-directory";
import { type PlatformStatus, platformStatus } from "@bonfire/protocol/status";
import { Agent, request } from "undici";
import { z } from "zod";

/** What stands behind the operator's socket of a home. */
export type Instance =
  | { readonly kind: "stopped"; readonly socketPath: string; readonly leftSocket: boolean }
  /** Something holds the socket and says nothing, or nothing that can be understood. */
  | { readonly kind: "unclear"; readonly socketPath: string; readonly reason: string; readonly pid: number | undefined }
  | {
      readonly kind: "running";
      readonly socketPath: string;
      readonly version: string;
      readonly pid: number;
      /** With `/v1`. */
      readonly baseUrl: string;
      /** Undefined where another version says it in another way. */
      readonly status: PlatformStatus | undefined;
    };

/** What every version says. */
const identity = z.object({ version: z.string(), pid: z.int(), base_url: z.url() });

const ANSWER_TIMEOUT_MS = 2_000;

/** Asks the platform of that home who it is. Rejects never. */
export async function askInstance(home: string): Promise<Instance> {
  const socketPath = join(socketDirectory(home), ADMIN_SOCKET);
  const agent = new Agent({ connect: { socketPath, timeout: ANSWER_TIMEOUT_MS } });
  const unclear = async (reason: string): Promise<Instance> => ({ kind: "unclear", socketPath, reason, pid: await listenerOf(socketPath) });
  try {
    const { statusCode, body } = await request("http://operator/admin/v1/status", {
      dispatcher: agent,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const text = await body.text();
    if (statusCode !== 200) return await unclear(`it answers with status ${statusCode}`);
    const json: unknown = JSON.parse(text);
    const { version, pid, base_url } = identity.parse(json);
    return { kind: "running", socketPath, version, pid, baseUrl: base_url, status: platformStatus.safeParse(json).data };
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return { kind: "stopped", socketPath, leftSocket: false };
    if (hasCode(error, "ECONNREFUSED")) return { kind: "stopped", socketPath, leftSocket: true };
    if (hasCode(error, "EACCES")) return await unclear("this user may not open it");
    return await unclear(error instanceof Error && error.name === "TimeoutError" ? "it does not answer" : "its answer makes no sense");
  } finally {
    await agent.destroy();
  }
}

/** The platform binds its socket under a name that ends with its process id, which the kernel remembers; elsewhere nothing tells. */
async function listenerOf(socketPath: string): Promise<number | undefined> {
  const sockets = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const bound = sockets
    .split("\n")
    .map((line) => line.slice(line.indexOf("/")))
    .find((path) => path.startsWith(`${socketPath}.`));
  const pid = Number(bound?.slice(socketPath.length + 1));
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}
