import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { socketDirectory } from "@bonfire/platform/processes/socket-directory";
import { type Check, type Finding, failed, ok } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { asRoot, quote } from "../shell.ts";

export const sockets: readonly Check<DoctorContext>[] = [
  { name: "sockets", question: "Can the platform and its children talk over private sockets?", needs: ["home"], run: checkSockets },
];

/** Room in a unix socket's path, in bytes: 108 on Linux and 104 on macOS, of which one ends it. */
const LONGEST_PATH = { linux: 107, other: 103 } as const;
/** The longest name of a socket. */
const NAME = "x".repeat(40);
const OTHERS = 0o077;

async function checkSockets({ config, machine }: DoctorContext): Promise<Finding> {
  const folder = socketDirectory(config.home);
  const length = Buffer.byteLength(join(folder, NAME));
  const longest = machine.platform === "linux" ? LONGEST_PATH.linux : LONGEST_PATH.other;
  if (length > longest) {
    return failed(`sockets would lie in ${folder}, whose path is ${length - longest} bytes too long`, {
      why: "Puts sockets into a folder with a short path; a shorter BONFIRE_HOME does as well.",
      command: "export TMPDIR=/tmp",
    });
  }
  const found = await lstat(folder).catch(() => undefined);
  if (found === undefined) return ok(`${folder} is made at the first start`);
  if (!found.isDirectory() || found.uid !== machine.uid) {
    const whose = found.isDirectory() ? `belongs to user ${found.uid}` : "is no folder";
    return failed(`${folder} ${whose}`, {
      why: "Removes it; it is made anew at the next start.",
      command: found.uid === machine.uid ? `rm -rf ${quote(folder)}` : asRoot(machine, `rm -rf ${quote(folder)}`),
    });
  }
  if ((found.mode & OTHERS) !== 0) {
    return failed(`${folder} may be entered by other users: the platform refuses to start`, {
      why: "Closes it to all but its owner.",
      command: `chmod 700 ${quote(folder)}`,
    });
  }
  return ok(folder);
}
