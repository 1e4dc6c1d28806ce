import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadConfig } from "@bonfire/platform/config";
import { expect } from "vitest";
import type { Check, Finding } from "../check.ts";
import { CHECKS, MACHINE_CHECKS } from "../checks.ts";
import { createContext, type DoctorContext, type Surroundings } from "../context.ts";
import { type Machine, thisMachine } from "../machine.ts";
import { runChecks } from "../run-checks.ts";

/** The clone, where `npx --no bonfire` is this program. */
const CLONE = fileURLToPath(new URL("../../../../../", import.meta.url));

export const isRoot = process.getuid?.() === 0;

/** A folder that holds a home, a cache and programs of its own, to be broken and mended. */
export class Patient {
  readonly folder: string;
  readonly home: string;
  readonly cache: string;
  /** Programs in it come before all others. */
  readonly programs: string;
  environment: Record<string, string>;
  machine: Machine;

  private constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, "home");
    this.cache = join(folder, "cache");
    this.programs = join(folder, "programs");
    this.environment = {
      PATH: `${this.programs}:${process.env.PATH}`,
      HOME: process.env.HOME ?? folder,
      BONFIRE_HOME: this.home,
      BONFIRE_CACHE: this.cache,
    };
    this.machine = thisMachine();
  }

  static async admit(): Promise<Patient> {
    const patient = new Patient(await mkdtemp(join(await realpath(tmpdir()), "bf-doctor-")));
    await mkdir(patient.home, { mode: 0o700 });
    await mkdir(patient.programs);
    return patient;
  }

  discharge(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async writeSettings(yaml: string): Promise<void> {
    await writeFile(join(this.home, "bonfire.yaml"), yaml, { mode: 0o600 });
  }

  /** A program in the form of a shell script, found before any other of its name. */
  async writeProgram(name: string, script: string): Promise<string> {
    const path = join(this.programs, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** Runs one check, whatever the others say. */
  async examine(check: string | Check<DoctorContext>): Promise<Finding> {
    const surroundings: Surroundings = { environment: this.environment, machine: this.machine };
    const ofMachine = MACHINE_CHECKS.find(({ name }) => name === check);
    const options = { deadlineMs: 30_000 };
    const [report] =
      ofMachine !== undefined
        ? await runChecks([{ ...ofMachine, needs: [] }], { ...options, context: surroundings })
        : await runChecks([{ ...ofPlatform(check), needs: [] }], {
            ...options,
            context: createContext(surroundings, loadConfig(this.environment)),
          });
    if (report === undefined) throw new Error("Nothing was reported.");
    return report.finding;
  }

  /** Runs a command as a person does who pastes it: in the clone, in a shell whose variables stay as the command leaves them. */
  async run(command: string): Promise<void> {
    const left = join(this.folder, "environment");
    await promisify(execFile)("/bin/sh", ["-ec", `${command}\n/usr/bin/env -0 > '${left}'`], { cwd: CLONE, env: this.environment });
    const entries = (await readFile(left, "utf8")).split("\0").filter(Boolean);
    this.environment = Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1)]),
    );
  }

  /** Sees the check find what is wrong, runs what it says, and sees it find nothing. @returns the command. */
  async expectMended(
    check: string | Check<DoctorContext>,
    { state = "failed", found, mended = "ok" }: { state?: Finding["state"]; found: RegExp; mended?: Finding["state"] },
  ): Promise<string> {
    const sick = await this.examine(check);
    expect(sick).toEqual({ state, found: expect.stringMatching(found), mend: { why: expect.any(String), command: expect.any(String) } });
    const command = "mend" in sick ? (sick.mend?.command ?? "") : "";
    await this.run(command);
    expect(await this.examine(check)).toEqual({ state: mended, found: expect.any(String) });
    return command;
  }
}

function ofPlatform(check: string | Check<DoctorContext>): Check<DoctorContext> {
  if (typeof check !== "string") return check;
  const found = CHECKS.find(({ name }) => name === check);
  if (found === undefined) throw new Error(`There is no check "${check}".`);
  return found;
}
