// Step "npm packages": node_modules as the lockfile says, for this Node and this kind of machine.
import fs from "node:fs";
import path from "node:path";
import { hashOf } from "./file-hash.mjs";
import { findPrograms } from "./find-program.mjs";
import { packageFolders } from "./workspace-files.mjs";

export const installPackages = {
  name: "install",
  title: "Installing the npm packages",
  onFailure: "Check the connection to the npm registry (npm ping) and the messages above, then run the same command again.",

  stamp(clone) {
    const manifests = packageFolders(clone).map((folder) => `${folder}/package.json`);
    const facts = [process.versions.node.split(".")[0], process.platform, process.arch];
    return { hash: hashOf(clone, ["package-lock.json", "package.json", ".npmrc", ...manifests], facts) };
  },

  /** npm's own record of what it installed lists every folder; one that was deleted since is missed here and not at the first import. */
  isComplete(clone) {
    try {
      const record = JSON.parse(fs.readFileSync(path.join(clone, "node_modules", ".package-lock.json"), "utf8"));
      return Object.keys(record.packages).every((folder) => fs.existsSync(path.join(clone, folder, "package.json")));
    } catch {
      return false;
    }
  },

  prepare() {},

  command() {
    // The build needs the development packages, whatever NODE_ENV and the user's npm settings say.
    // No package of ours needs its install script.
    return [...npm(), "ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--no-progress"];
  },
};

/** The npm that called us, without the detour through the PATH. Yarn and pnpm set the variable too, but know no `npm ci`. */
function npm() {
  const caller = process.env.npm_execpath;
  if (caller !== undefined && path.basename(caller) === "npm-cli.js") return [process.execPath, caller];
  return [findPrograms("npm")[0] ?? "npm"];
}
