// The files of the workspace packages, relative to the clone, with forward slashes.
import fs from "node:fs";
import path from "node:path";

/** "packages/cli", …: every folder there that has a package.json. */
export function packageFolders(clone) {
  return fs
    .readdirSync(path.join(clone, "packages"))
    .map((name) => `packages/${name}`)
    .filter((folder) => fs.existsSync(path.join(clone, folder, "package.json")));
}

/** All files below a folder; none when it does not exist. */
export function filesBelow(clone, folder) {
  const absolute = path.join(clone, folder);
  if (!fs.existsSync(absolute)) return [];
  return fs
    .readdirSync(absolute, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(clone, `${folder}/${entry.name}`) : [`${folder}/${entry.name}`]));
}
