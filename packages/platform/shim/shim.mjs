// The parent of every child process of the platform. It reads one line of JSON on stdin (a ShimPlan), starts the command and
// stays beside it: when stdin closes, because the platform stopped or died in any way, the command is ended too. It is started
// detached, so that Ctrl-C in the terminal, which signals the whole foreground process group, reaches neither it nor the command
// before the platform has drained. It has no dependencies and is never imported.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
let child;
let killTimer;

/** Ends the command: its stop signal first, SIGKILL to its whole process group when the grace is over. */
function stop(signal, graceMs) {
  if (child === undefined) process.exit(0);
  if (killTimer !== undefined) return;
  killTimer = setTimeout(() => signalGroup("SIGKILL"), graceMs);
  signalGroup(signal);
}

function signalGroup(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

lines.once("line", (line) => {
  const plan = JSON.parse(line);
  child = spawn(plan.command, plan.args, {
    cwd: plan.cwd,
    env: plan.env,
    uid: plan.uid,
    gid: plan.gid,
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("error", (error) => {
    process.stderr.write(`cannot start ${plan.command}: ${error.message}\n`);
    process.exit(127);
  });
  child.once("exit", (code, signal) => {
    clearTimeout(killTimer);
    // What the command itself left running (workers of its own) goes with it.
    signalGroup("SIGKILL");
    process.exit(code ?? (signal === "SIGKILL" ? 137 : 143));
  });
  lines.once("close", () => stop(plan.stopSignal, plan.graceMs));
  // Only stdin decides, but `kill` of a whole tree is to be clean as well.
  process.on("SIGTERM", () => stop(plan.stopSignal, plan.graceMs));
  // The platform is alive and asks for a stop: a second line, with a grace of its own.
  lines.on("line", (request) => stop(plan.stopSignal, JSON.parse(request).graceMs));
});
lines.once("close", () => {
  if (child === undefined) process.exit(0);
});
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
