// Runs the steps whose inputs changed since they last succeeded.
import { buildPackages } from "./build-packages.mjs";
import { acquireCloneLock } from "./clone-lock.mjs";
import { installPackages } from "./install-packages.mjs";
import { runCommand } from "./run-command.mjs";
import { forgetDeadInstances, runningInstances } from "./running-instances.mjs";
import { stampsOf } from "./stamps.mjs";

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/**
 * @returns the exit code: 0 when everything is there, 1 when a step failed or may not run now, 128 + n after a signal.
 * A step is `{ name, title, onFailure, stamp(clone), isComplete(clone), prepare(clone, previous, next), command(clone) }`.
 */
export async function setUpClone(clone, { steps = [installPackages, buildPackages], print = (text) => process.stderr.write(text) } = {}) {
  const context = { clone, stamps: stampsOf(clone), print };
  // Those that were killed could not take their files back.
  forgetDeadInstances(clone);
  if (!steps.some((step) => isDue(step, context))) return 0;

  const interrupt = new AbortController();
  const onSignal = (name) => interrupt.abort(name);
  for (const name of Object.keys(SIGNALS)) process.on(name, onSignal);
  let lock;
  try {
    lock = await acquireCloneLock(clone, {
      signal: interrupt.signal,
      onWait: (pid) => print(`Waiting for the set-up of this clone that process ${pid} runs …\n`),
    });
    for (const step of steps) {
      // Asked again under the lock: the one we waited for may have done it.
      if (!isDue(step, context)) continue;
      if (isBlocked(context) || !(await runStep(step, { ...context, lock, signal: interrupt.signal }))) return 1;
    }
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return SIGNALS[interrupt.signal.reason];
    throw error;
  } finally {
    lock?.release();
    for (const name of Object.keys(SIGNALS)) process.off(name, onSignal);
  }
}

function isDue(step, { clone, stamps }) {
  return stamps.read(step.name)?.hash !== step.stamp(clone).hash || !step.isComplete(clone);
}

function isBlocked({ clone, print }) {
  const instances = runningInstances(clone);
  if (instances.length === 0) return false;
  const list = instances.map(({ pid, home }) => `  process ${pid}, home ${home}\n`).join("");
  print(`Packages or sources changed, but Bonfire runs from this clone, and would break when they are replaced under it:\n${list}`);
  print("Stop it first (Ctrl-C in its terminal), then run the same command again.\n");
  return true;
}

async function runStep(step, { clone, stamps, print, lock, signal }) {
  const started = Date.now();
  print(`${step.title} … `);
  // Before the stamp goes: what happens to a source while the step runs must count as a change afterwards.
  const next = step.stamp(clone);
  const previous = stamps.read(step.name);
  stamps.remove(step.name);
  step.prepare(clone, previous, next);
  const { status, output } = await runCommand(step.command(clone), { cwd: clone, signal, onStart: lock.addProcess });
  signal.throwIfAborted();
  if (status === 0 && step.isComplete(clone)) {
    stamps.write(step.name, next);
    print(`${((Date.now() - started) / 1000).toFixed(1)} s\n`);
    return true;
  }
  const problem = status === 0 ? "finished, but not everything is there" : `failed (${status === null ? "killed" : `exit code ${status}`})`;
  print(`${problem}\n\n${output}\n${step.onFailure}\n`);
  return false;
}
