// A check that has one answer: its output is shown when it fails.
import path from "node:path";
import { runCommand } from "../setup/run-command.mjs";

/** @param command path of a script below node_modules, then its arguments. */
export function check(title, [script, ...args]) {
  return async ({ clone, signal }) => {
    const started = Date.now();
    process.stdout.write(`${title} … `);
    const command = [process.execPath, path.join(clone, "node_modules", script), ...args];
    const { status, output } = await runCommand(command, { cwd: clone, signal });
    const seconds = `${((Date.now() - started) / 1000).toFixed(1)} s`;
    if (status === 0) {
      console.log(seconds);
      return { passed: 1, failed: 0 };
    }
    console.log(`failed, ${seconds}\n${output}`);
    return { passed: 0, failed: 1 };
  };
}
