// How the last line of `npm test` is counted.
import { describe, expect, it } from "vitest";
import { countPytest } from "./testing/pytest.mjs";
import { countVitest } from "./testing/vitest.mjs";

describe("vitest's report", () => {
  const file = (status, ...tests) => ({ status, assertionResults: tests.map((test) => ({ status: test })) });

  it("counts tests, and a file that failed without a failed test", () => {
    const testResults = [file("passed", "passed", "passed"), file("failed", "passed", "failed"), file("failed"), file("failed", "skipped")];
    expect(countVitest({ numPassedTests: 3, numFailedTests: 1, testResults }, 1)).toEqual({ passed: 3, failed: 3 });
  });

  it("never gives 0 failed with a bad status", () => {
    expect(countVitest(undefined, 1)).toEqual({ passed: 0, failed: 1 });
    expect(countVitest({ numPassedTests: 2, numFailedTests: 0, testResults: [] }, null)).toEqual({ passed: 2, failed: 1 });
    expect(countVitest({ numPassedTests: 2, numFailedTests: 0, testResults: [] }, 0)).toEqual({ passed: 2, failed: 0 });
  });
});

describe("pytest's report", () => {
  const report =
    '<testsuites name="x"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1"></testsuite></testsuites>';

  it("counts failures and errors, and no skipped ones", () => {
    expect(countPytest(report, 1)).toEqual({ passed: 4, failed: 3 });
  });

  it("never gives 0 failed with a bad status", () => {
    expect(countPytest("", 5)).toEqual({ passed: 0, failed: 1 });
  });
});
