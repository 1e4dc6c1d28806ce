import { once } from "node:events";
import { createServer } from "node:net";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { type Check, type Finding, failed, ok } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { setSetting } from "../shell.ts";

export const listeningPort: readonly Check<DoctorContext>[] = [
  { name: "port", question: "Can the platform listen where it should?", run: checkPort },
];

const PORTS_TO_TRY = 100;
const FIRST_UNPRIVILEGED_PORT = 1_024;
const LAST_PORT = 65_535;

async function checkPort(context: DoctorContext): Promise<Finding> {
  const { config } = context;
  const { host, port } = config;
  const { sources } = config.settings;
  const instance = await context.instance();
  if (instance.kind === "running") {
    if (port === 0 || portOf(instance.baseUrl) === port) return ok(`the running platform listens at ${instance.baseUrl}`);
    const listens = `the running platform listens at ${instance.baseUrl}; port ${port} counts from its next start`;
    if ((await listenFailure(host, port)) === undefined) return ok(listens);
  }
  const failure = await listenFailure(host, port);
  if (failure === undefined) return ok(port === 0 ? "a free one is taken at the start" : `${host} port ${port} is free`);
  if (hasCode(failure, "EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN")) {
    return failed(`${host} is no address of this machine`, {
      why: "Listens for programs on this machine; 0.0.0.0 listens for all.",
      command: setSetting(sources, "server.host", "127.0.0.1"),
    });
  }
  const isPrivileged = hasCode(failure, "EACCES");
  if (!isPrivileged && !hasCode(failure, "EADDRINUSE")) throw failure;
  const free = await freePort(host, isPrivileged ? FIRST_UNPRIVILEGED_PORT : port + 1);
  return failed(isPrivileged ? `this user may not open port ${port}` : `another program listens on ${host} port ${port}`, {
    why: `Port ${free} is free.`,
    command: setSetting(sources, "server.port", String(free)),
  });
}

/** Listens for a moment. @returns what kept it from that. */
async function listenFailure(host: string, port: number): Promise<unknown> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

/** 0, which takes any, where none of the next ones is free. */
async function freePort(host: string, first: number): Promise<number> {
  for (let port = first; port < Math.min(first + PORTS_TO_TRY, LAST_PORT); port += 1) {
    if ((await listenFailure(host, port)) === undefined) return port;
  }
  return 0;
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
