import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "@bonfire/platform/models/artifact-error";
import { hasCode } from "@bonfire/platform/processes/error-code";
import { runCommand } from "@bonfire/platform/processes/run-command";
import { lockHolder, pidFile } from "@bonfire/platform/storage/leftover-postgres";
import { findPostgresBinaries } from "@bonfire/platform/storage/postgres-binaries";
import { dataDirectory } from "@bonfire/platform/storage/postgres-cluster";
import { type Check, type Finding, failed, ok, skipped, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { asRoot, quote } from "../shell.ts";

const EXTERNAL = "DATABASE_URL names a database of yours";
/** PostgreSQL starts on data with mode 0700 or 0750. */
const FORBIDDEN_MODE = 0o027;

/** @param postgresPath gives the absolute path of the server's program. */
export function embeddedDatabaseChecks(postgresPath: () => Promise<string>): readonly Check<DoctorContext>[] {
  const onlyEmbedded =
    (run: Check<DoctorContext>["run"]): Check<DoctorContext>["run"] =>
    async (context, signal) =>
      context.config.databaseUrl === undefined ? run(context, signal) : skipped(EXTERNAL);
  const version = (signal: AbortSignal) => postgresVersion(postgresPath, signal);
  return [
    {
      name: "database programs",
      question: "Does the PostgreSQL that was installed with Bonfire run?",
      run: onlyEmbedded(async (_context, signal) => checkPrograms(version(signal))),
    },
    {
      name: "database folder",
      question: "Can that PostgreSQL use the data in the home?",
      needs: ["home", "database programs"],
      run: onlyEmbedded(async (context, signal) => checkFolder(context, await version(signal))),
    },
    { name: "database process", question: "Does nobody else use that data?", needs: ["home", "platform"], run: onlyEmbedded(checkProcess) },
  ];
}

export const embeddedDatabase = embeddedDatabaseChecks(async () => (await findPostgresBinaries()).postgres);

/** `18.4`. @throws when the program is missing or one of its libraries is. */
async function postgresVersion(postgresPath: () => Promise<string>, signal: AbortSignal): Promise<string> {
  const lines: string[] = [];
  await runCommand({ command: await postgresPath(), args: ["--version"], environment: {} }, (line) => lines.push(line), signal);
  const version = /\(PostgreSQL\) (\d[\w.]*)/.exec(lines.join("\n"))?.[1];
  if (version === undefined) throw new Error(`its version is not understood: ${lines.join(" ")}`);
  return version;
}

async function checkPrograms(version: Promise<string>): Promise<Finding> {
  try {
    return ok(`PostgreSQL ${await version}`);
  } catch (error) {
    return failed(reasonOf(error), {
      why: "Installs the npm packages anew, with the optional ones, of which the database is one.",
      command: "npm ci --include=optional",
    });
  }
}

async function checkFolder({ config, machine }: DoctorContext, version: string): Promise<Finding> {
  const data = dataDirectory(join(config.home, "postgres"));
  const names = await readdir(data).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  if (names.length === 0) return ok("it is made at the first start");
  const { uid, mode } = await stat(data);
  if (machine.uid !== 0 && uid !== machine.uid) {
    return failed(`${data} belongs to user ${uid}, this is user ${machine.uid}`, {
      why: "Gives the data to this user; or run Bonfire as the other one.",
      command: asRoot(machine, `chown -R ${machine.uid} ${quote(join(config.home, "postgres"))}`),
    });
  }
  if ((mode & FORBIDDEN_MODE) !== 0) {
    return failed(`${data} is open to other users: PostgreSQL refuses to start`, {
      why: "Closes it to all but its owner.",
      command: `chmod 700 ${quote(data)}`,
    });
  }
  const written = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "")).trim();
  const [major = ""] = version.split(".");
  if (written === major) return ok(`data of PostgreSQL ${written}`);
  return failed(
    written === ""
      ? `${data} is no complete database: PG_VERSION is missing`
      : `${data} was written by PostgreSQL ${written}, this is ${version}`,
    {
      why: "Keeps the data aside, and the next start makes an empty database. To keep its keys, start the version of Bonfire that wrote it, or restore a backup.",
      command: `mv ${quote(data)} ${quote(`${data}-${written || "incomplete"}`)}`,
    },
  );
}

async function checkProcess(context: DoctorContext): Promise<Finding> {
  const data = dataDirectory(join(context.config.home, "postgres"));
  const { kind } = await context.instance();
  if (kind === "running") return ok("the running platform uses it");
  const pid = await lockHolder(pidFile(data));
  if (pid === undefined || !(await isPostgres(pid))) return ok("nobody does");
  return warning(`process ${pid}, a PostgreSQL that an earlier run left, still uses ${data}`, {
    why: "Ends it and keeps what was committed; the next start does that as well.",
    command: `kill -INT ${pid}`,
  });
}

/** A process id in a lock file may belong to anybody by now. */
async function isPostgres(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "postgres");
  return commandLine.includes("postgres");
}
