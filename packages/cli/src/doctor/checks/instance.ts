import { VERSION } from "@bonfire/platform/version";
import { type Check, type Finding, failed, type Mend, ok, skipped, warning } from "../check.ts";
import type { DoctorContext } from "../context.ts";
import { bonfire, quote } from "../shell.ts";

export const instance: readonly Check<DoctorContext>[] = [
  { name: "platform", question: "Does the running platform answer, and is it this version?", needs: ["sockets"], run: checkInstance },
  { name: "running models", question: "Can every installed model be loaded?", needs: ["platform"], run: checkRunningModels },
  { name: "running database", question: "Does the running platform reach its database?", needs: ["platform"], run: checkRunningDatabase },
];

const NOT_RUNNING = "the platform does not run";

async function checkInstance(context: DoctorContext): Promise<Finding> {
  const found = await context.instance();
  if (found.kind === "stopped")
    return ok(found.leftSocket ? `${NOT_RUNNING}; it ended without cleaning up, which the next start does` : NOT_RUNNING);
  if (found.kind === "unclear") {
    return failed(
      `something holds ${found.socketPath}, but ${found.reason}`,
      endIt(found.pid ?? `$(lsof -t ${quote(found.socketPath)})`, "KILL"),
    );
  }
  const where = `version ${found.version} runs as process ${found.pid} at ${found.baseUrl}`;
  if (found.version !== VERSION) return failed(`${where}; this is version ${VERSION}`, endIt(found.pid, "INT"));
  return ok(where);
}

/** The kinder signal lets running requests finish. */
function endIt(pid: number | string, signal: "INT" | "KILL"): Mend {
  return { why: "Ends that process; start the platform again afterwards.", command: `kill -${signal} ${pid}` };
}

async function checkRunningModels(context: DoctorContext): Promise<Finding> {
  const found = await context.instance();
  if (found.kind !== "running" || found.status === undefined) return skipped(NOT_RUNNING);
  const broken = found.status.models.filter(({ state }) => state === "failed");
  if (broken.length === 0) return ok(`${found.status.models.filter(({ state }) => state === "ready").length} are loaded`);
  return failed(broken.map(({ id, reason }) => `${id} failed: ${reason ?? "nobody knows why"}`).join("\n"), {
    why: "Tries once more.",
    command: broken.map(({ id }) => bonfire("models", "load", id)).join("\n"),
  });
}

async function checkRunningDatabase(context: DoctorContext): Promise<Finding> {
  const found = await context.instance();
  if (found.kind !== "running" || found.status === undefined) return skipped(NOT_RUNNING);
  const { kind, state } = found.status.database;
  if (state === "up") return ok(`the ${kind} database is up`);
  const lost = "the database is away: known keys work, changes are refused";
  if (kind === "external") return warning(`${lost}; the platform goes on when it is back`);
  return failed(lost, endIt(found.pid, "INT"));
}
