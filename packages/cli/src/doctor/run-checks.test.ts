import { describe, expect, test } from "vitest";
import { plain } from "../terminal-text.ts";
import { type Check, failed, ok, skipped, warning } from "./check.ts";
import { describeReports, reportAsData } from "./report.ts";
import { runChecks } from "./run-checks.ts";

const check = (name: string, run: Check<null>["run"], needs: readonly string[] = []): Check<null> => ({
  name,
  question: `${name}?`,
  needs,
  run,
});
const run = (checks: readonly Check<null>[], deadlineMs = 10_000) => runChecks(checks, { context: null, deadlineMs });

describe("checks", () => {
  test("are all run, and those that need a failed one say so", async () => {
    const reports = await run([
      check("a", async () => failed("broken")),
      check("b", async () => ok("fine"), ["a"]),
      check("c", async () => ok("fine"), ["b"]),
      check("d", async () => warning("so so")),
      check("e", async () => ok("fine"), ["d"]),
    ]);
    const found = reports.map(({ name, finding }) => `${name} ${finding.state}: ${finding.found}`);
    expect(found).toEqual([
      "a failed: broken",
      'b skipped: not looked at, because the check "a" failed',
      'c skipped: not looked at, because the check "a" failed',
      "d warning: so so",
      "e ok: fine",
    ]);
  });

  test("that were skipped keep others from being looked at", async () => {
    const reports = await run([check("a", async () => skipped("it rains")), check("b", async () => ok("fine"), ["a"])]);
    expect(reports[1]?.finding).toEqual(skipped("it rains"));
  });

  test("that throw have failed with the reason", async () => {
    const [report] = await run([
      check("a", async () => {
        throw new Error("no such luck");
      }),
    ]);
    expect(report?.finding).toEqual(failed("no such luck"));
  });

  test("that do not answer have failed at their deadline, and are told to stop", async () => {
    let isTold = false;
    const silent = check(
      "a",
      (_context, signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            isTold = true;
          });
        }),
    );
    const [report] = await run([silent], 20);
    expect(report?.finding).toEqual(failed("there was no answer within 0.02 s"));
    expect(isTold).toBe(true);
  });
});

describe("the report", () => {
  const reports = [
    { name: "port", question: "Free?", finding: failed("it is taken", { why: "8081 is free.", command: "export BONFIRE_PORT=8081" }) },
    { name: "clock", question: "Right?", finding: ok("it is") },
    { name: "home", question: "Closed?", finding: warning("it is open\nto two groups") },
    { name: "gpu", question: "Used?", finding: skipped("there is none") },
  ];

  test("has a line with a sign for each check, and the mend below", () => {
    expect(describeReports(reports, plain)).toBe(
      [
        "✗ port   it is taken",
        "         8081 is free.",
        "           export BONFIRE_PORT=8081",
        "✓ clock  it is",
        "! home   it is open",
        "         to two groups",
        "– gpu    not looked at, because there is none",
        "",
        "1 failed, 1 warning. docs/troubleshooting.md says more about each check.",
      ].join("\n"),
    );
  });

  test("colours the signs alone", () => {
    expect(describeReports(reports, (colour, text) => `<${colour}>${text}</>`)).toContain("<red>✗</> port   it is taken");
  });

  test("gives the same as data", () => {
    expect(reportAsData(reports)).toMatchObject({
      object: "doctor_report",
      healthy: false,
      checks: [
        { name: "port", question: "Free?", state: "failed", found: "it is taken", mend: { command: "export BONFIRE_PORT=8081" } },
        {},
        {},
        {},
      ],
    });
    expect(reportAsData(reports.slice(1)).healthy).toBe(true);
  });
});
