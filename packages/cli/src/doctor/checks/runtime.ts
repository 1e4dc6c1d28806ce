import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";
import type { Surroundings } from "../context.ts";
import { gigabytes, isAtLeast } from "../quantities.ts";
import { asRoot, quote } from "../shell.ts";

/** The oldest Node.js that package.json accepts. */
const OLDEST_NODE = [20, 19] as const;
const ENOUGH_FILES = 4_096;
const OLDEST_YEAR = 2024;
const TEMPORARY_BYTES = 100e6;

export const runtime: readonly Check<Surroundings>[] = [
  { name: "node", question: "Is Node.js new enough?", run: async (context) => checkNode(context) },
  { name: "clock", question: "Does the clock tell a possible time?", run: async (context) => checkClock(context) },
  { name: "open files", question: "May enough files and connections be open at once?", run: async (context) => checkOpenFiles(context) },
  { name: "temporary folder", question: "Can temporary files be written?", run: checkTemporaryFolder },
];

function checkNode({ machine }: Surroundings): Finding {
  const wanted = OLDEST_NODE.join(".");
  if (isAtLeast(machine.nodeVersion, OLDEST_NODE)) return ok(`Node.js ${machine.nodeVersion}`);
  return failed(`Node.js ${machine.nodeVersion} runs this; ${wanted} or newer is needed`, {
    why: "Installs the newest long-term version with nvm; any other way to install it will do.",
    command: '. "$HOME/.nvm/nvm.sh" && nvm install --lts',
  });
}

function checkClock({ machine }: Surroundings): Finding {
  const now = new Date(machine.now());
  if (now.getUTCFullYear() >= OLDEST_YEAR) return ok(`${now.toISOString().slice(0, 19).replace("T", " ")} UTC`);
  return failed(`it is said to be ${now.toISOString().slice(0, 10)}: certificates look invalid, and limits count wrongly`, {
    why: "Sets the clock by the network, and keeps it right.",
    command: asRoot(machine, "timedatectl set-ntp true"),
  });
}

function checkOpenFiles({ machine }: Surroundings): Finding {
  const { maxOpenFiles } = machine;
  if (maxOpenFiles === undefined) return ok("there is no limit");
  if (maxOpenFiles >= ENOUGH_FILES) return ok(`up to ${maxOpenFiles}`);
  return warning(`only ${maxOpenFiles} may be open at once; with many clients connections would be refused`, {
    why: "Raises the limit of this shell and of what is started from it. For a service set LimitNOFILE=65536.",
    command: asRoot(machine, "prlimit --pid $$ --nofile=65536:65536"),
  });
}

async function checkTemporaryFolder({ environment, machine }: Surroundings): Promise<Finding> {
  const folder = environment.TMPDIR || tmpdir();
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) {
    const command = environment.TMPDIR ? "unset TMPDIR" : asRoot(machine, `mkdir -m 1777 ${quote(folder)}`);
    return failed(`${folder} is no folder`, { why: "Engines and databases put their sockets and downloads there.", command });
  }
  const free = await machine.freeDiskBytes(folder);
  if (free >= TEMPORARY_BYTES) return ok(`${folder}, ${gigabytes(free)} free`);
  return warning(`the disk of ${folder} has only ${gigabytes(free)} free; TMPDIR may name a folder on a larger one`);
}
