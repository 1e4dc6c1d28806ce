import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The clone that this program was built in; the same place seen from `src/` and from `dist/`. */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Tells the set-up script of this clone that its build is in use, so that nothing is replaced under a running program. Outside a clone
 * there is nothing to tell. @returns the function that takes it back.
 */
export function registerInstance(home: string): () => void {
  if (!existsSync(join(ROOT, "scripts", "setup.mjs"))) return () => undefined;
  const directory = join(ROOT, ".setup", "running");
  const file = join(directory, String(process.pid));
  try {
    mkdirSync(directory, { recursive: true });
    writeFileSync(file, home);
  } catch {
    // A clone that this user may read but not write cannot be rebuilt by them either.
    return () => undefined;
  }
  return () => rmSync(file, { force: true });
}
