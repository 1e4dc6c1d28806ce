import { type Config, ConfigError, loadConfig } from "@bonfire/platform/config";
import { EXIT } from "../exit.ts";
import { paintFor, print, printJson } from "../terminal-text.ts";
import type { CheckReport } from "./check.ts";
import { skipped } from "./check.ts";
import { CHECKS, MACHINE_CHECKS } from "./checks.ts";
import { createContext, type Surroundings } from "./context.ts";
import { thisMachine } from "./machine.ts";
import { describeReports, reportAsData } from "./report.ts";
import { runChecks } from "./run-checks.ts";

interface DoctorOptions {
  /** Print data for programs. */
  readonly json: boolean;
}

/** A check that has not answered by then has failed; all of them run at once. */
const DEADLINE_MS = 10_000;

/**
 * Looks at everything that the platform needs, whether it runs or not, and prints what is wrong with the command that mends it. Changes nothing.
 * @returns the exit code: 0 when nothing failed, warnings or not.
 */
export async function runDoctor({ json }: DoctorOptions): Promise<number> {
  const reports = await examine({ environment: process.env, machine: thisMachine() });
  if (json) printJson(reportAsData(reports));
  else print(describeReports(reports, paintFor(process.stdout)));
  return reports.some(({ finding }) => finding.state === "failed") ? EXIT.failed : EXIT.ok;
}

async function examine(surroundings: Surroundings): Promise<CheckReport[]> {
  const config = usableConfig(surroundings);
  const ofMachine = runChecks(MACHINE_CHECKS, { context: surroundings, deadlineMs: DEADLINE_MS });
  if (config === undefined) {
    const finding = skipped("the settings cannot be used");
    return [...(await ofMachine), ...CHECKS.map(({ name, question }) => ({ name, question, finding }))];
  }
  const ofPlatform = runChecks(CHECKS, { context: createContext(surroundings, config), deadlineMs: DEADLINE_MS });
  return [...(await ofMachine), ...(await ofPlatform)];
}

/** Undefined where the check of the settings says why. */
function usableConfig({ environment }: Surroundings): Config | undefined {
  try {
    return loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}
