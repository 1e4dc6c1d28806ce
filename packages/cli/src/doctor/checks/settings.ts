import { access, constants, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { settingsFilePath } from "@bonfire/platform/config";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { readSettings } from "@bonfire/platform/settings/read-settings";
import { SETTINGS, type SettingPath } from "@bonfire/platform/settings/settings";
import { parseSettingsFile } from "@bonfire/platform/settings/settings-file";
import { type Check, type Finding, failed, type Mend, ok, warning } from "../check.ts";
import type { Surroundings } from "../context.ts";
import { writingFault } from "../folders.ts";
import { asRoot, bonfire, quote } from "../shell.ts";

export const settings: readonly Check<Surroundings>[] = [
  { name: "settings file", question: "Can bonfire.yaml be read, and by nobody who should not?", run: checkFile },
  { name: "settings", question: "Can every setting be used?", needs: ["settings file"], run: checkSettings },
];

const OWNER_READS = 0o400;
const OTHERS_WRITE = 0o022;
const OTHERS_READ = 0o044;

async function checkFile({ environment, machine }: Surroundings): Promise<Finding> {
  const path = pathOfFile(environment);
  const found = await stat(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    if (hasCode(error, "EACCES")) return "closed";
    throw error;
  });
  if (found === "closed") return (await writingFault(dirname(path), machine)) ?? failed(`this user may not look into ${dirname(path)}`);
  if (found === undefined) {
    if (!environment.BONFIRE_CONFIG) return ok(`there is no ${path}; variables and defaults count`);
    return failed(`BONFIRE_CONFIG names ${path}, which is not there`, {
      why: "Without that variable bonfire.yaml in the home counts, where there is one.",
      command: "unset BONFIRE_CONFIG",
    });
  }
  if (!found.isFile()) return failed(`${path} is no file`, moveAside(path, "Settings can be written anew afterwards."));
  const closeToOthers: Mend = { why: "Then its owner alone may read and write it.", command: `chmod 600 ${quote(path)}` };
  const isOurs = found.uid === machine.uid;
  if (isOurs && (found.mode & OWNER_READS) === 0) return failed(`${path} may not be read by its owner`, closeToOthers);
  if (!isOurs && !(await isReadable(path))) {
    return failed(`${path} belongs to user ${found.uid} and may not be read by user ${machine.uid}`, {
      why: "Then it is a file of yours.",
      command: asRoot(machine, `chown ${machine.uid} ${quote(path)}`),
    });
  }
  if ((found.mode & OTHERS_WRITE) !== 0)
    return failed(`${path} may be written by other users, who could change every setting`, closeToOthers);
  const secrets = secretsIn(await readFile(path, "utf8"));
  if (secrets.length > 0 && (found.mode & OTHERS_READ) !== 0) {
    return warning(`${path} holds ${secrets.join(", ")} and may be read by other users`, closeToOthers);
  }
  return ok(path);
}

async function checkSettings({ environment }: Surroundings): Promise<Finding> {
  const path = pathOfFile(environment);
  const text = await readFile(path, "utf8").catch(() => undefined);
  const read = readSettings(environment, text === undefined ? undefined : { name: path, text });
  if (!("faults" in read)) {
    const given = Object.values(read.sources).filter((source) => source !== "default").length;
    return ok(given === 0 ? "all of them have their defaults" : `${given} of them are set, the others have their defaults`);
  }
  return failed(read.faults.join("\n"), mendFaults(read.faults, path));
}

/** A fault begins with what holds it: a variable, a setting and its line, or the file and a line that cannot be parsed. */
function mendFaults(faults: readonly string[], path: string): Mend {
  const variables = new Set<string>();
  const inFile = new Set<string>();
  let isUnreadable = false;
  for (const fault of faults) {
    const [, name = "", place] = /^(\S+?)(?: \((.*?:\d+)\))?:/.exec(fault) ?? [];
    if (place?.startsWith(`${path}:`)) inFile.add(name);
    else if (fault.startsWith(`${path} line `)) isUnreadable = true;
    else variables.add(name);
  }
  const unsets = variables.size === 0 ? [] : [`unset ${[...variables].join(" ")}`];
  if (isUnreadable) {
    const aside = moveAside(path, "Better correct the line that is named; moved away, the file counts no more, and defaults do.");
    return { ...aside, command: [...unsets, aside.command].join("\n") };
  }
  return {
    why: "Better correct the values; taken away, their defaults count.",
    command: [...unsets, ...[...inFile].map((name) => bonfire("config", "unset", name))].join("\n"),
  };
}

function moveAside(path: string, why: string): Mend {
  return { why, command: `mv ${quote(path)} ${quote(`${path}.broken`)}` };
}

function pathOfFile(environment: Surroundings["environment"]): string {
  return settingsFilePath(environment, environment.BONFIRE_HOME || join(homedir(), ".bonfire"));
}

function secretsIn(text: string): string[] {
  const isSecret = (path: string): path is SettingPath =>
    Object.entries(SETTINGS).some(([known, setting]) => known === path && "secret" in setting);
  return [...parseSettingsFile(text).values.keys()].filter(isSecret);
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
