import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The kernel counts CPU time in ticks of this many a second (100 on nearly every Linux). */
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** User and system time of all threads of a process since its start, in seconds; a tick is usually 10 ms, so measure over seconds. */
export function cpuSeconds(pid: number): number {
  const fields = statFields(pid);
  // proc_pid_stat(5): utime and stime are fields 14 and 15; here 0 is field 3.
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export interface Memory {
  readonly residentMb: number;
  /** The highest that it ever was. */
  readonly peakMb: number;
}

/** Megabytes are 10^6 bytes. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024) / 1e6;
  return { residentMb: read("VmRSS"), peakMb: read("VmHWM") };
}

/** Command lines of all processes below one. */
export function descendants(pid: number): { readonly pid: number; readonly command: readonly string[] }[] {
  const parents = new Map(runningPids().map((child) => [child, parentOf(child)]));
  const isBelow = (child: number): boolean => {
    const parent = parents.get(child);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).map((child) => ({ pid: child, command: readNullSeparated(`/proc/${child}/cmdline`) }));
}

export function environmentOf(pid: number): Record<string, string> {
  return Object.fromEntries(readNullSeparated(`/proc/${pid}/environ`).map((entry) => splitAtFirst(entry, "=")));
}

function runningPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Undefined for a process that has just ended. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    return undefined;
  }
}

/** From field 3 on: the name before it may contain anything, closing parentheses too. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function readNullSeparated(path: string): string[] {
  return readFileSync(path, "utf8").split("\0").slice(0, -1);
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
