// Runs vitest and counts its tests from its JSON report.
import fs from "node:fs";
import path from "node:path";
import { runCommand } from "../setup/run-command.mjs";
import { withTemporaryFolder } from "./temporary-folder.mjs";

export function runVitest(args) {
  return ({ clone, signal }) =>
    withTemporaryFolder(async (folder) => {
      const report = path.join(folder, "vitest.json");
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
      const command = [process.execPath, path.join(clone, "node_modules", "vitest", "vitest.mjs"), "run", ...reporters, ...args];
      const { status } = await runCommand(command, { cwd: clone, signal, show: true });
      return countVitest(fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, "utf8")) : undefined, status);
    });
}

/**
 * A file that failed without a failed test (it does not load, its set-up threw) counts as one, and so does a run that failed for
 * another reason (an unhandled rejection, no report at all): a bad status never gives 0 failed.
 */
export function countVitest(report, status) {
  const passed = report?.numPassedTests ?? 0;
  const brokenFiles = (report?.testResults ?? []).filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = (report?.numFailedTests ?? 0) + brokenFiles.length;
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1) };
}
