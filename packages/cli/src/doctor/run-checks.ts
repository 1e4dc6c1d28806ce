import { reasonOf } from "@bonfire/platform/models/artifact-error";
import { type Check, type CheckReport, type Finding, failed, skipped } from "./check.ts";

interface RunOptions<Context> {
  readonly context: Context;
  /** How long each check may take, in milliseconds. */
  readonly deadlineMs: number;
}

/** Runs all checks at once, each until its deadline; those that need others wait for them. Never rejects. */
export async function runChecks<Context>(checks: readonly Check<Context>[], options: RunOptions<Context>): Promise<CheckReport[]> {
  const findings = new Map<string, Promise<Finding>>();
  for (const check of checks) findings.set(check.name, runAfter(check, findings, options));
  return Promise.all(
    checks.map(async ({ name, question }) => {
      const finding = (await findings.get(name)) ?? failed("it was not run");
      return { name, question, finding };
    }),
  );
}

async function runAfter<Context>(
  check: Check<Context>,
  findings: ReadonlyMap<string, Promise<Finding>>,
  options: RunOptions<Context>,
): Promise<Finding> {
  for (const name of check.needs ?? []) {
    const finding = await findings.get(name);
    if (finding?.state === "failed") return skipped(`the check "${name}" failed`);
    if (finding?.state === "skipped") return finding;
  }
  return runUntil(check, options);
}

async function runUntil<Context>(check: Check<Context>, { context, deadlineMs }: RunOptions<Context>): Promise<Finding> {
  const deadline = new AbortController();
  const late = failed(`there was no answer within ${deadlineMs / 1_000} s`);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => {
      resolve(late);
      deadline.abort(new Error(late.found));
    }, deadlineMs);
  });
  const looked = check.run(context, deadline.signal).catch((error: unknown) => failed(reasonOf(error)));
  const finding = await Promise.race([looked, tooLate]);
  clearTimeout(timer);
  return finding;
}
