// Runs one program and either shows what it prints at once or keeps it for the case that it fails.
import { spawn } from "node:child_process";

const GRACE_MS = 5000;

/**
 * @returns `{ status, output }`; status is null when a signal ended it, output is empty with `show`.
 * An abort ends the program, and the promise settles only once it is gone: nothing writes on behind our back.
 */
export function runCommand([program, ...args], { cwd, env, signal, show = false, onStart = () => {} }) {
  return new Promise((resolve, reject) => {
    // On Windows npm is a batch file, which only a shell can start.
    const stdio = show ? "inherit" : ["ignore", "pipe", "pipe"];
    const child = spawn(program, args, { cwd, env, stdio, shell: program.endsWith(".cmd") });
    const output = [];
    child.stdout?.on("data", (chunk) => output.push(chunk));
    child.stderr?.on("data", (chunk) => output.push(chunk));
    if (child.pid !== undefined) onStart(child.pid);

    let forced;
    const end = () => {
      child.kill("SIGTERM");
      forced = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    };
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();

    const settled = () => {
      clearTimeout(forced);
      signal?.removeEventListener("abort", end);
    };
    child.once("error", (error) => {
      settled();
      reject(error);
    });
    child.once("close", (status) => {
      settled();
      resolve({ status, output: Buffer.concat(output).toString("utf8") });
    });
  });
}
