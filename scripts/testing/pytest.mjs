// Runs the tests of python/ and the end-to-end tests with Python's SDKs in an environment of their own, and counts them from the JUnit report.
import fs from "node:fs";
import path from "node:path";
import { runCommand } from "../setup/run-command.mjs";
import { preparePytest } from "./prepare-pytest.mjs";
import { withTemporaryFolder } from "./temporary-folder.mjs";

export function runPytest({ clone, signal }) {
  return withTemporaryFolder(async (folder) => {
    let prepared;
    try {
      prepared = await preparePytest(clone, folder, signal);
    } catch (error) {
      if (!signal.aborted) console.error(`pytest could not be prepared: ${error.message}`);
      return { passed: 0, failed: 1 };
    }
    const report = path.join(folder, "pytest.xml");
    const command = [
      prepared.python,
      "-m",
      "pytest",
      "-q",
      "-p",
      "no:cacheprovider",
      `--junitxml=${report}`,
      "tests",
      path.join(clone, "test", "python"),
    ];
    const env = { ...process.env, BONFIRE_TEST_MODEL: prepared.model };
    const { status } = await runCommand(command, { cwd: path.join(clone, "python"), env, signal, show: true });
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
