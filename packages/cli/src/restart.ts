import { restart } from "@bonfire/protocol/restart";
import { callAdmin } from "./admin-client.ts";
import type { Connection } from "./platform-connection.ts";
import { print, printJson } from "./terminal-text.ts";

/** Replaces the workers of a running platform one by one: no request fails of it. */
export async function restartWorkers(options: Connection & { readonly json?: boolean }): Promise<void> {
  const result = await callAdmin({ method: "POST", path: "/restart", body: {}, answer: restart, patient: true }, options);
  if (options.json === true) return printJson(result);
  const count = result.workers === 1 ? "One worker is" : `${result.workers} workers are`;
  print(`${count} replaced, one after the other; requests that run end in the old ones.`);
}
