// One hash over named files and further facts; it changes when a byte, a name or a fact does.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** A file that does not exist counts as such, so that its appearance changes the hash. */
export function hashOf(root, files, facts = []) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of [...files].sort()) {
    const content = readIfThere(path.join(root, file));
    hash.update(`${file}\0${content === undefined ? "absent" : content.length}\0`);
    if (content !== undefined) hash.update(content);
  }
  return hash.digest("hex");
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}
