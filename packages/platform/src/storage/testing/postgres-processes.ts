import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../engine/testing/until.ts";

/** The process id of the server on an embedded database's directory. */
export async function postmasterOf(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, "data", "postmaster.pid"), "utf8"), 10);
}

/** Kills the parent of a server alone: the server goes on without it. */
export async function killShimOf(postmaster: number): Promise<void> {
  const shim = await parentOf(postmaster);
  const command = await readFile(`/proc/${shim}/cmdline`, "utf8");
  if (!command.includes("shim.mjs")) throw new Error(`The parent of process ${postmaster} is no shim: ${command}`);
  process.kill(shim, "SIGKILL");
  await until(async () => (await parentOf(postmaster)) !== shim);
}

/** Whether a process is there; one that is only waiting to be reaped is not. */
export async function isRunning(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")) !== "";
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}
