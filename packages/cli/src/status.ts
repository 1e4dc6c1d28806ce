import { platformStatus } from "@bonfire/protocol/status";
import { callAdmin } from "./admin-client.ts";
import type { Connection } from "./platform-connection.ts";
import { statusScreen } from "./status-screen.ts";
import { paintFor, print, printJson } from "./terminal-text.ts";

export async function status(options: Connection & { readonly json?: boolean }): Promise<void> {
  const found = await callAdmin({ method: "GET", path: "/status", answer: platformStatus }, options);
  if (options.json === true) return printJson(found);
  print(statusScreen(found, { now: Date.now() / 1_000, paint: paintFor(process.stdout) }));
}
