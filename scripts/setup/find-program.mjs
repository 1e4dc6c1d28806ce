// Where a program is on the PATH, as a shell would look, without starting anything. Parsed by old Nodes too, see setup.mjs.
import fs from "node:fs";
import path from "node:path";

/** Absolute paths, the one that a shell would start first. */
export function findPrograms(name, env = process.env, platform = process.platform) {
  const endings = platform === "win32" ? [".exe", ".cmd"] : [""];
  const folders = new Set((env.PATH || env.Path || "").split(path.delimiter).filter(Boolean));
  const files = [];
  for (const folder of folders) for (const ending of endings) files.push(path.join(folder, name + ending));
  return files.filter(isProgram);
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch (_) {
    return false;
  }
}
