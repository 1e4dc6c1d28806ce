import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { runCommand } from "../run-command.ts";

/** What child processes of these tests see; pip then knows only the wheels of a folder. */
export function offlinePipEnvironment(wheelFolder: string): Record<string, string> {
  const { PATH = "", HOME = "" } = process.env;
  // A machine's own pip.conf may name indexes.
  return { PATH, HOME, PIP_CONFIG_FILE: "/dev/null", PIP_NO_INDEX: "1", PIP_FIND_LINKS: wheelFolder };
}

/** Writes `<name>-<version>-py3-none-any.whl` with these files into the folder, and returns its SHA-256. */
export async function writeTinyWheel(
  folder: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const stem = `${name.replaceAll("-", "_")}-${version}`;
  const content = join(folder, `${stem}.content`);
  const info = `${stem}.dist-info`;
  const all: Record<string, string> = {
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: bonfire\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  all[`${info}/RECORD`] = [...Object.keys(all).map((path) => `${path},,`), `${info}/RECORD,,\n`].join("\n");
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(content, path)), { recursive: true });
    await writeFile(join(content, path), text);
  }
  const wheel = join(folder, `${stem}-py3-none-any.whl`);
  const roots = [...new Set(Object.keys(all).map((path) => join(content, path.split("/")[0] ?? path)))];
  const args = ["-m", "zipfile", "-c", wheel, ...roots];
  await runCommand({ command: "python3", args, environment: offlinePipEnvironment(folder) }, () => undefined);
  await rm(content, { recursive: true });
  return createHash("sha256")
    .update(await readFile(wheel))
    .digest("hex");
}
