// Whether the process that wrote a file with its pid is still there.
import fs from "node:fs";

/** After a crash or a reboot the pid may belong to somebody else: whoever started after the file was written did not write it. */
export function isWriterAlive(pid, file) {
  const written = fs.statSync(file, { throwIfNoEntry: false });
  // A file that is gone was taken back by its writer.
  if (written === undefined || !isRunning(pid)) return false;
  const started = startTimeMs(pid);
  return started === undefined || started <= written.mtimeMs + CLOCK_TOLERANCE_MS;
}

const CLOCK_TOLERANCE_MS = 2000;

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM"; // it is there, and another user's
  }
}

/** Only Linux tells without a subprocess; elsewhere the pid alone has to do. A zombie has ended. */
function startTimeMs(pid) {
  try {
    // The second field is a name in brackets that may hold spaces; the state is the third, the start the 22nd, in hundredths of a second since boot.
    const [state, ...fields] = fs
      .readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    if (state === "Z" || state === "X") return Number.POSITIVE_INFINITY;
    const bootSeconds = Number(/^btime (\d+)$/m.exec(fs.readFileSync("/proc/stat", "utf8"))?.[1]);
    const started = (bootSeconds + Number(fields[18]) / 100) * 1000;
    return Number.isNaN(started) ? undefined : started;
  } catch {
    return undefined;
  }
}
