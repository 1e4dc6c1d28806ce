import { stat } from "node:fs/promises";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { folderWithRoom, freeBytesAt, nearestExisting, writingFault } from "../folders.ts";
import { gigabytes } from "../quantities.ts";
import { quote } from "../shell.ts";

export const home: readonly Check<DoctorContext>[] = [
  { name: "home", question: "Is the home a folder of this user's, closed to others?", run: checkHome },
  { name: "home disk", question: "Is there room for the database and the logs?", needs: ["home"], run: checkDisk },
];

const OTHERS_WRITE = 0o022;
const OTHERS = 0o077;
/** The database writes 16 MB at a time and stops when it cannot. */
const LEAST_BYTES = 100e6;
const COMFORTABLE_BYTES = 1e9;

async function checkHome({ config, machine }: DoctorContext): Promise<Finding> {
  const { home } = config;
  const fault = await writingFault(home, machine);
  if (fault !== undefined) return fault;
  if ((await nearestExisting(home)) !== home) return ok(`${home} is made at the first start`);
  const { uid, mode } = await stat(home);
  if (uid !== machine.uid) {
    return warning(`${home} belongs to user ${uid}, this is user ${machine.uid}: the two cannot take turns with it`, {
      why: "Gives the folder to this user; or run Bonfire as the other one.",
      command: `chown ${machine.uid} ${quote(home)}`,
    });
  }
  const close = { why: "Closes it to all but its owner.", command: `chmod 700 ${quote(home)}` };
  if ((mode & OTHERS_WRITE) !== 0) return failed(`${home} may be written by other users`, close);
  if ((mode & OTHERS) !== 0) return warning(`${home} may be entered by other users`, close);
  return ok(home);
}

async function checkDisk({ config, machine }: DoctorContext): Promise<Finding> {
  const { home } = config;
  const free = await freeBytesAt(home, machine);
  if (free >= COMFORTABLE_BYTES) return ok(`${gigabytes(free)} free`);
  const found = `the disk of ${home} has only ${gigabytes(free)} free`;
  const elsewhere = await folderWithRoom(COMFORTABLE_BYTES, machine);
  const mend = elsewhere && {
    why: "Copies the home to a disk with room; stop the platform before. Or free some space on this disk.",
    command: `mkdir -p ${quote(elsewhere)} && { test ! -d ${quote(home)} || cp -a ${quote(home)}/. ${quote(elsewhere)}; } && chmod 700 ${quote(elsewhere)} && export BONFIRE_HOME=${quote(elsewhere)}`,
  };
  const state = free < LEAST_BYTES ? failed : warning;
  return mend ? state(found, mend) : state(`${found}; free some space on it`);
}
