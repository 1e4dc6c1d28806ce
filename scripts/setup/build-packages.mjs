// Step "build": packages/*/src → packages/*/dist, by the project references below packages/cli.
import fs from "node:fs";
import path from "node:path";
import { hashOf } from "./file-hash.mjs";
import { filesBelow, packageFolders } from "./workspace-files.mjs";

export const buildPackages = {
  name: "build",
  title: "Building",
  onFailure: "The sources do not compile, see above. Mend them, or go back to a commit that builds.",

  stamp(clone) {
    const sources = sourcesOf(clone);
    const settings = packageFolders(clone).flatMap((folder) => [`${folder}/package.json`, `${folder}/tsconfig.json`]);
    // The lockfile stands for the version of the compiler and of every type it reads.
    return { hash: hashOf(clone, [...sources, ...settings, "tsconfig.base.json", "package-lock.json"]), sources };
  },

  isComplete(clone) {
    return sourcesOf(clone).every((source) => fs.existsSync(path.join(clone, outputOf(source))));
  },

  /** tsc leaves the outputs of deleted sources behind, and after a killed build nobody knows what is there: then it starts from nothing. */
  prepare(clone, previous, next) {
    if (JSON.stringify(previous?.sources) === JSON.stringify(next.sources)) return;
    for (const folder of packageFolders(clone)) fs.rmSync(path.join(clone, folder, "dist"), { recursive: true, force: true });
  },

  command(clone) {
    return [process.execPath, path.join(clone, "node_modules", "typescript", "bin", "tsc"), "-b", "packages/cli"];
  },
};

/** What the packages' tsconfig files compile: no tests, no test equipment. */
function sourcesOf(clone) {
  return packageFolders(clone)
    .flatMap((folder) => filesBelow(clone, `${folder}/src`))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts") && !file.endsWith(".test.ts") && !file.includes("/testing/"))
    .sort();
}

function outputOf(source) {
  return source.replace(/^(packages\/[^/]+)\/src\//, "$1/dist/").replace(/\.ts$/, ".js");
}
