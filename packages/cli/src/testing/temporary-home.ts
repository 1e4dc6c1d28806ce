import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A home of its own for one test, removed with it. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), "bonfire-cli-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return home;
}
