// `bonfire up` registers itself as `.setup/running/<pid>`, with the path of its home as the content: what it loads from node_modules and dist
// must not change under it.
import fs from "node:fs";
import path from "node:path";
import { isWriterAlive } from "./live-process.mjs";

/** `{ pid, home }` of each that lives. */
export function runningInstances(clone) {
  return registered(clone)
    .filter(({ isAlive }) => isAlive)
    .map(({ pid, file }) => ({ pid, home: fs.readFileSync(file, "utf8").trim() }));
}

export function forgetDeadInstances(clone) {
  for (const { file, isAlive } of registered(clone)) if (!isAlive) fs.rmSync(file, { force: true });
}

function registered(clone) {
  const folder = path.join(clone, ".setup", "running");
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return names
    .map((name) => ({ pid: Number(name), file: path.join(folder, name) }))
    .filter(({ pid }) => Number.isInteger(pid))
    .map(({ pid, file }) => ({ pid, file, isAlive: isWriterAlive(pid, file) }));
}
