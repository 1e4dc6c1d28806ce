import { homedir, totalmem } from "node:os";
import { join } from "node:path";
import { usableMemory } from "@bonfire/platform/hardware/detect-hardware";
import { freeDiskBytes } from "@bonfire/platform/models/artifact-sources";

/** Facts about this machine and this process. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  /** Effective user id. */
  readonly uid: number;
  /** `20.19.2` */
  readonly nodeVersion: string;
  /** Main memory of the machine, or of its container where that has less. */
  readonly memoryBytes: number;
  /** Main memory that this process could still get, in bytes. */
  readonly availableMemoryBytes: number;
  /** Hard limit on open files; Node raises the soft one to it. Undefined where there is none. */
  readonly maxOpenFiles: number | undefined;
  /** Where else data may be kept, best first. */
  readonly storagePlaces: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Bytes that this user may still write on the disk of a folder that exists. */
  readonly freeDiskBytes: (folder: string) => Promise<number>;
}

export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.geteuid?.() ?? -1,
    nodeVersion: process.versions.node,
    memoryBytes: usableMemory(totalmem(), process.constrainedMemory()),
    availableMemoryBytes: process.availableMemory(),
    maxOpenFiles: maxOpenFiles(),
    storagePlaces: [join(homedir(), ".local", "share"), "/var/lib", "/var/tmp", "/mnt", "/tmp"],
    now: Date.now,
    freeDiskBytes,
  };
}

function maxOpenFiles(): number | undefined {
  // The report would look up the names of its open connections' peers, which may take seconds.
  const report = Object.assign(process.report, { excludeNetwork: true });
  const limits: unknown = Object(report.getReport()).userLimits;
  const hard: unknown = Object(Object(limits).open_files).hard;
  return hard === "unlimited" || hard === undefined || !Number.isFinite(Number(hard)) ? undefined : Number(hard);
}
