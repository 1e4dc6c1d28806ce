import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A process, told apart from a later one with the same id by when it began. */
interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

interface Stat extends ProcessIdentity {
  readonly parent: number;
  readonly isZombie: boolean;
}

/** A process and all its descendants. */
export function processTree(root: number): ProcessIdentity[] {
  const all = processes();
  const tree = all.filter(({ pid }) => pid === root);
  // Grows while it is walked.
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

/** Those that have not ended. One that only waits to be collected by its parent has. */
export function stillRunning(identities: readonly ProcessIdentity[]): ProcessIdentity[] {
  const all = processes();
  return identities.filter(({ pid, startedAt }) => all.some((now) => now.pid === pid && now.startedAt === startedAt));
}

/** Processes with a text, such as the path of a home, in their command lines. */
export function processesNaming(text: string): number[] {
  return processes()
    .filter(({ pid }) => read(`/proc/${pid}/cmdline`).includes(text))
    .map(({ pid }) => pid);
}

function processes(): Stat[] {
  if (!existsSync("/proc/self/stat")) throw new Error("These tests look at processes through /proc, which this system does not have.");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => parseStat(read(`/proc/${name}/stat`)))
    .filter((stat) => stat !== undefined)
    .filter(({ isZombie }) => !isZombie);
}

/** proc(5): the name of the program, in parentheses, may hold anything. */
function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, startedAt] = [fields[0], fields[1], fields[19]];
  if (startedAt === undefined) return undefined;
  return { pid: Number.parseInt(text, 10), parent: Number(parent), startedAt, isZombie: state === "Z" || state === "X" };
}

/** Empty for a process that has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
