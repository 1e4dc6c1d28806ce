import { type Paint, printable } from "../terminal-text.ts";
import type { CheckReport, Finding } from "./check.ts";

type State = Finding["state"];

const SIGNS: Readonly<Record<State, string>> = { ok: "✓", warning: "!", failed: "✗", skipped: "–" };
const COLOURS: Readonly<Record<State, Parameters<Paint>[0]>> = {
  ok: "green",
  warning: "yellow",
  failed: "red",
  skipped: "dim",
};

/** For a person: a line for each check; below a bad one why the command helps, and the command. */
export function describeReports(reports: readonly CheckReport[], paint: Paint): string {
  const width = Math.max(...reports.map(({ name }) => name.length));
  const lines = reports.flatMap(({ name, finding }) => {
    const sign = paint(COLOURS[finding.state], SIGNS[finding.state]);
    const [first = "", ...more] = printable(finding.found).split("\n");
    const indent = " ".repeat(width + 4);
    const line = [`${sign} ${name.padEnd(width)}  ${first}`, ...more.map((rest) => indent + rest)];
    if (!("mend" in finding) || finding.mend === undefined) return line;
    return [...line, `${indent}${finding.mend.why}`, ...finding.mend.command.split("\n").map((command) => `${indent}  ${command}`)];
  });
  return `${lines.join("\n")}\n\n${summary(reports)}`;
}

/** For programs. */
export function reportAsData(reports: readonly CheckReport[]) {
  return {
    object: "doctor_report",
    healthy: count(reports, "failed") === 0,
    checks: reports.map(({ name, question, finding }) => ({ name, question, ...finding })),
  };
}

function summary(reports: readonly CheckReport[]): string {
  const [failures, warnings] = [count(reports, "failed"), count(reports, "warning")];
  if (failures === 0 && warnings === 0) return "Nothing is wrong.";
  const parts = [failures > 0 ? `${failures} failed` : "", warnings > 0 ? `${warnings === 1 ? "1 warning" : `${warnings} warnings`}` : ""];
  return `${parts.filter(Boolean).join(", ")}. docs/troubleshooting.md says more about each check.`;
}

function count(reports: readonly CheckReport[], state: State): number {
  return reports.filter(({ finding }) => finding.state === state).length;
}
