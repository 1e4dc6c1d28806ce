import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a process prints goes to a file: nothing blocks, and nothing mixes with the tables. */
export interface OutputFile {
  /** For the process that writes; to be closed here once that has been started. */
  readonly descriptor: number;
  lastLines(): string;
  closeHere(): void;
  remove(): void;
}

const QUOTED_LINES = 20;

export function openOutputFile(): OutputFile {
  const folder = mkdtempSync(join(tmpdir(), "bonfire-bench-"));
  const path = join(folder, "output");
  const descriptor = openSync(path, "w");
  return {
    descriptor,
    lastLines: () => readFileSync(path, "utf8").trimEnd().split("\n").slice(-QUOTED_LINES).join("\n"),
    closeHere: () => closeSync(descriptor),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
