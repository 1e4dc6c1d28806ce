// Runs the tests of python/ and the end-to-end tests with the vendors' Python SDKs, each SDK in an environment of its own against one platform,
// and counts them from the JUnit reports.
import fs from "node:fs";
import path from "node:path";
import { tsImport } from "tsx/esm/api";
import { runCommand } from "../setup/run-command.mjs";
import { preparePytest } from "./prepare-pytest.mjs";
import { withTemporaryFolder } from "./temporary-folder.mjs";

/** Requirement files in python/requirements, and what is tested with them: paths in the clone. */
const SUITES = [
  { name: "openai", requirements: ["test", "llamacpp"], tests: ["python/tests", "test/python/test_openai.py"] },
  { name: "together", requirements: ["sdk-together"], tests: ["test/python/test_together.py"] },
  { name: "together-v1", requirements: ["sdk-together-v1"], tests: ["test/python/test_together_v1.py"] },
  { name: "fireworks", requirements: ["sdk-fireworks"], tests: ["test/python/test_fireworks.py"] },
  { name: "fireworks-v0", requirements: ["sdk-fireworks-v0"], tests: ["test/python/test_fireworks_v0.py"] },
  { name: "anthropic", requirements: ["sdk-anthropic"], tests: ["test/python/test_anthropic.py"] },
];

export function runPytest({ clone, signal }) {
  return withTemporaryFolder(async (folder) => {
    let platform;
    try {
      const prepared = await preparePytest({ clone, folder, suites: SUITES, signal });
      const { startPythonTestPlatform } = await tsImport("../../test/python-platform.ts", import.meta.url);
      platform = await startPythonTestPlatform(path.join(folder, "home"));
      const env = { ...process.env, ...platform.variables, BONFIRE_TEST_MODEL: prepared.model };
      const total = { passed: 0, failed: 0 };
      for (const { name, tests } of SUITES) {
        if (signal.aborted) break;
        const report = path.join(folder, `${name}.xml`);
        const options = ["-q", "-p", "no:cacheprovider", `--junitxml=${report}`, "-o", `junit_suite_name=${name}`];
        const command = [prepared.pythons[name], "-m", "pytest", ...options, ...tests.map((test) => path.join(clone, test))];
        const { status } = await runCommand(command, { cwd: path.join(clone, "python"), env, signal, show: true });
        const { passed, failed } = countPytest(fs.existsSync(report) ? fs.readFileSync(report, "utf8") : "", status);
        total.passed += passed;
        total.failed += failed;
      }
      await platform.stop();
      return total;
    } catch (error) {
      if (!signal.aborted) console.error(`the Python tests could not be run: ${error.message}`);
      await platform?.stop().catch(() => {});
      return { passed: 0, failed: 1 };
    }
  });
}

/** Errors are failed set-ups of tests. A bad status (5: nothing collected) never gives 0 failed. */
export function countPytest(report, status) {
  const suites = report.match(/<testsuite [^>]*>/g) ?? [];
  const sum = (attribute) => suites.reduce((total, suite) => total + Number(new RegExp(` ${attribute}="(\\d+)"`).exec(suite)?.[1] ?? 0), 0);
  const failed = sum("failures") + sum("errors");
  return { passed: sum("tests") - failed - sum("skipped"), failed: status === 0 ? failed : Math.max(failed, 1) };
}
