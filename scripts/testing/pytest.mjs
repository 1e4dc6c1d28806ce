// Runs the tests of python/ in an environment of their own, and counts them from the JUnit report.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { cacheFolder } from "../setup/cache-folder.mjs";
import { runCommand } from "../setup/run-command.mjs";
import { withTemporaryFolder } from "./temporary-folder.mjs";

export function runPytest({ clone, signal }) {
  return withTemporaryFolder(async (folder) => {
    let python;
    try {
      python = await testPython(clone, folder, signal);
    } catch (error) {
      console.error(`The Python environment of the tests could not be made: ${error.message}`);
      return { passed: 0, failed: 1 };
    }
    const report = path.join(folder, "pytest.xml");
    const command = [python, "-m", "pytest", "-q", `--junitxml=${report}`];
    const { status } = await runCommand(command, { cwd: path.join(clone, "python"), signal, show: true });
    return countPytest(fs.existsSync(report) ? fs.readFileSync(report, "utf8") : "", status);
  });
}

/** Errors are failed set-ups of tests. A bad status (5: nothing collected) never gives 0 failed. */
export function countPytest(report, status) {
  const suites = report.match(/<testsuite [^>]*>/g) ?? [];
  const sum = (attribute) => suites.reduce((total, suite) => total + Number(new RegExp(` ${attribute}="(\\d+)"`).exec(suite)?.[1] ?? 0), 0);
  const failed = sum("failures") + sum("errors");
  return { passed: sum("tests") - failed - sum("skipped"), failed: status === 0 ? failed : Math.max(failed, 1) };
}

/** The launcher of llama.cpp's server is tested with the module that it launches: both requirement files in one environment. */
async function testPython(clone, folder, signal) {
  const module = path.join(clone, "packages", "platform", "dist", "processes", "python-environment.js");
  const { ensurePythonEnvironment, requirementsFile } = await import(pathToFileURL(module).href);
  const requirements = path.join(folder, "test.txt");
  fs.writeFileSync(requirements, ["test", "llamacpp"].map((extra) => fs.readFileSync(requirementsFile(extra), "utf8")).join("\n"));
  return ensurePythonEnvironment(requirements, {
    cacheDirectory: cacheFolder(),
    environment: process.env,
    onProgress: (line) => console.log(line),
    signal,
  });
}
