import { expect } from "vitest";
import { SAID } from "./answers.ts";
import type { Expected } from "./chaos-case.ts";
import { deploymentOf, type Mode, type Observation, STEADY, type Tried } from "./observe-case.ts";

const COMPLETE = { status: 200, finish: "stop", code: undefined, param: null };

/** What of an observation is compared. */
export function summaryOf({ seen, rows, next }: Observation, { chaos, mode }: Tried) {
  const { status, text, finishReason, error, toolArguments, headers, isDone } = seen;
  // How much of an answer arrives before it breaks off is a matter of luck.
  const isCutOff = chaos.gets.kind === "break" && mode === "streamed";
  return {
    ...{ status, text: isCutOff ? undefined : text, toolArguments, isDone, retryAfter: headers.get("retry-after") },
    ...{ finish: finishReason, code: error?.code, param: error?.param ?? null },
    rows: rows.map(({ deployment, outcome, error_code }) => [deployment, outcome, error_code]),
    next: { status: next.status, text: next.text, finish: next.finishReason, code: next.error?.code, param: next.error?.param ?? null },
  };
}

/** The summary that a case is to have. */
export function expectedOf(tried: Tried): unknown {
  const { chaos, mode, setting } = tried;
  const { gets } = chaos;
  const [own, steady] = [deploymentOf(tried), `${STEADY}/m`];
  const next = { ...COMPLETE, text: SAID };
  const complete = { ...next, toolArguments: [], isDone: mode === "streamed", retryAfter: null, next };
  if (gets.kind === "answer") {
    const { text = SAID, toolArguments = [], after = [] } = gets;
    const finish = toolArguments.length > 0 ? "tool_calls" : "stop";
    return { ...complete, text, toolArguments, finish, rows: [...after.map((kind) => [own, "failed", kind]), [own, "succeeded", null]] };
  }
  const failedRow = [own, "failed", gets.ledger];
  if (setting === "backed" && isAskedElsewhere(gets, mode)) return { ...complete, rows: [failedRow, [steady, "succeeded", null]] };
  const failed = { ...complete, ...{ code: gets.code, finish: undefined, isDone: false, rows: [failedRow] } };
  if (gets.kind === "break" && mode === "streamed") return { ...failed, status: 200, text: undefined };
  const { param = null, retryAfter = null } = gets.kind === "failure" ? gets : {};
  return { ...failed, status: gets.status, text: "", param, retryAfter: retryAfter === null ? null : expect.stringMatching(retryAfter) };
}

/** Nothing of an answer that is given as a whole is shown before its end. */
function isAskedElsewhere(gets: Exclude<Expected, { kind: "answer" }>, mode: Mode): boolean {
  return gets.kind === "break" ? mode === "whole" : gets.elsewhere;
}
