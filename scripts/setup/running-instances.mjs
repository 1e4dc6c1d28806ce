// `bonfire up` registers itself as `.setup/running/<pid>`, with the path of its home as the content: what it loads from node_modules and dist
// must not change under it.
import fs from "node:fs";
import path from "node:path";
import { isWriterAlive } from "./live-process.mjs";

/** `{ pid, home }` of each that lives; the files of dead ones are removed. */
export function runningInstances(clone) {
  const folder = path.join(clone, ".setup", "running");
  const instances = [];
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const file = path.join(folder, name);
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (isWriterAlive(pid, file)) instances.push({ pid, home: fs.readFileSync(file, "utf8").trim() });
    else fs.rmSync(file, { force: true });
  }
  return instances;
}
