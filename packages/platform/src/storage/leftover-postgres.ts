import { chown, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../processes/error-code.ts";
import { runCommand } from "../processes/run-command.ts";

const POLL_MS = 20;
/** How long each way to ask has before the next one, rudest last. All of them keep what was committed. */
const STOP_SIGNALS = [
  { signal: "SIGINT", patienceMs: 10_000 },
  { signal: "SIGQUIT", patienceMs: 7_000 },
] as const;
/** Above what any kernel gives to a process. */
const NO_PROCESS = 2 ** 31 - 1;

/** Who has the process id that a lock file names. */
type Holder = "nobody" | "our-server" | "stranger";

/**
 * Ends the server that an earlier run left on the data, and waits until it is gone. Where the process id in its lock file belongs to a
 * stranger by now, the file is changed so that PostgreSQL does not take the stranger for a server.
 * @param lockFiles the pid file in the data and the one beside the socket.
 * @throws Error when that server does not end.
 */
export async function endLeftoverPostgres(data: string, lockFiles: readonly string[], log: (line: string) => void): Promise<void> {
  for (const lockFile of lockFiles) {
    const pid = await lockHolder(lockFile);
    if (pid === undefined) continue;
    const holder = await identify(pid, data);
    if (holder === "our-server") {
      log(`Ending the PostgreSQL that an earlier run left (process ${pid}).`);
      await endPostgres(pid, data);
    }
    if (holder === "stranger") await disown(lockFile, pid);
  }
}

export function pidFile(data: string): string {
  return join(data, "postmaster.pid");
}

/** The process id of the postmaster, which is the first line of the file. */
export async function lockHolder(lockFile: string): Promise<number | undefined> {
  const text = await readFile(lockFile, "utf8").catch(() => "");
  const pid = Number.parseInt(text, 10);
  return pid > 1 ? pid : undefined;
}

/**
 * Asks the server to stop and waits until it is gone. Does nothing where the process id belongs to nobody or to a stranger.
 * @throws Error when it does not end.
 */
export async function endPostgres(pid: number, data: string): Promise<void> {
  for (const { signal, patienceMs } of STOP_SIGNALS) {
    const deadline = performance.now() + patienceMs;
    // Asked anew each time, so that the signal never goes to whoever gets the process id next.
    for (let isSent = false; ; isSent = true) {
      if ((await identify(pid, data)) !== "our-server") return;
      if (!isSent) sendSignal(pid, signal);
      if (performance.now() > deadline) break;
      await delay(POLL_MS);
    }
  }
  throw new Error(`The PostgreSQL on ${data} does not end: look at process ${pid}.`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone in the meantime.
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

/**
 * Replaces the process id in a lock file by one that nobody has. The file itself stays: its shared memory key keeps PostgreSQL from
 * starting while a session of the dead server still writes.
 */
async function disown(lockFile: string, pid: number): Promise<void> {
  const text = await readFile(lockFile, "utf8").catch(() => "");
  if (Number.parseInt(text, 10) !== pid) return;
  const found = await stat(lockFile).catch(() => undefined);
  if (found === undefined) return;
  const changed = `${lockFile}.${process.pid}`;
  await rm(changed, { force: true });
  await writeFile(changed, text.replace(/^\d+/, String(NO_PROCESS)), { mode: found.mode & 0o777 });
  await chown(changed, found.uid, found.gid);
  await rename(changed, lockFile);
}

async function identify(pid: number, data: string): Promise<Holder> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return "nobody";
  }
  const isOurs = process.platform === "linux" ? await servesOnLinux(pid, data) : await servesByPs(pid, data);
  return isOurs ? "our-server" : "stranger";
}

/** A zombie, which an init that does not reap leaves, has no command line. */
async function servesOnLinux(pid: number, data: string): Promise<boolean> {
  try {
    const [program, ...args] = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    if (basename(program ?? "") !== "postgres" || args[0] !== "-D" || args[1] !== data) return false;
    // The same path may be another folder in another container. Root without CAP_SYS_PTRACE cannot look, and has to believe the path.
    const [working, own] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => undefined), stat(data)]);
    return working === undefined || (working.dev === own.dev && working.ino === own.ino);
  } catch {
    return false;
  }
}

async function servesByPs(pid: number, data: string): Promise<boolean> {
  const lines: string[] = [];
  try {
    await runCommand({ command: "/bin/ps", args: ["-ww", "-o", "command=", "-p", String(pid)], environment: {} }, (line) =>
      lines.push(line),
    );
  } catch {
    return false;
  }
  return lines.some((line) => line.includes("postgres") && line.includes(` -D ${data} `));
}
